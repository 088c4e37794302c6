"""PyPI alibabacloud-ram20150501, and what a change does to the next call."""
import fc2_sdk
import fc3
import sts
from alibabacloud_ram20150501 import models
from alibabacloud_ram20150501.client import Client
from cloud import rpc
from harness import drive

RAM = rpc(Client, models)

if __name__ == "__main__":
    drive("pypi:ram20150501", "ram", {"ram": RAM, "sts": sts.STS, "fc2": fc2_sdk.FC, "fc3": fc3.FC})

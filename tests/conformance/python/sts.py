"""PyPI alibabacloud-sts20150401, and what its credentials can do through the SDKs of Function Compute."""
import fc2_sdk
import fc3
from alibabacloud_sts20150401 import models
from alibabacloud_sts20150401.client import Client
from cloud import rpc
from harness import drive

STS = rpc(Client, models, lacks=("a string to sign",))

if __name__ == "__main__":
    drive("pypi:sts20150401", "sts", {"sts": STS, "fc2": fc2_sdk.FC, "fc3": fc3.FC})

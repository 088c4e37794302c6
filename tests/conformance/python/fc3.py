"""PyPI alibabacloud-fc20230330: API 2023-03-30, ACS3-HMAC-SHA256."""
import time
from urllib.parse import quote

import requests
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_openapi_util.client import Client as Signer
from cloud import config, refusal
from darabonba.request import DaraRequest
from darabonba.runtime import RuntimeOptions
from harness import ADDRESS, Product, drive
from trigger import surfaced


def asked(operation):
    def ask(who, **params):
        try:
            return operation(Client(config(who)), **params)
        except Exception as error:
            return refusal(error)

    return ask


def read(operation):
    def ask(fc, **params):
        answer = operation(fc, **params)
        body = answer.body.to_map() if getattr(answer, "body", None) is not None else None
        return {"status": answer.status_code, "headers": answer.headers, "body": body}

    return asked(ask)


# The event goes in as bytes: the SDK joins a stream in pieces of 1 KB, which takes minutes for 32 MB.
def invoke(fc, function, qualifier=None, event=None, type=None, log=None, id=None):
    content = event.encode() if isinstance(event, str) else event
    request = models.InvokeFunctionRequest(qualifier=qualifier, body=content)
    headers = models.InvokeFunctionHeaders(x_fc_invocation_type=type, x_fc_log_type=log, x_fc_async_task_id=id)
    answer = fc.invoke_function_with_options(function, request, headers, RuntimeOptions())
    return {
        "status": answer.status_code,
        "headers": answer.headers,
        "body": answer.body.read(),
        "function_error": "x-fc-error-type" in answer.headers,
    }


def trigger(who, host, method, path, query=None, body=None, headers=None):
    """The vendor's recipe for a trigger by host: the signer of alibabacloud-openapi-util over the date alone."""
    sent = {"Host": host, **(headers or {})}
    if who is not None:
        request = DaraRequest()
        request.method, request.pathname, request.query = method, quote(path), query or {}
        request.headers = {"x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        if who.token:
            request.headers["x-acs-security-token"] = who.token
        sent |= request.headers
        sent["Authorization"] = Signer.get_authorization(request, "ACS3-HMAC-SHA256", "", who.key, who.secret)
    content = body.encode() if body is not None else None
    return surfaced(requests.request(method, f"http://{ADDRESS}{quote(path)}", params=query, data=content, headers=sent, timeout=30))


def request(name, **params):
    return getattr(models, f"{name}Request")().from_map(params)


FC = Product(
    operations={
        "Invoke": asked(invoke),
        "Trigger": trigger,
        "GetFunction": read(lambda fc, function, **params: fc.get_function(function, request("GetFunction", **params))),
        "ListFunctions": read(lambda fc, **params: fc.list_functions(request("ListFunctions", **params))),
        "DeleteFunction": read(lambda fc, function: fc.delete_function(function)),
        "ListTriggers": read(lambda fc, function, **params: fc.list_triggers(function, request("ListTriggers", **params))),
        "GetTrigger": read(lambda fc, function, trigger: fc.get_trigger(function, trigger)),
        "ListVersions": read(lambda fc, function, **params: fc.list_function_versions(function, request("ListFunctionVersions", **params))),
        "ListAliases": read(lambda fc, function, **params: fc.list_aliases(function, request("ListAliases", **params))),
        "GetAlias": read(lambda fc, function, alias: fc.get_alias(function, alias)),
        "DescribeRegions": read(lambda fc, **params: fc.describe_regions(request("DescribeRegions", **params))),
        "GetTask": read(lambda fc, function, id, **params: fc.get_async_task(function, id, request("GetAsyncTask", **params))),
        "StopTask": read(lambda fc, function, id, **params: fc.stop_async_task(function, id, request("StopAsyncTask", **params))),
        "ListTasks": read(lambda fc, function, **params: fc.list_async_tasks(function, request("ListAsyncTasks", **params))),
    },
)

if __name__ == "__main__":
    drive("pypi:fc20230330", "fc 2023-03-30", {"fc": FC})

"""PyPI aliyun-python-sdk-core: the older signatures with HMAC-SHA1, as the aliyun CLI sends them.

RPC (parameters in the query) for STS and RAM, ROA (`acs key:signature`) for Function Compute.
"""
import json
import sys
import warnings
from urllib.parse import quote

import fc2_sdk
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from harness import ADDRESS, Product, drive

warnings.simplefilter("ignore", DeprecationWarning)  # get_response is the one way to an answer's headers
HIDDEN = ("detail",)  # what this SDK keeps to itself


def client(who):
    credential = StsTokenCredential(who.key, who.secret, who.token) if who.token else AccessKeyCredential(who.key, who.secret)
    return AcsClient(region_id="cn-hangzhou", credential=credential, timeout=30, auto_retry=False)


def common(version, **params):
    request = CommonRequest(domain=ADDRESS, version=version, **params)
    request.set_protocol_type("http")
    return request


def refusal(error):
    return {
        "refused": {
            "status": error.get_http_status(),
            "code": error.get_error_code(),
            "message": error.get_error_msg(),
            "request_id": error.get_request_id(),
        }
    }


def rpc(version):
    def ask(name, who, **params):
        request = common(version, action_name=name)
        request.set_method("POST")
        for key, value in params.items():
            request.add_query_param(key, str(value).lower() if isinstance(value, bool) else value)
        try:
            return json.loads(client(who).do_action_with_exception(request))
        except ServerException as error:
            return refusal(error)

    return Product(any=ask, lacks=HIDDEN)


def roa(who, method, path, query=None, headers=None, content=None):
    request = common("2023-03-30", uri_pattern=f"/2023-03-30{path}")
    request.set_method(method)
    for key, value in (query or {}).items():
        request.add_query_param(key, value)
    for key, value in (headers or {}).items():
        request.add_header(key, value)
    if content is not None:
        request.set_content(content)
    return client(who), request


def invoke(who, function, qualifier=None, event=None, type=None, log=None, id=None):
    headers = {"x-fc-invocation-type": type, "x-fc-log-type": log, "x-fc-async-task-id": id}
    headers = {name: value for name, value in headers.items() if value}
    content = event.encode() if isinstance(event, str) else event
    fc, request = roa(who, "POST", f"/functions/{quote(function)}/invocations", {"qualifier": qualifier} if qualifier else None, headers, content)
    status, answered, body = fc.get_response(request)
    if status >= 300:
        said = json.loads(body)
        return {"refused": {"status": status, "code": said.get("Code"), "message": said.get("Message"), "request_id": said.get("RequestId")}}
    lower = {name.lower(): value for name, value in answered.items()}
    return {"status": status, "headers": lower, "body": body, "function_error": "x-fc-error-type" in lower}


def read(path, method="GET"):
    def ask(who, **params):
        names = {key: quote(params.pop(key)) for key in ("function", "trigger", "alias", "id") if f"{{{key}}}" in path}
        fc, request = roa(who, method, path.format(**names), params)
        try:
            body = fc.do_action_with_exception(request)
        except ServerException as error:
            return refusal(error)
        return {"status": 200, "body": json.loads(body) if body else None}

    return ask


FC = Product(
    operations={
        "Invoke": invoke,
        "GetFunction": read("/functions/{function}"),
        "ListFunctions": read("/functions"),
        "DeleteFunction": read("/functions/{function}", "DELETE"),
        "ListTriggers": read("/functions/{function}/triggers"),
        "GetTrigger": read("/functions/{function}/triggers/{trigger}"),
        "ListVersions": read("/functions/{function}/versions"),
        "ListAliases": read("/functions/{function}/aliases"),
        "GetAlias": read("/functions/{function}/aliases/{alias}"),
        "DescribeRegions": read("/regions"),
        "GetTask": read("/functions/{function}/async-tasks/{id}"),
        "StopTask": read("/functions/{function}/async-tasks/{id}/stop", "PUT"),
        "ListTasks": read("/functions/{function}/async-tasks"),
    },
    lacks=HIDDEN,
)

if __name__ == "__main__":
    table = sys.argv[1]
    drive(
        f"pypi:aliyun-python-sdk-core:{table.split()[0]}",
        table,
        {"fc": FC, "fc3": FC, "fc2": fc2_sdk.FC, "sts": rpc("2015-04-01"), "ram": rpc("2015-05-01"), "rm": rpc("2020-03-31")},
    )

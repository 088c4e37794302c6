"""PyPI aliyun-fc2: API 2016-08-15, FC v1 signature."""
import json

import fc2
import requests
from fc2.fc_exceptions import FcError
from harness import ADDRESS, Product, drive
from trigger import surfaced


def client(who):
    return fc2.Client(
        endpoint=f"http://{ADDRESS}",
        accessKeyID=who.key,
        accessKeySecret=who.secret,
        securityToken=who.token or "",
        Timeout=30,
    )


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def refusal(error):
    said = json.loads(error.message)
    # The SDK raises for an error of the function, too, and shows the body only.
    if error.status_code == 200:
        return {"status": 200, "function_error": True, "body": error.message.encode()}
    return {
        "refused": {
            "status": error.status_code,
            "code": error.err_code,
            "message": said.get("ErrorMessage"),
            "request_id": error.request_id,
        }
    }


def asked(operation):
    def ask(who, **params):
        try:
            return operation(client(who), **params)
        except FcError as error:
            return refusal(error)

    return ask


def read(operation):
    def ask(fc, **params):
        answer = operation(fc, **params)
        return {"status": 200, "headers": lower(answer.headers), "body": answer.data}

    return asked(ask)


def invoke(fc, service, function, qualifier=None, event=None, type=None, log=None, id=None):
    headers = {"x-fc-invocation-type": type, "x-fc-log-type": log, "x-fc-stateful-async-invocation-id": id}
    headers = {name: value for name, value in headers.items() if value}
    payload = event.encode() if isinstance(event, str) else event
    answer = fc.invoke_function(service, function, payload=payload, headers=headers, qualifier=qualifier)
    # The SDK does not say the status of a success.
    status = 202 if type == "Async" else 200
    return {"status": status, "headers": lower(answer.headers), "body": answer.data, "function_error": False}


def trigger(who, service, function, method, path, query=None, body=None, headers=None):
    content = body.encode() if body is not None else None
    if who is None:
        url = f"http://{ADDRESS}/2016-08-15/proxy/{service}/{function}{path}"
        return surfaced(requests.request(method, url, params=query, data=content, headers=headers, timeout=30))
    return surfaced(client(who).do_http_request(method, service, function, path, headers=headers or {}, params=query, body=content))


FC = Product(
    operations={
        "Invoke": asked(invoke),
        "Trigger": trigger,
        "GetFunction": read(lambda fc, service, function, qualifier=None: fc.get_function(service, function, qualifier=qualifier)),
        "ListFunctions": read(lambda fc, service, **options: fc.list_functions(service, **options)),
        "DeleteFunction": read(lambda fc, service, function: fc.delete_function(service, function)),
        "ListServices": read(lambda fc, **options: fc.list_services(**options)),
        "GetService": read(lambda fc, service: fc.get_service(service)),
        "ListTriggers": read(lambda fc, service, function: fc.list_triggers(service, function)),
        "GetTrigger": read(lambda fc, service, function, trigger: fc.get_trigger(service, function, trigger)),
        "ListVersions": read(lambda fc, service: fc.list_versions(service)),
        "ListAliases": read(lambda fc, service: fc.list_aliases(service)),
        "GetAlias": read(lambda fc, service, alias: fc.get_alias(service, alias)),
        "GetAccountSettings": read(lambda fc: fc.get_account_settings()),
    },
    lacks=("error headers",),
)

if __name__ == "__main__":
    drive("pypi:aliyun-fc2", "fc 2016-08-15", {"fc": FC})

"""PyPI alibabacloud-fc-open20210406: API 2021-04-06, ACS3-HMAC-SHA256; its HTTP triggers are signed as FC v1."""
from urllib.parse import quote, urlencode

from alibabacloud_fc_open20210406 import models
from alibabacloud_fc_open20210406.client import Client
from alibabacloud_tea_util.models import RuntimeOptions
from cloud import config, refusal
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


def invoke(fc, service, function, qualifier=None, event=None, type=None, log=None, id=None):
    request = models.InvokeFunctionRequest(body=event.encode() if isinstance(event, str) else event, qualifier=qualifier)
    headers = models.InvokeFunctionHeaders(x_fc_invocation_type=type, x_fc_log_type=log, x_fc_stateful_async_invocation_id=id)
    answer = fc.invoke_function_with_options(service, function, request, headers, RuntimeOptions())
    return {
        "status": answer.status_code,
        "headers": answer.headers,
        "body": answer.body or b"",
        "function_error": "x-fc-error-type" in answer.headers,
    }


def trigger(who, service, function, method, path, query=None, body=None, headers=None):
    url = f"http://{ADDRESS}/2016-08-15/proxy/{service}/{function}{quote(path)}"
    if query:
        # This signer takes the parameters as they stand: the service sorts them by their whole text.
        pairs = sorted(query.items(), key=lambda pair: f"{pair[0]}={pair[1]}")
        url += "?" + urlencode(pairs, quote_via=quote)
    content = (body or "").encode()
    fc = Client(config(who or ANYONE))
    call = fc.invoke_httptrigger if who else fc.invoke_anonymous_httptrigger
    return surfaced(call(url, method, content, dict(headers or {})))


class ANYONE:
    key, secret, token = "unused", "unused", None


def request(name, **params):
    return getattr(models, f"{name}Request")(**params)


def listed(next_token=None, **params):
    return {**params, **({"next_token": next_token} if next_token else {})}


def task(operation, name):
    return read(
        lambda fc, service, function, id, **params: getattr(fc, operation)(service, function, id, request(name, **params))
    )


FC = Product(
    operations={
        "Invoke": asked(invoke),
        "Trigger": trigger,
        "GetFunction": read(lambda fc, service, function, **params: fc.get_function(service, function, request("GetFunction", **params))),
        "ListFunctions": read(
            lambda fc, service, nextToken=None, **params: fc.list_functions(service, request("ListFunctions", **listed(nextToken, **params)))
        ),
        "DeleteFunction": read(lambda fc, service, function: fc.delete_function(service, function)),
        "ListServices": read(lambda fc, **params: fc.list_services(request("ListServices", **params))),
        "GetService": read(lambda fc, service: fc.get_service(service, request("GetService"))),
        "ListTriggers": read(lambda fc, service, function: fc.list_triggers(service, function, request("ListTriggers"))),
        "GetTrigger": read(lambda fc, service, function, trigger: fc.get_trigger(service, function, trigger)),
        "ListVersions": read(lambda fc, service: fc.list_service_versions(service, request("ListServiceVersions"))),
        "ListAliases": read(lambda fc, service: fc.list_aliases(service, request("ListAliases"))),
        "GetAlias": read(lambda fc, service, alias: fc.get_alias(service, alias)),
        "GetAccountSettings": read(lambda fc: fc.get_account_settings()),
        "GetTask": task("get_stateful_async_invocation", "GetStatefulAsyncInvocation"),
        "StopTask": task("stop_stateful_async_invocation", "StopStatefulAsyncInvocation"),
        "ListTasks": read(
            lambda fc, service, function, **params: fc.list_stateful_async_invocations(
                service, function, request("ListStatefulAsyncInvocations", **params)
            )
        ),
    },
    # Its signer splits the query at every &, after decoding.
    lacks=("an & in a query",),
)

if __name__ == "__main__":
    drive("pypi:fc-open20210406", "fc 2021-04-06", {"fc": FC})

"""What the SDKs of the newer make (tea-openapi) share: a client, an answer, a refusal."""
import re

from alibabacloud_tea_openapi.models import Config
from harness import ADDRESS, Product


def config(who):
    return Config(
        access_key_id=who.key,
        access_key_secret=who.secret,
        security_token=who.token,
        endpoint=ADDRESS,
        protocol="http",
        region_id="cn-hangzhou",
        read_timeout=30_000,
    )


def refusal(error):
    """A service's refusal, as the SDK surfaces it; any other error goes on."""
    data = getattr(error, "data", None)
    if not isinstance(data, dict) or "statusCode" not in data:
        raise error
    return {
        "refused": {
            "status": data["statusCode"],
            "code": error.code,
            "message": data.get("Message"),
            "detail": error.accessDeniedDetail,
            "request_id": data.get("RequestId"),
        }
    }


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def rpc(client, models, lacks=()):
    """An SDK of RPC operations: every operation has a request class named after it, fields are named as on the wire."""

    def ask(name, who, **params):
        method = getattr(client(config(who)), snake(name))
        request = getattr(models, f"{name}Request", None)
        question = request().from_map(params) if request else None
        unknown = params.keys() - question.to_map().keys() if request else params.keys()
        if unknown:
            raise TypeError(f"{name} of the SDK does not take {unknown}")
        try:
            answer = method(question) if request else method()
        except Exception as error:
            return refusal(error)
        return answer.body.to_map()

    return Product(any=ask, lacks=lacks)

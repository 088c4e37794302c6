"""An answer of an HTTP trigger: the platform's own are marked, all others are the function's."""


def surfaced(response):
    headers = {name.lower(): value for name, value in response.headers.items()}
    if headers.get("x-fc-error-type", "").lower() != "fccommonerror":
        return {"status": response.status_code, "headers": headers, "body": response.content}
    said = response.json()
    return {
        "refused": {
            "status": response.status_code,
            "code": said.get("Code", said.get("ErrorCode")),
            "message": said.get("Message", said.get("ErrorMessage")),
            "detail": said.get("AccessDeniedDetail"),
            "request_id": headers.get("x-fc-request-id"),
        }
    }

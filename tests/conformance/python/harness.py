"""Runs a table of cases against an SDK and says how each one ended. harness.js is its twin."""
import base64
import json
import logging
import os
import re
import secrets
import signal
import sys
import time

PATIENCE = 30  # seconds that a case may take
PAUSE = 0.2  # between two looks at something that is still under way

ADDRESS = os.environ["CONFORMANCE_ADDRESS"]
logging.disable(logging.CRITICAL)  # the SDKs log what they raise


class Late(BaseException):
    """Not an Exception, so that no SDK takes it for a network error and tries again."""


class Caller:
    """A key, and a token if it has one."""

    def __init__(self, key, secret, token=None):
        self.key, self.secret, self.token = key, secret, token


class Kept(dict):
    """What earlier rows kept."""

    def __missing__(self, name):
        raise LookupError(f"nothing was kept as {name}")


class Product:
    """What the prefix of an operation stands for: a function each, or one for any; and what the SDK does not show."""

    def __init__(self, operations=None, any=None, lacks=()):
        self.operations, self.any, self.lacks = operations or {}, any, lacks

    def operation(self, name):
        found = self.operations.get(name)
        if found is None and self.any is not None:
            return lambda who, **params: self.any(name, who, **params)
        return found


def caller(said, kept):
    """`user`, or `{{kept}}`; then perhaps `:wrong` (secret), `:wrong token`, `:no token`."""
    if said is None:
        return None
    name, _, but = said.partition(":")
    found = re.fullmatch(r"\{\{(\w+)\}\}", name)
    if found:
        credentials = kept[found[1]]
        who = Caller(credentials["AccessKeyId"], credentials["AccessKeySecret"], credentials.get("SecurityToken"))
    else:
        who = Caller(f"LTAI-conformance-{name}", f"conformance-{name}-secret")
    if but == "wrong":
        who.secret = "not-the-secret"
    elif but == "wrong token":
        who.token = "not-the-token"
    elif but == "no token":
        who.token = None
    return who


def fill(value, kept):
    """Puts kept values in, and makes bytes of what stands for bytes."""
    if isinstance(value, str):
        return re.sub(r"\{\{(\w+)\}\}", lambda found: kept[found[1]], value)
    if isinstance(value, list):
        return [fill(each, kept) for each in value]
    if isinstance(value, dict):
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        if "$repeat" in value:
            text, times = value["$repeat"]
            return text.encode() * times
        return {key: fill(each, kept) for key, each in value.items()}
    return value


def show(value):
    text = repr(value)
    return f"{text[:600]}… ({len(text)} characters)" if len(text) > 600 else text


def differs(got, expected, path=""):
    """What is wrong with what came, or None."""
    wrong = f"{path or 'the answer'} is {show(got)}, expected {show(expected)}"
    if isinstance(expected, str) and isinstance(got, bytes):
        got = got.decode("utf-8", "replace")
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            return wrong
        return first(differs(one, each, f"{path}[{index}]") for index, (one, each) in enumerate(zip(got, expected)))
    if not isinstance(expected, dict):
        return None if type(got) is type(expected) and got == expected else wrong
    mark = next(iter(expected), "")
    inner = expected.get(mark)
    if mark == "$absent":
        good = got is None
    elif mark == "$exists":
        good = got is not None
    elif mark == "$match":
        good = isinstance(got, str) and re.search(inner, got) is not None
    elif mark == "$in":
        good = any(differs(got, each) is None for each in inner)
    elif mark == "$has":
        good = isinstance(got, list) and any(differs(each, inner) is None for each in got)
    elif mark == "$lacks":
        good = isinstance(got, list) and all(differs(each, inner) is not None for each in got)
    elif mark == "$length":
        length = len(got.encode())
        return f"length of {path} is {length}, expected {inner}" if length != inner else differs(got, expected["$text"], path)
    elif mark == "$json":
        try:
            return differs(json.loads(got), inner, path)
        except (TypeError, ValueError):
            good = False
    elif mark == "$base64":
        if not isinstance(got, str):
            return wrong
        return differs(base64.b64decode(got).decode("utf-8", "replace"), inner, path)
    else:
        if not isinstance(got, dict):
            return wrong
        return first(differs(got.get(key), each, f"{path}.{key}" if path else key) for key, each in expected.items())
    return None if good else wrong


def first(problems):
    return next((problem for problem in problems if problem is not None), None)


def reach(value, path):
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def run(row, product, operation, kept):
    """What is wrong with a case, or None."""
    end = time.monotonic() + PATIENCE
    who, params, expected = caller(row["as"], kept), fill(row["with"], kept), fill(row["expect"], kept)
    if "refused" in expected and "detail" in product.lacks:
        expected["refused"].pop("detail", None)
    while True:
        got = operation(who, **params)
        problem = differs(got, expected)
        if problem is None:
            for key, path in row.get("keep", {}).items():
                kept[key] = reach(got, path)
            return None
        refused = got.get("refused") if isinstance(got, dict) and "refused" not in expected else None
        # What is under way may not be there yet; any other refusal stays.
        stays = refused and refused["status"] != 404
        if not row.get("until") or stays or time.monotonic() + PAUSE > end:
            return f"{problem}; refused: {show(refused)}" if refused else problem
        time.sleep(PAUSE)


def late(*_):
    raise Late(f"no end within {PATIENCE + 5} s")


def drive(sdk, table, products):
    with open(os.environ["CONFORMANCE_CASES"], encoding="utf-8") as file:
        rows = json.load(file)[table]
    kept, left_out, failed = Kept(run=secrets.token_hex(6)), set(), 0
    signal.signal(signal.SIGALRM, late)
    for row in rows:
        prefix, _, name = row["call"].partition(":")
        product = products.get(prefix)
        operation = product and product.operation(name)
        if operation is None or row.get("needs") in product.lacks:
            left_out.add(row["call"] if operation is None else row["needs"])
            continue
        signal.alarm(PATIENCE + 5)
        try:
            problem = run(row, product, operation, kept)
        except (Exception, Late) as error:  # whatever an SDK raises is the case's end, not the suite's
            problem = f"{type(error).__name__}: {error}"
        finally:
            signal.alarm(0)
        if problem is None:
            print(f"ok {sdk} {row['call']} {row['name']}", flush=True)
        else:
            failed += 1
            print(f"FAIL {sdk} {row['call']} {row['name']}: {problem}", flush=True)
    if left_out:
        print(f"-- {sdk} has no {', '.join(sorted(left_out))}", flush=True)
    sys.exit(1 if failed else 0)

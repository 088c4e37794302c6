"""Fails as often as {"key": …, "failures": N} says, then succeeds. A file beside it counts the attempts."""
import json
import pathlib
import sys

event = json.loads(sys.stdin.buffer.read())
attempts = pathlib.Path(f"flaky-{event['key']}")
with attempts.open("ab") as file:
    file.write(b".")
attempt = attempts.stat().st_size
if attempt <= event["failures"]:
    sys.exit(f"attempt {attempt} fails")
print(f"attempt {attempt}", end="")

"""Logs more than a tail can hold."""
import sys

sys.stdin.buffer.read()
for number in range(1000):
    print(f"line {number:04}", file=sys.stderr)
print("done", end="")

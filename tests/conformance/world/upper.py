"""Gives the event back in upper case."""
import sys

event = sys.stdin.buffer.read()
print(f"upper saw {len(event)} bytes", file=sys.stderr)
sys.stdout.buffer.write(event.upper())

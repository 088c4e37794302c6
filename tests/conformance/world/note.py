"""Writes {"key": …, "text": …} down, for recall.py to find."""
import json
import pathlib
import sys

event = json.loads(sys.stdin.buffer.read())
pathlib.Path(f"note-{event['key']}").write_text(event["text"], encoding="utf-8")

"""Gives what note.py wrote down under {"key": …}; nothing, if nothing yet."""
import json
import pathlib
import sys

note = pathlib.Path(f"note-{json.loads(sys.stdin.buffer.read())['key']}")
if note.exists():
    sys.stdout.buffer.write(note.read_bytes())

"""Ends with a traceback and a status of its own."""
import sys

sys.stdin.buffer.read()
raise ValueError("the ledger does not balance")

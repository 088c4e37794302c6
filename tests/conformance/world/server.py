"""A custom runtime: an event comes back reversed, an HTTP request is told back as it arrived."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        status, kind = 200, "text/plain"
        if url.path == "/invoke":
            answer, kind = body[::-1], "application/octet-stream"
        elif "/status/" in url.path:
            status = int(url.path.rsplit("/", 1)[1])
            answer = f"status {status}".encode()
        else:
            told = {
                "method": self.command,
                "path": url.path,
                "query": sorted(parse_qsl(url.query, keep_blank_values=True)),
                "body": body.decode("utf-8"),
                "x-question": self.headers.get("x-question"),
                "authorization": self.headers.get("authorization") is not None,
            }
            answer = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-Answer", "yes")
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["FC_SERVER_PORT"])), Handler).serve_forever()

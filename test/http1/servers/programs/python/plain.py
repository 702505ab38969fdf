"""The test application on http.server: `plain.py PORT NAME`. What each path does: ../../README.md."""

import hashlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, NAME = sys.argv[1:]
LARGE = b"remocal " * (12 * 1024 * 1024 // 8)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        return b"".join(pieces)

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        self.send_header("X-Name", NAME)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status not in (204, 304) and "Connection" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do(self):
        body = self.body()
        path = self.path
        if path == "/echo":
            self.answer(200, body)
        elif path == "/upload":
            self.answer(200, hashlib.sha256(body).hexdigest().encode())
        elif path == "/large":
            self.answer(200, LARGE)
        elif path == "/empty":
            self.answer(204)
        elif path == "/unchanged":
            self.answer(304, headers={"ETag": '"1"'})
        elif path == "/close":
            self.answer(200, b"until the end", {"Connection": "close"})
        else:
            self.answer(200, f"<<{self.command} {path} {len(body)}>>\n".encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do

    def log_message(self, *_arguments):
        pass


ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler).serve_forever()

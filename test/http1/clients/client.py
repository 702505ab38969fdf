"""The cases with http.client, httpx or websockets: `client.py KIND PORT USER CASE...`; prints what came of each."""

import hashlib
import http.client
import sys

KIND, PORT, USER, *CASES = sys.argv[1:]
HEADERS = {"X-User": USER} if USER else {}
LARGE = b"laptop? " * (12 * 1024 * 1024 // 8)


def say(path, status, body):
    print(path, status, len(body), hashlib.sha256(body).hexdigest()[:12])


class WithHttpClient:
    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", int(PORT))

    def ask(self, path, method="GET", body=None, headers=None):
        chunked = body is not None and not isinstance(body, bytes)
        self.connection.request(method, path, body, {**HEADERS, **(headers or {})}, encode_chunked=chunked)
        answer = self.connection.getresponse()
        say(path, answer.status, answer.read())

    def close(self):
        self.connection.close()


class WithHttpx:
    def __init__(self):
        import httpx

        self.client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=30)

    def ask(self, path, method="GET", body=None, headers=None):
        answer = self.client.request(method, path, content=body, headers={**HEADERS, **(headers or {})})
        say(path, answer.status_code, answer.content)

    def close(self):
        self.client.close()


def web_socket():
    import secrets

    # What is random in a frame would hide what is not.
    secrets.token_bytes = lambda count: bytes(count)
    import websockets.frames

    websockets.frames.apply_mask = lambda data, mask: data
    from websockets.sync.client import connect

    with connect(f"ws://127.0.0.1:{PORT}/ws", additional_headers=HEADERS, compression=None) as socket:
        for text in ("hello", "x" * 70_000):
            socket.send(text)
            say("ws", "text", socket.recv().encode())
        socket.ping("beat").wait()
        socket.close(4000, "enough")
    say("ws", socket.close_code, b"")


def main():
    if KIND == "websockets":
        web_socket()
        return
    client = WithHttpClient() if KIND == "http.client" else WithHttpx()
    asked = {
        "get": lambda: (client.ask("/a"), client.ask("/a?b=c")),
        "post": lambda: client.ask("/echo", "POST", b"hello"),
        "chunked": lambda: client.ask("/echo", "POST", iter([b"one ", b"two"])),
        "head": lambda: client.ask("/a", "HEAD"),
        "upload": lambda: client.ask("/upload", "POST", LARGE),
    }
    for name in CASES:
        asked.get(name, lambda: client.ask(f"/{name}"))()
    client.close()


main()

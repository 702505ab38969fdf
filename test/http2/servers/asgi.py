"""The test application for hypercorn. What each path does: `README.md`."""

import hashlib
import os

NAME = os.environ["REMOCAL_NAME"].encode()
LARGE = b"remocal " * (20 * 1024 * 1024 // 8)


async def body(receive):
    whole = []
    while True:
        event = await receive()
        whole.append(event.get("body", b""))
        if not event.get("more_body"):
            return b"".join(whole)


async def answer(scope, receive, send):
    if scope["type"] != "http":
        return
    path = scope["path"]

    async def begin(status=200, *more):
        await send({"type": "http.response.start", "status": status, "headers": [(b"x-name", NAME), *more]})

    async def end(content=b"", more=False):
        await send({"type": "http.response.body", "body": content, "more_body": more})

    if path == "/large":
        await begin()
        await end(LARGE)
    elif path == "/pieces":
        await begin()
        for piece in range(500):
            await end(b"piece %d\n" % piece, True)
        await end()
    elif path in ("/empty", "/unchanged"):
        await begin(204 if path == "/empty" else 304)
        await end()
    else:
        content = await body(receive)
        if path == "/cookies":
            content = b"\n".join(value for name, value in scope["headers"] if name == b"cookie")
        elif path == "/upload":
            content = hashlib.sha256(content).hexdigest().encode()
        elif path != "/echo":
            content = b"<<%s %s %d>>\n" % (scope["method"].encode(), scope["raw_path"], len(content))
        await begin()
        await end(content)

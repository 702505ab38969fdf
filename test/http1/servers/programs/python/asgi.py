"""The test application for uvicorn: `REMOCAL_NAME=NAME uvicorn asgi:answer`. What each path does: ../../README.md."""

import hashlib
import os

NAME = os.environ["REMOCAL_NAME"].encode()
LARGE = b"remocal " * (12 * 1024 * 1024 // 8)


async def answer(scope, receive, send):
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    if scope["type"] != "http":
        return
    path = scope["path"]
    body = b""
    more = path != "/early"
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)

    async def say(status, content=b"", headers=()):
        length = [] if status in (204, 304) else [(b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": [(b"x-name", NAME), *headers, *length]})
        await send({"type": "http.response.body", "body": content})

    if path == "/echo":
        await say(200, body)
    elif path == "/upload":
        await say(200, hashlib.sha256(body).hexdigest().encode())
    elif path == "/large":
        await say(200, LARGE)
    elif path == "/empty":
        await say(204)
    elif path == "/unchanged":
        await say(304, b"", [(b"etag", b'"1"')])
    elif path == "/early":
        await say(413, b"too much", [(b"connection", b"close")])
    else:
        await say(200, f"<<{scope['method']} {path} {len(body)}>>\n".encode())


async def echo(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})

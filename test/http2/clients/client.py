"""The cases with httpx or grpcio: `client.py KIND PORT USER CASE...`; prints what came of each."""

import hashlib
import sys
import time

KIND, PORT, USER, *CASES = sys.argv[1:]
LARGE = b"laptop? " * (20 * 1024 * 1024 // 8)


def shown(body):
    return f"{len(body)} {hashlib.sha256(body).hexdigest()[:12]}"


def with_httpx():
    import httpx

    client = httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=60, http1=False, http2=True)
    headers = {"X-User": USER} if USER else {}

    def ask(path, method="GET", body=None, more=None):
        answer = client.request(method, path, content=body, headers={**headers, **(more or {})})
        print(path, answer.status_code, answer.headers.get("x-name"), shown(answer.content))

    asked = {
        "get": lambda: (ask("/a"), ask("/a?b=c")),
        "post": lambda: ask("/echo", "POST", b"hello"),
        "nothing": lambda: ask("/echo", "POST", b""),
        "head": lambda: ask("/a", "HEAD"),
        "cookies": lambda: ask("/cookies", more={"Cookie": "a=1; b=2"}),
        "upload": lambda: ask("/upload", "POST", LARGE),
    }
    for name in CASES:
        asked.get(name, lambda: ask(f"/{name}"))()
    client.close()


def with_grpc():
    import grpc

    metadata = [("x-user", USER)] if USER else []
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(f"127.0.0.1:{PORT}", options)
    path = "/remocal.Corpus/"
    unary = {name: channel.unary_unary(path + name) for name in ("Echo", "Fail", "Slow")}
    count = channel.unary_stream(path + "Count")
    ticks = channel.unary_stream(path + "Ticks")
    meet = channel.unary_unary(path + "Meet")
    talk = channel.stream_stream(path + "Talk")

    def told(metadata):
        return sorted((key, value) for key, value in metadata if key != "date")

    def ask(name, body, timeout=None, more=()):
        try:
            answer, call = unary[name].with_call(body, timeout=timeout, metadata=[*metadata, *more])
            print(name, shown(answer), told(call.initial_metadata()), told(call.trailing_metadata()))
        except grpc.RpcError as error:
            # Which end has met a deadline is a matter of time.
            print(name, error.code(), None if timeout else (error.details(), told(error.trailing_metadata())))

    def stream():
        call = count(b"2000", metadata=metadata)
        print("Count", shown(b"".join(call)), call.code())

    def meeting():
        calls = [meet.future(b"call %d" % at, metadata=metadata) for at in range(1000)]
        print("Meet", b",".join(call.result() for call in calls).decode())

    def minute():
        started = time.monotonic()
        messages = list(ticks(b"120", metadata=metadata))
        print("Ticks", len(messages), messages[-1], time.monotonic() - started > 59)

    def turns(cancels):
        import queue

        waiting = queue.Queue()
        call = talk(iter(waiting.get, None), metadata=[*metadata, ("x-gives-up", "yes")] if cancels else metadata)
        for turn in range(50):
            waiting.put(b"turn %d" % turn)
            assert next(call) == b"turn %d" % turn
        if cancels:
            call.cancel()
        waiting.put(None)
        try:
            print("Talk", list(call), call.code())
        except grpc.RpcError as error:
            print("Talk", error.code())

    asked = {
        "unary": lambda: ask("Echo", b"hello"),
        "unary-empty": lambda: ask("Echo", b""),
        "unary-large": lambda: ask("Echo", LARGE),
        "metadata": lambda: ask("Echo", b"hello", more=[("x-case-bin", bytes(range(256))), ("x-case", "a"), ("x-case", "b")]),
        "fail": lambda: ask("Fail", b"hello"),
        "deadline": lambda: ask("Slow", b"hello", timeout=0.5),
        "count": stream,
        "calls": meeting,
        "minute": minute,
        "turns": lambda: turns(False),
        "turns-cancelled": lambda: turns(True),
    }
    for name in CASES:
        asked[name]()
    channel.close()


(with_httpx if KIND == "httpx" else with_grpc)()

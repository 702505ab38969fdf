"""The test service on grpcio: `grpc_server.py PORT NAME`. What each method does: `README.md`."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc

PORT, NAME = sys.argv[1:]


def echo(request, context):
    told = [(key, value) for key, value in context.invocation_metadata() if key.startswith("x-case")]
    context.send_initial_metadata([("x-name", NAME), *told])
    context.set_trailing_metadata([("x-sum", str(len(request)))])
    return request


def fail(request, context):
    context.set_trailing_metadata([("x-why", "asked to")])
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"no: {NAME} 100% ü")


def slow(request, context):
    while context.is_active():
        time.sleep(0.02)
    return request


def count(request, context):
    for number in range(int(request)):
        yield b"%s %d" % (NAME.encode(), number)


def ticks(request, context):
    for number in range(int(request)):
        time.sleep(0.5)
        yield b"%s %d" % (NAME.encode(), number)


meeting = threading.Barrier(1000)


def meet(request, context):
    meeting.wait()
    return request


def talk(requests, context):
    for request in requests:
        yield request


UNARY = {"Echo": echo, "Meet": meet, "Fail": fail, "Slow": slow}


class Corpus(grpc.GenericRpcHandler):
    def service(self, details):
        name = details.method.removeprefix("/remocal.Corpus/")
        if name in UNARY:
            return grpc.unary_unary_rpc_method_handler(UNARY[name])
        if name in ("Count", "Ticks"):
            return grpc.unary_stream_rpc_method_handler(count if name == "Count" else ticks)
        return grpc.stream_stream_rpc_method_handler(talk) if name == "Talk" else None


OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
# Each call that waits has one.
server = grpc.server(ThreadPoolExecutor(1100), [Corpus()], options=OPTIONS)
server.add_insecure_port(f"127.0.0.1:{PORT}")
server.start()
server.wait_for_termination()

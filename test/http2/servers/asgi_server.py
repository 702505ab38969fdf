"""hypercorn with the test application: `asgi_server.py PORT`. A connection whose client has gone is over at once: hypercorn itself waits until it has been idle for long."""

import asyncio
import sys

from asgi import answer
from hypercorn.asyncio import serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config


class Nobody:
    """Whom an idle connection without a client waits for."""

    async def restart(self, *_):
        pass

    async def stop(self):
        pass


read_data = TCPServer._read_data


async def until_gone(self):
    await read_data(self)
    await self.idle_task.stop()
    self.idle_task = Nobody()


TCPServer._read_data = until_gone
config = Config()
config.bind = [f"127.0.0.1:{sys.argv[1]}"]
config.keep_alive_timeout = 120
config.keep_alive_max_requests = 1_000_000
config.accesslog = config.errorlog = None
asyncio.run(serve(answer, config))

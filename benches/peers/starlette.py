"""Server-sent events with sse-starlette on uvicorn, with uvloop and httptools.

Run with a sample of an event as its argument. It prints `ready PORT CONTROL`; a line `FIRST MANY
STAMP` on the control port publishes so many events.
"""

import asyncio
import re
import sys
import time

import httptools  # noqa: F401  (uvicorn falls back to a slower parser without it)
import uvicorn
import uvloop  # noqa: F401  (uvicorn falls back to a slower loop without it)
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.routing import Route

HEAD, _, TAIL = re.split(r"(nr=\d{8},[0-9a-f]{16})", sys.argv[1])
queues = set()


async def events(request):
    queue = asyncio.Queue()
    queues.add(queue)

    async def told():
        try:
            while True:
                number, text = await queue.get()
                yield {"id": str(number), "data": text}
        finally:
            queues.discard(queue)

    return EventSourceResponse(told())


async def control(reader, _writer):
    while line := await reader.readline():
        first, many, stamp = map(int, line.split())
        for number in range(first, first + many):
            label = f"nr={number:08},{stamp or time.monotonic_ns():016x}"
            for queue in queues:
                queue.put_nowait((number, HEAD + label + TAIL))


async def main():
    app = Starlette(routes=[Route("/events", events)])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, loop="uvloop", http="httptools", log_level="error"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    controlled = await asyncio.start_server(control, "127.0.0.1", 0)
    print("ready", port, controlled.sockets[0].getsockname()[1], flush=True)
    await serving


uvloop.run(main())

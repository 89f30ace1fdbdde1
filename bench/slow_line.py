"""A line of a given width and delay before a server, for all that a browser sends and gets, websockets too.

(Chromium's own emulation leaves websockets as fast as they are.)
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

CHUNK = 16 * 1024


@dataclass
class Line:
    """`width` is in bytes per second each way, None for no limit; `delay` in seconds there and back."""

    server: int
    width: float | None = None
    delay: float = 0
    down: int = 0
    """Bytes that the browser got since this was set to 0."""
    _free: dict[str, float] = field(default_factory=lambda: {"up": 0.0, "down": 0.0})
    """When each way has sent all that was given to it before."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the browser."""
        await asyncio.sleep(self.delay)  # of a handshake
        behind, ahead = await asyncio.open_connection("127.0.0.1", self.server)
        await asyncio.gather(
            self._carry("up", reader, ahead), self._carry("down", behind, writer), return_exceptions=True
        )

    async def _carry(self, way: str, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]](64)

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    target.close()
                    return
                target.write(data)
                await target.drain()

        delivering = asyncio.create_task(deliver())
        try:
            while data := await source.read(CHUNK):
                self.down += len(data) if way == "down" else 0
                self._free[way] = max(loop.time(), self._free[way]) + self._length(data)
                await queue.put((self._free[way] + self.delay / 2, data))
                await asyncio.sleep(max(0.0, self._free[way] - loop.time() - self.delay))
        finally:
            await queue.put((loop.time(), b""))
            await delivering

    def _length(self, data: bytes) -> float:
        """Seconds."""
        return len(data) / self.width if self.width else 0.0


@contextmanager
def line(port: int, server: int) -> Iterator[Line]:
    """A line at `port` of this machine, before the server at `server`, until the block ends."""
    made, loop = Line(server), asyncio.new_event_loop()

    @asynccontextmanager
    async def listening() -> AsyncIterator[None]:
        async with await asyncio.start_server(made.serve, "127.0.0.1", port):
            yield

    stop = asyncio.Event()

    async def live() -> None:
        async with listening():
            await stop.wait()

    thread = Thread(target=_run, args=(loop, live()), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    asyncio.set_event_loop(loop)
    loop.run_until_complete(work)
    for task in asyncio.all_tasks(loop):
        task.cancel()

"""Visitors without a browser: raw websockets that speak Streamlit's protocol, many at once in one process."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

SMALL = 64
"""Bytes; longer messages draw something and need not be read."""
PATIENCE = 300.0
"""Seconds for one run; who waits longer is cut off."""


@dataclass
class Visitor:
    """One open page."""

    socket: ClientConnection
    url: str
    page: str
    query: str = ""
    heard: list[bytes] = field(default_factory=list)
    """What the last run said."""

    async def open(self) -> float:
        """Open the page; seconds until its script has finished."""
        return await self._run()

    async def choose(self, widget: str, value: str) -> float:
        """Choose `value` in a control; seconds until the run that this causes has finished."""
        state = WidgetState(id=widget)
        state.string_array_value.data.append(value)
        return await self._run(state)

    def controls(self, part: str) -> list[str]:
        """The ids of the controls drawn in the last run that have `part` in them."""
        found = set()
        for frame in self.heard:
            message = ForwardMsg.FromString(frame)
            if message.WhichOneof("type") == "delta":
                group = message.delta.new_element.button_group
                if part in group.id:
                    found.add(group.id)
        return sorted(found)

    async def _run(self, *states: WidgetState) -> float:
        message = BackMsg()
        message.rerun_script.page_name = self.page
        message.rerun_script.query_string = self.query
        message.rerun_script.context_info.url = f"{self.url}/{self.page}"
        message.rerun_script.context_info.timezone = "Europe/Paris"
        message.rerun_script.context_info.locale = "en-GB"
        message.rerun_script.widget_states.widgets.extend(states)
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        self.heard = []
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.socket.recv(decode=False)
                self.heard.append(frame)
                if (
                    len(frame) < SMALL
                    and ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished"
                ):
                    return time.perf_counter() - began


async def arrive(url: str, page: str, cookies: Sequence[str], query: str = "") -> list[Visitor]:
    """A visitor for each cookie (as the header says it, "" for none), connected, with nothing asked yet."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"

    async def one(cookie: str) -> Visitor:
        headers = {"Cookie": cookie} if cookie else {}
        socket = await connect(
            address, subprotocols=[Subprotocol("streamlit")], max_size=None, compression=None,
            additional_headers=headers, ping_interval=None, open_timeout=60,
        )  # fmt: skip
        return Visitor(socket, url, page, query)

    return [await one(cookie) for cookie in cookies]


async def leave(visitors: Sequence[Visitor]) -> None:
    """Close all their pages."""
    await asyncio.gather(*(visitor.socket.close() for visitor in visitors))


async def open_together(visitors: Sequence[Visitor]) -> float:
    """All open the page at the same moment; seconds until the last has it."""
    began = time.perf_counter()
    await asyncio.gather(*(visitor.open() for visitor in visitors))
    return time.perf_counter() - began


async def paced(
    visitors: Sequence[Visitor], widget: str, values: Sequence[str], rate: float, seconds: float
) -> list[float]:
    """One visitor after the other changes a control, `rate` times a second; seconds that each change took."""
    tasks, began, turn = [], time.perf_counter(), 0
    while turn < rate * seconds:
        await asyncio.sleep(max(0.0, began + turn / rate - time.perf_counter()))
        visitor = visitors[turn % len(visitors)]
        value = values[(turn // len(visitors)) % len(values)]
        tasks.append(asyncio.create_task(visitor.choose(widget, value)))
        turn += 1
    return list(await asyncio.gather(*tasks))

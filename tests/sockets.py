"""For tests: a websocket to the real server without a browser; it says what a browser never would."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.util import calc_hash  # of a page made of its address
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect


@dataclass
class Talk:
    """An open socket, and all that it was told."""

    socket: ClientConnection
    received: list[bytes] = field(default_factory=list)

    @property
    def everything(self) -> bytes:
        return b"\n".join(self.received)

    def say(self, patience: float = 20, quiet: float = 0.7, **fields: Any) -> bytes:
        """Send one message of the browser's kinds. Returns all bytes of the answer.

        The answer of a run ends with `script_finished`; whatever else is silent ends after `quiet` seconds.
        """
        self.socket.send(BackMsg(**fields).SerializeToString())
        return self.hear(patience if "rerun_script" in fields else quiet, quiet)

    def run(self, page: str | None = None, quiet: float = 0.7, **state: Any) -> bytes:
        """Ask for a run of the script; `page` is the address of a page."""
        message = BackMsg()
        if page is not None:
            message.rerun_script.page_name = page
        for name, value in state.items():
            if name == "widgets":
                message.rerun_script.widget_states.CopyFrom(value)
            elif name == "url":
                message.rerun_script.context_info.url = value
            elif name == "cached_message_hashes":
                message.rerun_script.cached_message_hashes.extend(value)
            else:
                setattr(message.rerun_script, name, value)
        self.socket.send(message.SerializeToString())
        return self.hear(20, quiet)

    def hear(self, patience: float = 20, quiet: float = 0.7) -> bytes:
        """What comes until a run is over and nothing follows for `quiet` seconds, or `patience` ends."""
        end, heard, wait = time.monotonic() + patience, [], patience
        while (left := min(wait, end - time.monotonic())) > 0:
            try:
                frame = self.socket.recv(timeout=left)
            except (TimeoutError, ConnectionClosed):
                break
            heard.append(frame if isinstance(frame, bytes) else frame.encode())
            if ForwardMsg.FromString(heard[-1]).WhichOneof("type") == "script_finished":
                wait = quiet
        self.received += heard
        return b"\n".join(heard)

    def messages(self) -> list[ForwardMsg]:
        return [ForwardMsg.FromString(frame) for frame in self.received]

    @property
    def session_id(self) -> str:
        """The id of Streamlit's session, which the server tells at the first run."""
        told = (one for one in self.messages() if one.WhichOneof("type") == "new_session")
        return str(next(told).new_session.initialize.session_id)

    @property
    def fragments(self) -> set[str]:
        """The ids of all fragments that were drawn."""
        drawn = (one.delta.fragment_id for one in self.messages() if one.WhichOneof("type") == "delta")
        timed = (
            one.auto_rerun.fragment_id for one in self.messages() if one.WhichOneof("type") == "auto_rerun"
        )
        return {name for name in (*drawn, *timed) if name}


@contextmanager
def talk(url: str, cookies: dict[str, str] | None = None, **options: Any) -> Iterator[Talk]:
    """A socket to the server at `url`, with these cookies and no other."""
    held = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    headers = {"Cookie": held} if held else {}
    given = {"subprotocols": ["streamlit"], "max_size": None, "compression": None} | options
    with connect(
        url.replace("http", "ws", 1) + "/_stcore/stream", additional_headers=headers, **given
    ) as socket:
        yield Talk(socket)


__all__ = ["Talk", "calc_hash", "talk"]

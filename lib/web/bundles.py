"""Messages that a page sends together (lib/ui/kept.py), taken apart before they leave."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAUSE = 0.6
"""Seconds. A browser draws what it has when nothing more comes for a moment; else it works through all of a
report before it shows the first figure.
"""


class Bundles:
    """Outermost, so that what lies within carries many messages as one: a message of a websocket whose
    content is a tuple leaves as one message for each of its parts. One without parts is a pause.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def apart(message: Message) -> None:
            content = message.get("bytes")
            if content == ():
                await asyncio.sleep(PAUSE)
            elif isinstance(content, tuple):
                for part in content:
                    await send({"type": "websocket.send", "bytes": part})
            else:
                await send(message)

        await self.app(scope, receive, apart if scope["type"] == "websocket" else send)

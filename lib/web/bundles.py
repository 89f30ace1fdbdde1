"""Messages that a page sends together (lib/ui/kept.py), taken apart before they leave."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Bundles:
    """Outermost, so that what lies within carries many messages as one: a message of a websocket whose
    content is a tuple leaves as one message for each of its parts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def apart(message: Message) -> None:
            content = message.get("bytes")
            if isinstance(content, tuple):
                for part in content:
                    await send({"type": "websocket.send", "bytes": part})
            else:
                await send(message)

        await self.app(scope, receive, apart if scope["type"] == "websocket" else send)

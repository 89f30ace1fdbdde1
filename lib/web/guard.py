"""Around Streamlit: wrong hosts, foreign websockets, closed routes, files in memory, dangerous messages."""

from urllib.parse import urlsplit

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # has no types
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from lib.config import Settings
from lib.web import client, gate
from lib.wiring import App

LOCAL = ("localhost", "127.0.0.1", "::1")
HEALTH = ("/healthz", "/readyz")
"""Asked by machines under whatever name they know."""

CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/auth/login", "/auth/logout", "/oauth2callback")
"""Streamlit's own: names of cached functions, an interface for programs, and a sign-in that we do not use."""

DANGEROUS = frozenset(
    {
        "clear_cache",  # of everybody
        "load_git_info",
        "set_run_on_save",
        "debug_disconnect_websocket",
        "debug_shutdown_runtime",
    }
)
"""Messages that any visitor could send and no reader of ours needs."""

FOR_READERS = frozenset({"deferred_file", "dataframe_chunk"})
"""Operations that send data without a run of the page, so without its guard. (The others write files.)"""

LARGEST_MESSAGE = 1_000_000
"""Bytes; the state of all widgets of a page takes some thousand. Streamlit would take 200 MB of anybody."""


class Hosts:
    """Answers only under the name of the base URL, and locally while that is not https."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        local = () if settings.https else LOCAL
        self._names = {urlsplit(settings.base_url).hostname, *local}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in HEALTH or self._is_ours(scope):
            await self.app(scope, receive, send)
            return
        await refuse(scope, receive, send, PlainTextResponse(WRONG_HOST, 400))

    def _is_ours(self, scope: Scope) -> bool:
        return _host_name(HTTPConnection(scope).headers.get("host", "")) in self._names


WRONG_HOST = "This server is not known by that name. Its operator sets the name with VITRINE_BASE_URL.\n"


class Guard:
    """What of Streamlit's own routes and messages a visitor may reach."""

    def __init__(self, app: ASGIApp, parts: App) -> None:
        self.app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await self._may_reach(scope):
            await self.app(scope, receive, send)
        else:
            await refuse(scope, receive, send, PlainTextResponse("Not Found", 404))

    async def _may_reach(self, scope: Scope) -> bool:
        path, connection = scope["path"], HTTPConnection(scope)
        if path.startswith(CLOSED):
            return False
        if path.startswith("/media/"):
            return await run_in_threadpool(gate.reader, self._parts, connection) is not None
        if path.startswith("/_stcore/upload_file/") and scope["method"] != "OPTIONS":
            return await run_in_threadpool(gate.analyst_of, self._parts, connection) is not None
        return True

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        hidden = (
            connection.headers.get("origin") == "null"
        )  # a page in a sandbox; a form of ours never gets here
        if hidden or not client.is_our_origin(connection, self._parts.settings):
            await refuse(scope, receive, send, PlainTextResponse("Forbidden", 403))
            return

        flooded = False

        async def sifted() -> Message:
            nonlocal flooded
            while True:
                message = await receive()
                if len(message.get("bytes") or message.get("text") or "") > LARGEST_MESSAGE:
                    flooded = True
                    return {"type": "websocket.disconnect", "code": 1009}
                if message["type"] != "websocket.receive" or await self._may_say(connection, message):
                    return message

        await self.app(scope, sifted, send)
        if flooded:
            await send({"type": "websocket.close", "code": 1009})

    async def _may_say(self, connection: HTTPConnection, message: Message) -> bool:
        said = understood(message)
        if said is None or said.WhichOneof("type") in DANGEROUS:
            return False
        if said.WhichOneof("type") != "backend_operation_request":
            return True
        known = said.backend_operation_request.WhichOneof("payload") in FOR_READERS
        return known and await run_in_threadpool(gate.reader, self._parts, connection) is not None


def understood(message: Message) -> BackMsg | None:
    """What a browser says; None when it is nothing that Streamlit's page could have said."""
    if not message.get("bytes"):
        return None
    try:
        said: BackMsg = BackMsg.FromString(message["bytes"])
    except DecodeError:
        return None
    return said


async def refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    """Answer instead of what lies behind; a websocket is denied before it opens."""
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None

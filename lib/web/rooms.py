"""Which routes there are, and what stands around all of them and around Streamlit."""

from starlette.middleware import Middleware
from starlette.routing import Route

from lib.web import door, files, google, health, logs, mails, sign
from lib.web.bundles import Bundles
from lib.web.client import Visitor
from lib.web.guard import Guard, Hosts
from lib.web.headers import Headers
from lib.web.statics import Statics
from lib.wiring import App


def routes(parts: App) -> list[Route]:
    """All routes of ours; they come before Streamlit's, and the one of the log before the end of /export."""
    return [
        *health.routes(parts),
        *door.routes(parts),
        *sign.routes(parts),
        *logs.routes(parts),
        *files.routes(parts),
        *mails.routes(parts),
        *google.routes(parts),
    ]


def middleware(parts: App) -> list[Middleware]:
    """From the outside in."""
    own = frozenset(route.path for route in routes(parts))
    return [
        Middleware(Bundles),
        Middleware(Headers, settings=parts.settings),
        Middleware(Visitor, settings=parts.settings),
        Middleware(Hosts, settings=parts.settings),
        Middleware(Guard, parts=parts),
        Middleware(Statics, brand=parts.settings.brand, own=own, data=parts.settings.data),
    ]

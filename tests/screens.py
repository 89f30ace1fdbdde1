"""For tests of pages: the frame or a page in Streamlit's AppTest, with cookies of our own making.

AppTest has no cookies and no address; `lib.ui.session.cookies` is the one place that reads them.
"""

from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash  # of a page made of its address

from lib import wiring
from lib.model import COMMAND_LINE
from lib.shares import analysts, cookies, sessions
from lib.ui import session

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60
PASSWORD = "slate-otter-willow-quartz"


def add_analyst(parts: wiring.App, name: str = "Ada Lovelace", address: str = "ada@agency.example") -> int:
    return analysts.add(parts.records, name, address, PASSWORD, admin=True, now=wiring.now(), by=COMMAND_LINE)


def analyst_cookie(parts: wiring.App, analyst: int) -> dict[str, str]:
    """A session as the browser holds it after signing in."""
    ticket = sessions.ticket(parts.records, analyst, wiring.now())
    value = sessions.redeem(parts.records, ticket, wiring.now())
    assert value
    return {cookies.analyst(parts.settings.https): value}


def hold(monkeypatch, held: dict[str, str]) -> None:
    """From here on the browser holds these cookies."""
    monkeypatch.setattr(session, "cookies", lambda: held)


def frame(place: str = "", **query: str) -> AppTest:
    """The whole application at one address, not yet run."""
    at = AppTest.from_file(ROOT / "lib" / "ui" / "frame.py", default_timeout=PATIENCE)
    if place:
        at._page_hash = calc_hash(place)
    for name, value in query.items():
        at.query_params[name] = value
    return at


def texts(at: AppTest) -> str:
    """All that can be read on the screen, in one text."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "info",
        "warning",
        "error",
        "success",
        "text",
    )
    return "\n".join(str(element.value) for kind in kinds for element in at.get(kind))

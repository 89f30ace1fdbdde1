"""For tests of pages: the frame or a page in Streamlit's AppTest, with cookies of our own making.

AppTest has no cookies and no address; `lib.ui.session.cookies` is the one place that reads them.
"""

from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash  # of a page made of its address

from lib import wiring
from lib.importers import bring_in
from lib.model import COMMAND_LINE
from lib.shares import analysts, cookies, sessions
from lib.ui import session
from tests import worlds

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60
PASSWORD = "slate-otter-willow-quartz"
SPRING = "campaign,title,sent_at,zone,currency\nspring,Spring letter,2026-03-03T08:00:00Z,Europe/Paris,EUR\n"
CLAIMS = (
    'Title,Subject,List,"Send Date","Send Weekday","Total Recipients","Successful Deliveries","Soft Bounces",'
    '"Hard Bounces","Total Bounces","Times Forwarded","Forwarded Opens","Unique Opens","Open Rate",'
    '"Total Opens","Unique Clicks","Click Rate","Total Clicks",Unsubscribes,"Abuse Complaints",'
    '"Times Liked on Facebook","Folder Id","Unique Id","Total Orders","Total Gross Sales","Total Revenue"\n'
    '"Spring letter","Buds, at last",Friends,"Mar 02, 2026 09:30 am",Monday,6,5,0,1,1,0,0,6,120.00%,9,2,'
    "40.00%,3,0,0,0,0,aaaa000001,0,0,0\n"
)
"""A campaign as its sender reports it, without events."""


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


def with_spring(workspace, folder, monkeypatch, campaigns=SPRING):
    """The installation with the world of SPRING brought in, and an analyst who is signed in."""
    folder.mkdir()
    worlds.write_events(folder / "events.csv")
    (folder / "campaigns.csv").write_text(campaigns, encoding="utf-8")
    bring_in(workspace.analytics, folder, by="test", now=wiring.now())
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))
    return workspace

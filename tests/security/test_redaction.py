"""What a share hides is absent from everything that is sent, not only from what is drawn (X5).

A campaign is full of canaries in each place that a share can hide. A viewer of a narrow share listens to the
whole line, without a browser and with one; an analyst and the viewer of a share that shows everything listen
too, and hear them sing: else silence would prove nothing.
"""

import base64
import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pypdf
import pytest

from lib import wiring
from lib.config import load
from lib.model import SYSTEM, Covers, Event, Kind, Reported
from lib.paper.sections import CHARTS, TABLES
from lib.reports import notes, rollup
from lib.reports.notes import Written
from lib.reports.recipients import DEEDS
from lib.shares import analysts
from lib.store import library
from lib.store.library import Job
from lib.words import t
from tests import worlds
from tests.canaries import Cage
from tests.chromium import drawn, launched
from tests.installation import PASSWORD
from tests.security.test_live import Browser
from tests.serving import Served, serve
from tests.sockets import talk

pytestmark = pytest.mark.slow

CAMPAIGN = replace(
    worlds.CAMPAIGN, native_id="open", title="Spring report", audience="Readers", html="<p>canary-html</p>"
)
OTHER = replace(CAMPAIGN, native_id="other", title="Canary-title", subject="Canary-title")
REVENUE = 98765.25
OPENS = 1234
"""Of one reader, in hour 7, in which nobody clicks: in no figure of the whole campaign."""
AVERAGE = 0.617391
"""The sender's of a list, which tells of its other campaigns."""

CANARIES: dict[str, tuple[bytes, ...]] = {
    "an address": (b"canary-reader",),
    "a token": (b"canary-token", base64.b64encode(b"canary-reader@").rstrip(b"=")[:12].lower()),
    "a link of two people": (b"canary-rare",),
    "revenue": (b"98765", b"98,765", struct.pack("<d", REVENUE).lower()),
    "the first day": (b"first-day-", b"first_opens", b",1234,0"),
    "another campaign": (b"canary-title",),
    "a bounce": (b"canary-bounce",),
    "the mail itself": (b"canary-html",),
    "a note on the first day": (b"canary-note",),
    "other campaigns": (b"61.7391", b"0.617391", struct.pack("<d", AVERAGE).lower()),
}
NEVER_SHARED = {"a token"}


def singing(heard: bytes) -> set[str]:
    """Which canaries are in these bytes."""
    low = heard.lower()
    return {name for name, songs in CANARIES.items() if any(song in low for song in songs)}


def legible(body: bytes) -> bytes:
    """What stands in a file, also where it is packed; of a PDF its texts and all that they are made of."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return b"\n".join(book.read(name) for name in book.namelist())
    if body.startswith(b"%PDF"):
        read = pypdf.PdfReader(io.BytesIO(body))
        lines = "".join(page.extract_text() for page in read.pages)
        return f"{read.metadata} {lines.replace(chr(0x200B), '').replace(chr(10), '')}".encode()
    return body


def _events() -> Iterator[Event]:
    def event(reader: int, kind: Kind, minutes: float, **more: object) -> Event:
        return worlds.event(f"canary-reader{reader}@mail.example", kind, minutes, CAMPAIGN.id, **more)

    for reader in range(12):
        yield event(reader, Kind.SENT, 0)
        token = base64.urlsafe_b64encode(f"canary-reader@{reader}.example".encode()).decode()
        for place in ("tea", f"story?utm_source=x&_kx=canary-token{reader}", f"jam?k={token}"):
            yield event(reader, Kind.CLICKED, 30 + reader, url=f"https://shop.example/{place}")
    for reader in (1, 2):
        yield event(reader, Kind.CLICKED, 90, url="https://shop.example/canary-rare")
    for number in range(OPENS):
        yield event(3, Kind.OPENED, 7 * 60 + number % 60, native_id=f"o{number}")
    yield event(4, Kind.ORDERED, 99, revenue=REVENUE, currency="EUR", order="1")
    yield event(77, Kind.SENT, 0)
    yield event(77, Kind.BOUNCED, 1, subtype="hard", reason="550 canary-bounce: no such user")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cage]:
    data = tmp_path_factory.mktemp("redacted")
    parts = wiring.build(
        load({"VITRINE_DATA": str(data), "VITRINE_SAMPLES": "off", "VITRINE_BASE_URL": "http://127.0.0.1:1"})
    )
    wiring.migrate(parts)
    whole = [Covers(one.id, frozenset(Kind)) for one in (CAMPAIGN, OTHER)]
    others = worlds.event("canary-reader1@mail.example", Kind.SENT, 0, OTHER.id)
    average = Reported(CAMPAIGN.id, "list_open_rate", AVERAGE, "61.7391%")
    rows = worlds.rows((CAMPAIGN, OTHER, *whole, *_events(), others, average))
    job = Job("vitrine", "events", "open.csv", "1" * 64, "ana@agency.example")
    library.bring(parts.analytics, job, rows, rollup.make, lambda _: None, wiring.now())
    analyst = analysts.add(
        parts.records, "Ana", "ana@agency.example", "tall ships sail slowly", True, wiring.now(), by=SYSTEM
    )
    for note in (Written("A word for everybody"), Written("canary-note", "first_day", 3.0)):
        notes.add(parts.records, CAMPAIGN.id, note, wiring.now(), by=SYSTEM)
    parts.analytics.events.close()
    yield Cage(parts, data, analyst)
    parts.records.dispose()


@pytest.fixture(scope="module")
def server(filled: Cage) -> Iterator[Served]:
    with serve(filled.data, VITRINE_SAMPLES="off") as served:
        yield served


@dataclass(frozen=True)
class Guest:
    """A viewer of a share, and the line to the server."""

    filled: Cage
    server: Served
    link: str
    cookies: dict[str, str]

    def listens(self) -> bytes:
        """All that a viewer is sent without a browser: doors, errors, pages in both forms, exports."""
        path, stranger, inside = (
            urlsplit(self.link).path,
            Browser(self.server),
            Browser(self.server, self.cookies),
        )
        heard = [stranger.ask("GET", path), stranger.unlock(path, "not the password"), stranger.unlock(path)]
        pages = (path, f"{path}x", "/shared", "/campaign", "/export/none.csv", "/export/campaigns.csv")
        heard += [inside.ask("GET", page) for page in pages]
        for one in (CAMPAIGN, OTHER):
            heard += [
                inside.ask("GET", f"/export/campaign/{one.id}.csv?opens={form}") for form in ("all", "people")
            ]
        heard += self._files(inside)
        told = b"\n".join(repr(headers).encode() + legible(body) for _status, headers, body in heard)
        return told + b"".join(
            self._runs(page, f"opens={form}&campaign={one.id}&id={one.id}")
            for page in ("shared", "campaign", "overview")
            for form in ("all", "people")
            for one in (CAMPAIGN, OTHER)
        )

    def _files(self, inside: Browser) -> list[tuple[int, object, bytes]]:
        """Every file of every kind. No answer may be missing because there were too many."""
        shared, other = (f"/export/campaign/{one.id}" for one in (CAMPAIGN, OTHER))
        wanted = [f"{shared}.pdf?opens={form}" for form in ("all", "people")]
        wanted += [f"{shared}.xlsx", f"{other}.pdf", f"{other}.xlsx", "/export/campaigns.xlsx"]
        wanted += [f"{shared}/{name}.csv?opens={form}" for name in TABLES for form in ("all", "people")]
        wanted += [f"{place}/{name}.xlsx" for name in TABLES for place in (shared, other)]
        wanted += [f"{place}/{name}.svg" for name in CHARTS for place in (shared, other)]
        wanted += [f"{shared}/recipients.list.csv?deed={deed}" for deed in DEEDS]
        wanted += [f"{place}/recipients.list.csv?who=canary" for place in (shared, other)]
        wanted += ["/export/compare.csv?" + "&".join(f"campaign={one.id}" for one in (CAMPAIGN, OTHER))]
        for mail in (f"/mail/campaign/{one.id}.html" for one in (CAMPAIGN, OTHER)):
            wanted += [mail, f"{mail}?people=1&images=1&opens=people&lang=fr&as=viewer"]
        answers = [inside.ask("GET", address) for address in wanted]
        assert {status for status, _, _ in answers} <= {200, 404}
        return answers

    def _runs(self, page: str, query: str) -> bytes:
        with talk(self.server.url, self.cookies) as line:
            line.run(page, query_string=query)
            return line.everything


def guest(filled: Cage, server: Served, name: str, **draft: object) -> Guest:
    given = {"campaigns": (CAMPAIGN.id,), "message": ""} | draft
    viewer = filled.invite(f"{name}@client.example", **given)[0]
    return Guest(filled, server, viewer.link, filled.let_in(viewer))


HIDING = {
    "people": False,
    "revenue": False,
    "history": False,
    "sections": ("notes", "links", "active_recipients"),
}


def test_what_a_share_hides_is_in_nothing_that_its_viewer_is_sent(filled: Cage, server: Served) -> None:
    """X5, L10"""
    heard = guest(filled, server, "narrow", **HIDING).listens()
    assert b"Spring report" in heard and b"https://shop.example/story?utm_source=x" in heard
    assert b"A word for everybody" in heard
    assert singing(heard) == set()


def test_the_same_canaries_sing_where_nothing_is_hidden(filled: Cage, server: Served) -> None:
    """X5: a viewer who may see all hears all but the recipients' own tokens; an analyst hears those too"""
    everything = guest(filled, server, "wide", campaigns=(CAMPAIGN.id, OTHER.id)).listens()
    assert singing(everything) == CANARIES.keys() - NEVER_SHARED
    with talk(server.url, filled.sign_in()) as line:
        line.run("campaign", query_string=f"id={CAMPAIGN.id}")
        assert "a token" in singing(line.everything)


@pytest.mark.parametrize("end", [".csv", ".xlsx", ".pdf", "/links.csv", "/links.xlsx", "/links.svg"])
def test_in_each_kind_of_file_a_canary_would_be_heard(filled: Cage, server: Served, end: str) -> None:
    """X5: where nothing is hidden, it sings there; where it is hidden, it does not"""
    for name, draft, songs in (("open", {}, {"a link of two people"}), ("shut", {"people": False}, set())):
        inside = Browser(server, guest(filled, server, f"{name}-{end.replace('/', '')}", **draft).cookies)
        status, _headers, body = inside.ask("GET", f"/export/campaign/{CAMPAIGN.id}{end}")
        assert status == 200
        assert singing(legible(body)) & {"a link of two people"} == songs


@pytest.mark.parametrize("hidden", HIDING)
def test_each_switch_hides_its_own_canaries_and_no_others(filled: Cage, server: Served, hidden: str) -> None:
    """X5"""
    hides = {
        "people": {"an address", "a link of two people", "a bounce"},
        "revenue": {"revenue"},
        "history": {"other campaigns"},
        "sections": {"the first day", "the mail itself", "a note on the first day", "a bounce"},
    }
    heard = guest(filled, server, f"no-{hidden}", **{hidden: HIDING[hidden]}).listens()
    assert singing(heard) == CANARIES.keys() - NEVER_SHARED - {"another campaign"} - hides[hidden]


@pytest.mark.browser
def test_a_real_browser_of_a_redacted_share_receives_no_canary(filled: Cage, server: Served) -> None:
    """X5: every frame, every answer, the title, the page as drawn, the file and its name"""
    narrow = guest(filled, server, "browser", **HIDING)
    wide = guest(filled, server, "browser-wide")
    with launched() as chromium:
        assert singing(_walks(chromium, narrow)) == set()
        heard = singing(_walks(chromium, wide))
        assert heard == CANARIES.keys() - NEVER_SHARED - {"another campaign", "the mail itself"}


def _walks(chromium, one: Guest) -> bytes:
    """All that a browser is sent while a person unlocks, reads and exports; scripts and styles aside."""
    heard: list[bytes] = []
    context = chromium.new_context(locale="en-GB", viewport={"width": 1400, "height": 950})
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("websocket", lambda line: line.on("framereceived", lambda told: heard.append(_bytes(told))))
    page.goto(f"{one.server.url}{urlsplit(one.link).path}")
    heard += [page.title().encode(), page.content().encode()]
    page.get_by_label(t("en", "entry.password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=t("en", "entry.open")).click()
    page.wait_for_url("**/shared*")
    page.get_by_role("heading", name="Spring report").wait_for()
    page.get_by_text("shop.example").first.wait_for(state="attached")
    drawn(page)
    heard += [page.title().encode(), page.content().encode()]
    for campaign in (CAMPAIGN, OTHER):
        answer = context.request.get(f"{one.server.url}/export/campaign/{campaign.id}.csv")
        heard += [repr(answer.headers).encode(), answer.body()]
    context.close()
    assert any(b"Spring report" in frame for frame in heard)
    return b"\n".join(heard)


def _bytes(told: str | bytes) -> bytes:
    return told if isinstance(told, bytes) else told.encode()

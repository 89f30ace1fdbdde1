"""S3 on the real server: once access has ended, no way of asking brings anything, old or new.

Each way is tried before the end too, where it does answer: so each could fail. How long a silence is listened
to follows from how long those answers took. All ends are tried side by side, each with a viewer of its own.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from websockets.exceptions import ConnectionClosed

from lib import wiring
from lib.model import COMMAND_LINE
from lib.shares import shares
from lib.shares.visits import WHOLE
from lib.store import tables
from lib.words import t
from tests.canaries import CAMPAIGN, Cage, sings
from tests.installation import PASSWORD
from tests.security.test_live import ENDS, Browser, share_of
from tests.serving import Served
from tests.sockets import Talk, talk

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("taken away")]
EXPORT = f"/export/campaign/{CAMPAIGN.id}.csv"
WHOLE_MENU = "take-whole"


@dataclass
class Inside:
    """A viewer whose report is open: the socket, the cookie, and what a browser would know by then."""

    filled: Cage
    server: Served
    viewer: object
    held: dict[str, str]
    socket: Talk
    slowest: float = 0
    """Seconds until the first byte of an answer, of the answers so far."""
    patience: float = 20
    """Seconds after which silence is an answer."""

    def ask(self, socket: Talk, message: BackMsg) -> bytes:
        """What the message brings: what comes first, and of a run all the rest."""
        begun = time.monotonic()
        socket.socket.send(message.SerializeToString())
        try:
            first = socket.socket.recv(timeout=self.patience)
        except (TimeoutError, ConnectionClosed):
            return b""
        self.slowest = max(self.slowest, time.monotonic() - begun)
        socket.received.append(first)
        return first + (socket.hear(20, 0.3) if message.HasField("rerun_script") else b"")

    def age(self) -> None:
        """A minute passes since the page last told what is read."""
        before = wiring.now() - timedelta(minutes=1)
        theirs = tables.visits.c.viewer_id == self.viewer.id
        with self.filled.parts.records.begin() as db:
            db.execute(tables.visits.update().where(theirs).values(seen_at=before, started_at=before))

    def element(self, kind: str, wanted: str = "") -> str:
        """The id of a widget that was drawn."""
        drawn = (one.delta.new_element for one in self.socket.messages() if one.WhichOneof("type") == "delta")
        ids = [getattr(one, kind).id for one in drawn if one.HasField(kind)]
        return next(name for name in ids if wanted in name)

    def fragment_of(self, kind: str, wanted: str = "") -> str:
        """The id of the fragment that drew it."""
        for one in self.socket.messages():
            drawn = one.delta.new_element
            if one.delta.fragment_id and drawn.HasField(kind) and wanted in getattr(drawn, kind).id:
                return one.delta.fragment_id
        raise LookupError(kind)

    @property
    def seconds(self) -> int:
        lines = shares.viewers_of(self.filled.parts.records, share_of(self.filled, self.viewer), wiring.now())
        return sum(line.seconds for line in lines if line.id == self.viewer.id)


# --- the ways to ask; each says whether it was answered ---------------------------------------------


def whole_run(inside: Inside, socket: Talk) -> bool:
    return sings(socket.run("shared", quiet=0.3))


def old_fragment(inside: Inside, socket: Talk) -> bool:
    """The one with the menu of the whole report."""
    heard = inside.ask(socket, _fragment(inside.fragment_of("menu_button", WHOLE_MENU)))
    return t("en", "files.whole").encode() in heard


def export_button(inside: Inside, socket: Talk) -> bool:
    """Answered by the file's address."""
    fragment = inside.fragment_of("menu_button", WHOLE_MENU)
    return EXPORT.encode() in inside.ask(socket, _fragment(fragment, _chosen(inside, "files.whole_csv")))


def file_made_anew(inside: Inside, socket: Talk) -> bool:
    """Answered by the address of a parcel."""
    fragment = inside.fragment_of("menu_button", WHOLE_MENU)
    heard = inside.ask(socket, _fragment(fragment, _chosen(inside, "files.whole_xlsx")))
    return b"/export/parcel/" in heard


def _chosen(inside: Inside, kind: str) -> WidgetStates:
    """A click in the menu of the whole report."""
    states = WidgetStates()
    one = states.widgets.add(id=inside.element("menu_button", WHOLE_MENU))
    one.string_trigger_value.data = t("en", kind)
    return states


def export_button_in_a_whole_run(inside: Inside, socket: Talk) -> bool:
    heard = socket.run("shared", widgets=_chosen(inside, "files.whole_csv"), quiet=0.3)
    return EXPORT.encode() in heard or sings(heard)


def attention(inside: Inside, socket: Talk) -> bool:
    """Answered when it is counted."""
    before, states = inside.seconds, WidgetStates()
    name = _make_trigger_id(inside.element("bidi_component", "attention"), "events")
    told = [{"event": "read", "value": {WHOLE: 1}}]
    states.widgets.add(id=name, json_trigger_value=json.dumps(told))
    inside.age()
    inside.ask(socket, _fragment(inside.fragment_of("bidi_component", "attention"), states))
    return inside.seconds > before


def deferred_download(inside: Inside, socket: Talk) -> bool:
    """Before the end Streamlit answers that there is no such file; after it the question is not heard."""
    asked = BackendOperationRequest(request_id="1", session_id=inside.socket.session_id)
    asked.deferred_file.file_id = "none"
    return bool(inside.ask(socket, BackMsg(backend_operation_request=asked)))


def rows_of_a_table(inside: Inside, socket: Talk) -> bool:
    asked = BackendOperationRequest(request_id="2", session_id=inside.socket.session_id)
    asked.dataframe_chunk.SetInParent()
    return bool(inside.ask(socket, BackMsg(backend_operation_request=asked)))


def media_address(inside: Inside, _socket: Talk) -> bool:
    """A viewer's page has none (L8); whoever may read reaches Streamlit's store, others do not get so far."""
    answer, strangers = (
        Browser(inside.server, held).ask("GET", f"/media/{'0' * 40}.png") for held in (inside.held, {})
    )
    return answer != strangers


def export_address(inside: Inside, _socket: Talk) -> bool:
    return Browser(inside.server, inside.held).ask("GET", EXPORT)[0] == 200


WAYS: tuple[Callable[[Inside, Talk], bool], ...] = (
    old_fragment,
    export_button,
    file_made_anew,
    attention,
    deferred_download,
    rows_of_a_table,
    media_address,
    export_address,
    export_button_in_a_whole_run,
    whole_run,
)


def _fragment(name: str, states: WidgetStates | None = None) -> BackMsg:
    message = BackMsg()
    message.rerun_script.fragment_id = name
    if states is not None:
        message.rerun_script.widget_states.CopyFrom(states)
    return message


# --- the ends ---------------------------------------------------------------------------------------


def signed_out(filled: Cage, viewer, held: dict[str, str], server: Served) -> None:
    assert Browser(server, held).ask("POST", "/auth/leave")[0] == 303


def taken_back(filled: Cage, viewer, batch: str) -> None:
    shares.take_back(filled.parts.records, batch, wiring.now(), by=COMMAND_LINE)


@dataclass
class Tried:
    """Which ways did not answer before the end, which did after it, and what else went wrong."""

    deaf: list[str]
    on_the_same_socket: list[str]
    on_a_new_socket: list[str]
    sang: bool
    counted: int


@pytest.fixture(scope="module")
def tried(filled, server):
    """Each end, tried beside the others."""
    readers = {name: _prepared(filled, name) for name in NAMES}  # one by one: hashing has its own limit
    with ThreadPoolExecutor(len(NAMES)) as pool:
        yield {name: pool.submit(_try, filled, server, name, *readers[name]) for name in NAMES}


NAMES = (*ENDS, "signed_out", "taken_back")


@pytest.mark.parametrize("ended", NAMES)
def test_no_way_of_asking_is_answered_once_access_has_ended(tried: dict[str, Future[Tried]], ended):
    """S3, X7"""
    found = tried[ended].result()
    assert found.deaf == [], "these prove nothing"
    assert found.on_the_same_socket == []
    assert found.on_a_new_socket == []
    assert not found.sang
    assert found.counted == 0, "nor was any of it counted"


def _prepared(filled: Cage, ended: str) -> tuple[object, str, dict[str, str]]:
    viewer, batch = invited(filled, ended)
    return viewer, batch, filled.let_in(viewer)


def _try(filled: Cage, server: Served, ended: str, viewer, batch: str, held: dict[str, str]) -> Tried:
    with talk(server.url, held) as socket:
        assert sings(socket.run("shared"))
        inside = Inside(filled, server, viewer, held, socket)
        deaf = [way.__name__ for way in WAYS if not way(inside, socket)]
        before = inside.seconds
        end(ended, filled, viewer, held, server, batch)
        inside.patience = max(1.0, 3 * inside.slowest)
        same = [way.__name__ for way in WAYS if way(inside, socket)]
        heard = len(socket.received)
        socket.run("shared", quiet=0.3)
        sang = sings(b"".join(socket.received[heard:]))
    with talk(server.url, held) as fresh:
        sang = sings(fresh.run("shared", quiet=0.3)) or sang
        inside.socket.received.extend(fresh.received)
        new = [way.__name__ for way in WAYS if way(inside, fresh)]
        sang = sings(fresh.everything) or sang
    return Tried(deaf, same, new, sang, 0 if ended == "taken_back" else inside.seconds - before)


def invited(filled: Cage, ended: str):
    if ended != "taken_back":
        return filled.invite(f"{ended}@client.example")[0], ""
    draft = shares.Draft(
        analyst_id=filled.analyst,
        campaigns=(CAMPAIGN.id,),
        viewers=("back@client.example",),
        password=PASSWORD,
        hold=timedelta(minutes=5),
    )
    parts = filled.parts
    made = shares.create(parts.records, parts.vault, parts.settings, draft, wiring.now(), by=COMMAND_LINE)
    return made.viewers[0], made.batch


def end(ended: str, filled: Cage, viewer, held: dict[str, str], server: Served, batch: str) -> None:
    if ended == "signed_out":
        signed_out(filled, viewer, held, server)
    elif ended == "taken_back":
        taken_back(filled, viewer, batch)
    else:
        ENDS[ended](filled, viewer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_viewer_puts_a_file_into_the_server(filled, server, method):
    """L8: before and after; an analyst may (that is the control)"""
    held = filled.let_in(filled.invite(f"{method.lower()}@upload.example")[0])
    with talk(server.url, held) as inside:
        inside.run("shared", quiet=0.3)
        place = f"/_stcore/upload_file/{inside.session_id}/x"
        assert Browser(server, held).ask(method, place, body=b"x")[0] == 404
        assert Browser(server, filled.sign_in()).ask(method, place, body=b"x")[0] != 404

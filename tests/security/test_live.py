"""On the real server: what is taken away is gone at once, a crowd does no harm, closed doors are alike."""

import http.client
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from websockets.exceptions import ConnectionClosed

from lib import wiring
from lib.model import COMMAND_LINE
from lib.shares import passwords, shares
from lib.store.tables import shares as shares_table
from lib.store.tables import viewers
from lib.web import guard
from tests.canaries import CAMPAIGN, OTHER, Cage, sings
from tests.installation import PASSWORD, nonce
from tests.sockets import Talk, talk

pytestmark = pytest.mark.slow
MEBI = 1024 * 1024


def address(viewer) -> str:
    return urlsplit(viewer.link).path


class Browser:
    """The least that a browser is: it keeps cookies and sends a form."""

    def __init__(self, server, cookies: dict[str, str] | None = None) -> None:
        self.place = urlsplit(server.url)
        self.cookies = dict(cookies or {})

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, body: bytes = b"", **headers: str
    ):
        line = http.client.HTTPConnection(self.place.hostname or "", self.place.port, timeout=60)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if fields is not None:
            body, headers["Content-Type"] = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        try:
            line.request(method, path, body=body or None, headers=headers)
            answer = line.getresponse()
            told = [(name.lower(), value) for name, value in answer.getheaders() if name.lower() != "date"]
            for name, value in told:
                if name == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, sorted(told), answer.read()
        finally:
            line.close()

    def unlock(self, path: str, password: str = PASSWORD, **headers: str):
        drawn = nonce(self.ask("GET", path)[2].decode())
        status, told, body = self.ask("POST", path, {"nonce": drawn, "password": password}, **headers)
        return status, told, body.replace(drawn.encode(), b"")


# --- S3 ---------------------------------------------------------------------------------------------


def revoked(filled: Cage, viewer) -> None:
    shares.revoke(filled.parts.records, viewer.id, wiring.now(), by=COMMAND_LINE)


def new_password(filled: Cage, viewer) -> None:
    parts = filled.parts
    share = share_of(filled, viewer)
    given = parts.records, parts.vault, parts.settings, share, None, None, "hand", wiring.now()
    shares.set_password(*given, by=COMMAND_LINE)


def switched_off(filled: Cage, viewer) -> None:
    shares.off(filled.parts.records, share_of(filled, viewer), wiring.now(), by=COMMAND_LINE)


def suspended(filled: Cage, viewer) -> None:
    change(filled, viewers, viewer.id, suspended_at=wiring.now())


def expired(filled: Cage, viewer) -> None:
    change(filled, shares_table, share_of(filled, viewer), expires_at=wiring.now() - timedelta(seconds=1))


def share_of(filled: Cage, viewer) -> int:
    with filled.parts.records.begin() as db:
        return db.execute(sa.select(viewers.c.share_id).where(viewers.c.id == viewer.id)).scalar_one()


def change(filled: Cage, table, row: int, **values: object) -> None:
    with filled.parts.records.begin() as db:
        db.execute(table.update().where(table.c.id == row).values(values))


ENDS: dict[str, Callable] = {
    each.__name__: each for each in (revoked, new_password, switched_off, suspended, expired)
}


def fragment(told: Talk, name: str, patience: float = 1) -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = name
    told.socket.send(message.SerializeToString())
    return told.hear(patience, 0.3)


def pressed(told: Talk) -> WidgetStates:
    """Every button that was drawn, and the other way of counting opens: callbacks run before the page."""
    states = WidgetStates()
    for one in told.messages():
        if one.WhichOneof("type") != "delta":
            continue
        element = one.delta.new_element
        if element.HasField("button"):
            states.widgets.add(id=element.button.id, trigger_value=True)
        if element.HasField("button_group"):
            states.widgets.add(id=element.button_group.id).int_array_value.data.append(1)
    assert states.widgets
    return states


def rows_of_a_table(told: Talk) -> bytes:
    operation = BackendOperationRequest(request_id="1", session_id=told.session_id)
    operation.dataframe_chunk.SetInParent()
    return told.say(backend_operation_request=operation, quiet=0.3)


@pytest.mark.parametrize("ended", ENDS.values(), ids=ENDS.keys())
def test_an_open_socket_receives_nothing_more_once_access_has_ended(filled, server, ended):
    """S3: old fragments first, then callbacks, a whole run, and the fragments again; and the export"""
    viewer = filled.invite(f"{ended.__name__}@client.example")[0]
    held = filled.let_in(viewer)
    export = f"/export/campaign/{CAMPAIGN.id}.csv"
    with talk(server.url, held) as inside:
        assert sings(inside.run("shared"))
        assert inside.fragments
        assert Browser(server, held).ask("GET", export)[0] == 200
        states = pressed(inside)
        ended(filled, viewer)
        heard = [fragment(inside, name) for name in sorted(inside.fragments)]
        heard.append(rows_of_a_table(inside))
        heard.append(inside.run("shared", widgets=states, quiet=0.3))
        heard.append(inside.run("shared", quiet=0.3))
        heard += [fragment(inside, name) for name in sorted(inside.fragments)]
        assert any(heard)
        assert not [one for one in heard if sings(one)]
    asked = Browser(server, held)
    assert asked.ask("GET", export) == asked.ask("GET", "/export/campaign/none.csv")
    assert asked.ask("GET", export)[0] == 404


def test_no_file_in_the_servers_memory_holds_report_data(filled, server):
    """L8: the whole report is drawn, and no address of /media is among what was sent"""
    with talk(server.url, filled.let_in(filled.invite("media@client.example")[0])) as inside:
        assert sings(inside.run("shared"))
        assert b"/media/" not in inside.everything


# --- as an attacker ---------------------------------------------------------------------------------


def test_a_viewer_cannot_name_another_campaign(filled, server):
    """X7, L8: neither in the address nor in the choice of a campaign nor at the export"""
    held = filled.let_in(filled.invite("narrow@client.example")[0])
    for query in (f"campaign={OTHER.id}", f"id={OTHER.id}", f"shared-campaign={OTHER.id}"):
        with talk(server.url, held) as inside:
            heard = inside.run("shared", query_string=query, quiet=0.3)
            assert sings(heard) and b"Canary Other" not in heard
    for page in ("overview", "campaign", "share", "shares", "imports"):
        with talk(server.url, held) as inside:
            query = f"id={OTHER.id}&campaign={OTHER.id}&share=1"
            assert not sings(inside.run(page, query_string=query, quiet=0.3)), page
    asked = Browser(server, held)
    for way in ("", "?as=viewer", "?as=analyst", "?campaign=vitrine-hidden"):
        answer = asked.ask("GET", f"/export/campaign/{OTHER.id}.csv{way}")
        assert answer[0] == 404 and not sings(answer[2])
    assert b"Canary Other" not in asked.ask("GET", "/export/campaigns.csv")[2]


def test_a_viewer_cannot_choose_a_campaign_that_is_not_in_the_list(filled, server):
    """X7: a value that the list never offered"""
    third = f"{CAMPAIGN.id}"
    viewer = filled.invite("two@client.example", campaigns=(third, OTHER.id))[0]
    held = filled.let_in(viewer)
    with talk(server.url, held) as inside:
        inside.run("shared")
        boxes = {
            one.delta.new_element.selectbox.id
            for one in inside.messages()
            if one.WhichOneof("type") == "delta" and one.delta.new_element.HasField("selectbox")
            if one.delta.new_element.selectbox.id.endswith("-shared-campaign")
        }
        assert len(boxes) == 1
        change(filled, shares_table, share_of(filled, viewer), campaigns=[third])
        for chosen in (OTHER.id, "Canary Other", "../secret", ""):
            states = WidgetStates()
            states.widgets.add(id=next(iter(boxes)), string_value=chosen)
            assert b"Canary Other" not in inside.run("shared", widgets=states, quiet=0.3)


def test_each_of_two_people_in_one_browser_keeps_to_their_own_side(filled, server):
    """S7: an analyst and a viewer in one browser; the cookies under each other's names open nothing"""
    analyst, viewer = filled.sign_in(), filled.let_in(filled.invite("mixed@client.example")[0])
    with talk(server.url, analyst | viewer) as both:
        assert b"Canary Other" in both.run("overview", quiet=0.3)
        assert b"Canary Other" not in both.run("shared", quiet=0.3)
    swapped = {
        "vitrine_analyst": viewer["vitrine_viewer"],
        "vitrine_viewer": analyst["vitrine_analyst"],
    }
    for page in ("overview", "shared"):
        with talk(server.url, swapped) as stranger:
            assert not sings(stranger.run(page, quiet=0.3))
    assert Browser(server, swapped).ask("GET", "/export/campaigns.csv")[0] == 404


def test_a_get_signs_nobody_out_and_makes_no_session(filled, server):
    """S6, S7: of all that changes something nothing is done by GET"""
    held = filled.sign_in() | filled.let_in(filled.invite("stays@client.example")[0])
    for path in ("/sign-out", "/auth/leave", "/auth/session", "/left"):
        for method in ("GET", "HEAD"):
            told = Browser(server, held).ask(method, path)[1]
            assert "set-cookie" not in dict(told), path
    for method, path in (("DELETE", "/auth/session"), ("POST", "/auth/session"), ("POST", "/auth/leave")):
        for headers in (
            {"Origin": "https://evil.example", "X-Vitrine": "1"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            assert Browser(server, held).ask(method, path, **headers)[0] == 403
    with talk(server.url, held) as inside:
        assert sings(inside.run("overview", quiet=0.3))


def test_a_message_too_large_for_any_page_closes_the_socket_and_the_server_goes_on(server):
    with talk(server.url) as stranger:
        stranger.run("overview", quiet=0.2)
        stranger.socket.send(b"x" * (guard.LARGEST_MESSAGE + 1))
        with pytest.raises(ConnectionClosed):
            while True:
                stranger.socket.recv(timeout=10)
    assert Browser(server).ask("GET", "/healthz")[0] == 200
    assert "Traceback" not in server.log, server.log


def test_a_body_without_end_is_cut_off(filled, server):
    """L2: the server answers or hangs up long before it has taken ten megabytes"""
    path = address(filled.invite("flood@client.example")[0])
    for target in (path, f"{path}?again=1", "/auth/session"):
        line = http.client.HTTPConnection(*server.url.removeprefix("http://").split(":"), timeout=20)
        try:
            line.request("POST", target, body=b"password=" + b"x" * 10 * MEBI, headers={"X-Vitrine": "1"})
            assert line.getresponse().status == 403
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            line.close()


# --- G5 ---------------------------------------------------------------------------------------------


def closed(filled: Cage) -> dict[str, str]:
    links = {"unknown": "/v/" + "u" * 43, "short": "/v/x"}
    for reason in ("wrong", "revoked", "expired", "suspended", "switched_off", "deleted"):
        viewer = filled.invite(f"{reason}@closed.example")[0]
        links[reason] = address(viewer)
        if reason in ENDS:
            ENDS[reason](filled, viewer)
        if reason == "deleted":
            with filled.parts.records.begin() as db:
                db.exec_driver_sql(f"DELETE FROM outbox WHERE viewer_id = {viewer.id}")
                db.execute(viewers.delete().where(viewers.c.id == viewer.id))
    return links


def test_whatever_does_not_open_answers_with_the_same_bytes(filled, server):
    """G5: page and answer over HTTP, headers and all, apart from the date, the nonce and the form's cookie"""
    pages, answers = {}, {}
    for reason, path in closed(filled).items():
        visitor = Browser(server)
        status, told, body = visitor.ask("GET", path)
        told = [(name, re.sub(r"=[\w-]+;", "=;", value)) for name, value in told]
        pages[reason] = status, told, body.replace(nonce(body.decode()).encode(), b"")
        answers[reason] = visitor.unlock(path, "wrong words" if reason == "wrong" else PASSWORD)
    assert {page == pages["unknown"] for page in pages.values()} == {True}, pages
    assert {answer == answers["unknown"] for answer in answers.values()} == {True}, answers
    assert answers["unknown"][0] == 403


# --- T4 ---------------------------------------------------------------------------------------------


def memory(server, what: str) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"{what}:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is read from /proc")
def test_fifty_unlocks_at_once_take_no_more_memory_than_four(filled, server):
    """T4: 64 MiB for each of passwords.PARALLEL; all fifty together would take 3 GiB"""
    crowd = filled.invite(*(f"crowd{number}@client.example" for number in range(50)))
    ready = []
    for viewer in crowd:
        visitor = Browser(server)
        drawn = nonce(visitor.ask("GET", address(viewer))[2].decode())
        ready.append((visitor, address(viewer), {"nonce": drawn, "password": PASSWORD}))
    before, answers = memory(server, "VmRSS"), []
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    threads = [
        threading.Thread(target=lambda one=one: answers.append(one[0].ask("POST", one[1], one[2])))
        for one in ready
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    grown = memory(server, "VmHWM") - before
    statuses = [status for status, _, _ in answers]
    assert len(statuses) == 50 and set(statuses) <= {303, 429}, statuses
    assert statuses.count(303) >= passwords.PARALLEL
    assert all(int(dict(told)["retry-after"]) > 0 for status, told, _ in answers if status == 429)
    assert grown < (passwords.PARALLEL * 64 + 160) * MEBI, f"{grown / MEBI:.0f} MiB"
    assert Browser(server).ask("GET", "/healthz")[0] == 200

"""Around Streamlit: hosts, websockets, closed routes, headers, and files compressed ahead of time."""

import asyncio
import gc
import gzip
import re
import weakref
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.web.server.app_discovery import discover_asgi_app

from lib import web
from lib.config import ROOT
from lib.model import COMMAND_LINE
from lib.shares import analysts, sessions
from lib.web import guard, start, statics
from lib.wiring import now
from tests.installation import BASE_URL, install

STREAM = BASE_URL.replace("http:", "ws:") + "/_stcore/stream"


async def echo(socket):
    await socket.accept()
    async for data in socket.iter_bytes():
        await socket.send_bytes(data)


async def broken(request):
    raise RuntimeError("a secret detail")


@pytest.fixture
def browser(tmp_path):
    """A browser before our middleware, with a stand-in for Streamlit behind it."""
    with install(tmp_path) as parts:
        behind = [
            WebSocketRoute("/_stcore/stream", echo),
            Route("/broken/page", broken),
            Route("/{path:path}", lambda _: PlainTextResponse("streamlit"), methods=["GET", "PUT"]),
        ]
        app = Starlette(routes=[*web.routes(parts), *behind], middleware=web.middleware(parts))
        yield TestClient(app, base_url=BASE_URL)


def message(**fields):
    return BackMsg(**fields).SerializeToString()


def test_streamlit_finds_the_app_of_the_server_file():
    found = discover_asgi_app(ROOT / "streamlit_app.py")
    assert found.is_asgi_app


def test_no_folder_of_pages_lies_beside_the_script_that_streamlit_runs(tmp_path):
    """With one, Streamlit runs an asked page without the frame, so without its sign-in."""
    script = re.search(r'st\.App\(\s*"([^"]+)"', (ROOT / "streamlit_app.py").read_text())[1]
    start.refuse_pages_beside(ROOT / script)
    (tmp_path / "pages").mkdir()
    with pytest.raises(RuntimeError, match="must not exist"):
        start.refuse_pages_beside(tmp_path / "frame.py")


@pytest.mark.parametrize("kind", sorted(guard.DANGEROUS))
def test_a_visitor_cannot_clear_caches_or_read_the_state_of_git(browser, kind):
    with browser.websocket_connect(STREAM) as socket:
        socket.send_bytes(message(**{kind: True}))
        socket.send_bytes(message(app_heartbeat=True))
        assert BackMsg.FromString(socket.receive_bytes()).WhichOneof("type") == "app_heartbeat"


def test_every_kind_of_message_is_known_to_us():
    """A new one in a later Streamlit must be judged before it is let through."""
    harmless = {
        "stop_script",
        "rerun_script",
        "file_urls_request",
        "app_heartbeat",
        "backend_operation_request",
    }
    known = {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    assert known == harmless | guard.DANGEROUS


def operation(payload):
    asked = BackendOperationRequest(request_id="1", session_id="1")
    getattr(asked, payload).SetInParent()
    return message(backend_operation_request=asked)


def heard_before_the_heartbeat(socket, *said):
    """What comes through to Streamlit."""
    for each in said:
        socket.send(each)
    socket.send_bytes(message(app_heartbeat=True))
    heard = []
    while not heard or heard[-1] != message(app_heartbeat=True):
        heard.append(socket.receive_bytes())
    return heard[:-1]


@pytest.mark.parametrize(
    "payload", ["install_skills", "dismiss_skills_nudge", "deferred_file", "dataframe_chunk"]
)
def test_a_stranger_cannot_ask_for_files_rows_or_streamlits_tools_beside_a_page(browser, payload):
    """S3, L8: these run without the guard of a page; two of them write into our folder"""
    with browser.websocket_connect(STREAM) as socket:
        said = {"type": "websocket.receive", "bytes": operation(payload)}
        assert heard_before_the_heartbeat(socket, said) == []


def test_a_reader_may_ask_for_the_rows_of_a_table(tmp_path, browser):
    with install(tmp_path) as parts:
        analyst = analysts.add(
            parts.records, "Ann", "ann@agency.example", "a long enough one", True, now(), by=COMMAND_LINE
        )
        cookie = sessions.redeem(parts.records, sessions.ticket(parts.records, analyst, now()), now())
        browser.cookies.set("vitrine_analyst", cookie)
        with browser.websocket_connect(STREAM) as socket:
            said = [
                {"type": "websocket.receive", "bytes": operation(each)} for each in sorted(guard.FOR_READERS)
            ]
            said.append({"type": "websocket.receive", "bytes": operation("install_skills")})
            assert heard_before_the_heartbeat(socket, *said) == [each["bytes"] for each in said[:2]]


def test_every_kind_of_operation_is_known_to_us():
    """A new one in a later Streamlit must be judged before it is let through."""
    known = {field.name for field in BackendOperationRequest.DESCRIPTOR.oneofs_by_name["payload"].fields}
    assert known == guard.FOR_READERS | {"install_skills", "dismiss_skills_nudge"}


def test_what_no_page_could_have_said_does_not_reach_streamlit(browser):
    with browser.websocket_connect(STREAM) as socket:
        said = [
            {"type": "websocket.receive", "text": "x"},
            {"type": "websocket.receive", "bytes": b"\xff\xff"},
        ]
        assert heard_before_the_heartbeat(socket, *said) == []


def test_a_message_larger_than_a_page_sends_ends_the_conversation(browser):
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect(STREAM) as socket:
        socket.send_bytes(b"x" * (guard.LARGEST_MESSAGE + 1))
        socket.receive_bytes()


def test_an_origin_that_is_no_address_is_another_site(browser):
    assert browser.post("/auth/leave", headers={"origin": "http://[nonsense"}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9999", "null"])
def test_another_site_cannot_open_a_websocket(browser, origin):
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect(STREAM, headers={"origin": origin}),
    ):
        pass  # pragma: no cover


def test_our_own_page_can_open_a_websocket(browser):
    with browser.websocket_connect(STREAM, headers={"origin": BASE_URL}) as socket:
        socket.send_bytes(message(app_heartbeat=True))
        assert socket.receive_bytes()


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/mcp", "/auth/login", "/oauth2callback"])
def test_what_we_do_not_use_is_closed(browser, path):
    assert browser.get(path).status_code == 404


def test_files_in_memory_are_not_for_strangers(browser):
    """L8"""
    assert browser.get("/media/0123.csv").status_code == 404
    assert browser.put("/_stcore/upload_file/s/f").status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "reports.example.com.evil.example", ""]
)
def test_under_another_name_nothing_answers(browser, host):
    """L6"""
    answer = browser.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert browser.get("/healthz", headers={"host": host}).status_code == 200


def test_locally_another_port_is_no_other_name(browser):
    assert browser.get("/", headers={"host": "localhost:8080"}).status_code == 200


def test_an_error_tells_a_visitor_a_number_and_nothing_else(browser, caplog):
    """X6"""
    answer = browser.get("/broken/page")
    assert answer.status_code == 500
    number = re.search(r"Reference: (\w+)", answer.text)[1]
    assert number in caplog.text
    assert "secret" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_page_is_streamlits_index_under_our_name_with_the_chart_announced(browser):
    answer = browser.get("/shares")
    assert "<title>Vitrine</title>" in answer.text
    assert re.search(r'modulepreload"[^>]+PlotlyChart', answer.text)
    assert "service-desc" not in answer.text


@pytest.mark.parametrize("name", (*statics.DRAWN_WITH, *statics.FONTS))
def test_what_is_announced_by_name_is_among_streamlits_files(name):
    assert any(f"/{name}." in path for path in statics.announced())


def test_a_report_is_announced_with_all_that_its_scripts_import(browser):
    """Chart and table ask for a dozen others, which a slow line would wait for one after the other."""
    announced = set(re.findall(r'href="\.(/static/js/[^"]+)"', browser.get("/shared").text))
    assert announced >= set(statics.drawing()) - set(statics.needed())
    folder = statics.STATIC / "static" / "js"
    asked = {
        f"/static/js/{name}"
        for path in statics.drawing()
        for name in statics.IMPORTS.findall((statics.STATIC / path[1:]).read_text(encoding="utf-8"))
        if (folder / name).is_file()
    }
    assert len(asked) > 50
    assert asked <= set(statics.announced())


def test_the_theme_that_is_kept_is_the_theme_that_streamlit_gathers(monkeypatch):
    """Also for the second page, and with nothing in the parts that the configuration leaves out."""
    monkeypatch.setattr(app_session, "_populate_theme_msg", app_session._populate_theme_msg)
    sections = ("theme", "theme.light", "theme.dark", "theme.sidebar", "theme.light.sidebar")
    gathered = [theme(section) for section in sections]
    start.make_theme_once()
    kept = [[theme(section) for section in sections] for _page in range(2)]
    assert kept == [gathered, gathered]
    assert gathered[1] and not gathered[3]


def test_a_streamlit_that_gathers_its_theme_elsewhere_is_left_as_it_is(monkeypatch, caplog):
    monkeypatch.delattr(app_session, "_populate_theme_msg")
    start.make_theme_once()
    assert "gathers its theme in another way" in caplog.text
    assert not hasattr(app_session, "_populate_theme_msg")


def test_pages_that_were_closed_give_their_memory_back_though_the_collector_rests():
    class Page:
        pass

    page = Page()
    page.itself = page
    gone = weakref.ref(page)
    gc.disable()
    try:
        del page
        assert gone()
        with suppress(TimeoutError):
            asyncio.run(asyncio.wait_for(start.sweep(every=0.01), 1))
        assert not gone()
    finally:
        gc.enable()


def theme(section):
    message = CustomThemeConfig()
    app_session._populate_theme_msg(message, section)
    return message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("encoding", list(statics.ENCODINGS))
def test_scripts_are_compressed_and_kept(browser, tmp_path, encoding):
    name = re.search(r'"\.(/static/js/index\.[^"]+\.js)"', statics.index(""))[1]
    answer = browser.get(name, headers={"accept-encoding": encoding})
    assert answer.headers["content-encoding"] == encoding
    assert "immutable" in answer.headers["cache-control"]
    original = statics.STATIC / name[1:]
    packs = statics.Packs(tmp_path)
    assert len(packs.packed(name, encoding)) < original.stat().st_size / 2
    assert gzip.decompress(packs.packed(name, "gzip")) == original.read_bytes()


def test_what_was_compressed_once_is_there_for_the_next_start(tmp_path, monkeypatch):
    paths = ["/static/js/" + path.name for path in (statics.STATIC / "static" / "js").glob("Button.*.js")]
    monkeypatch.setattr(statics, "announced", lambda: paths)
    statics.Packs(tmp_path).prepare()
    monkeypatch.setattr(statics, "ENCODINGS", dict.fromkeys(statics.ENCODINGS, None))  # none can be called
    best = next(iter(statics.ENCODINGS))
    assert all(statics.Packs(tmp_path).packed(path, best) for path in paths)


def test_what_an_older_streamlit_left_compressed_is_thrown_away(tmp_path, monkeypatch):
    monkeypatch.setattr(statics, "needed", list)
    older = tmp_path / "statics" / "1.0.0"
    older.mkdir(parents=True)
    (older / "index.js.br").write_bytes(b"old")
    statics.Packs(tmp_path).prepare()
    assert not older.exists()


def test_on_a_full_disk_a_script_is_sent_all_the_same(tmp_path):
    (tmp_path / "statics").write_text("no folder can be made here")
    name = next((statics.STATIC / "static" / "js").glob("Button.*.js")).name
    assert statics.Packs(tmp_path).packed(f"/static/js/{name}", "gzip")


def test_what_could_not_be_written_to_its_end_leaves_nothing_on_a_full_disk(tmp_path, monkeypatch):
    """D3"""

    def full(path, data):
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(ENOSPC, "no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    name = next((statics.STATIC / "static" / "js").glob("Button.*.js")).name
    assert statics.Packs(tmp_path).packed(f"/static/js/{name}", "gzip")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_name_cannot_leave_the_folder(browser):
    assert browser.get("/static/js/..%2f..%2findex.html").text == "streamlit"
    assert browser.get("/static/js/nothing.js").text == "streamlit"

"""Nobody else sees anything: on a real server that nobody has used yet, by HTTP and by raw websocket.

Whatever a stranger asks for, the sign-in or the password form is all there is, and no canary (a campaign's
title, a recipient's address, an analyst's name) is in any byte that comes back.
"""

import http.client
import re
from pathlib import Path
from unittest.mock import MagicMock
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.Common_pb2 import FileURLsRequest
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

from lib import web
from lib.config import ROOT
from lib.ui.places import FOR_ANALYSTS, FOR_VIEWERS
from tests.canaries import CAMPAIGN, cage, sings
from tests.serving import serve
from tests.sockets import Talk, calc_hash, talk

pytestmark = pytest.mark.slow

NAMES = [place.name for place in FOR_ANALYSTS + FOR_VIEWERS]
ACCOUNT = ["sign-out", "language-en", "language-fr"]
QUERY = f"id={CAMPAIGN.id}&campaign={CAMPAIGN.id}&share=1&as=viewer"
DATA = {"metric", "dataframe", "table", "plotly_chart", "arrow_data_frame", "imgs", "file_uploader"}

STREAMLITS = {
    "/_stcore/health",
    "/_stcore/script-health-check",
    "/_stcore/metrics",
    "/_stcore/host-config",
    "/_stcore/stream",
    "/_stcore/upload_file/{session_id}/{file_id}",
    "/_stcore/bidi-components/{path:path}",
    "/_stcore/agent/interact",
    "/_stcore/agent/mcp",
    "/_stcore/agent/openapi.json",
    "/auth/login",
    "/auth/logout",
    "/oauth2callback",
    "/media/{file_id:path}",
    "/component/{path:path}",
    "/app/static/{path:path}",
    "",
}
"""Streamlit's own routes, each judged and asked below; "" is its index and everything else."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with cage(tmp_path_factory.mktemp("installation")) as made:
        yield made


@pytest.fixture(scope="module")
def viewer(filled):
    return filled.invite("viewer@canary-client.example")[0]


@pytest.fixture(scope="module")
def server(filled, viewer):
    """Not cold after the first test; for what does not depend on being first."""
    with serve(filled.data, VITRINE_SAMPLES="off") as served:
        yield served


def hashes(name: str) -> list[str]:
    """How Streamlit has called a page: by its address, by its file, by the file's stem."""
    file = ROOT / "pages" / f"{name}.py"
    return [calc_hash(each) for each in (name, file.stem, str(file), f"pages/{name}.py", str(file.resolve()))]


def drawn(told: Talk) -> set[str]:
    """The kinds of elements that were sent."""
    deltas = [one.delta for one in told.messages() if one.WhichOneof("type") == "delta"]
    kinds = {delta.new_element.WhichOneof("type") for delta in deltas if delta.HasField("new_element")}
    return {str(kind) for kind in kinds if kind}


def shows_the_sign_in(told: Talk) -> bool:
    """The form, and nothing that could hold data."""
    fields = [
        one.delta.new_element.text_input
        for one in told.messages()
        if one.WhichOneof("type") == "delta" and one.delta.new_element.HasField("text_input")
    ]
    return any(field.type == field.PASSWORD for field in fields) and not drawn(told) & DATA


FIRST = {
    "by the page's name": {"page_name": "overview"},
    "by the name of the shared report": {"page_name": "shared", "query_string": QUERY},
    "by the hash of the page's address": {"page_script_hash": calc_hash("campaign"), "query_string": QUERY},
    "by the hash of the page's file": {
        "page_script_hash": calc_hash(str(ROOT / "pages" / "shares.py")),
        "query_string": QUERY,
    },
}


@pytest.mark.parametrize("asked", FIRST.values(), ids=FIRST.keys())
def test_the_very_first_message_to_a_new_server_is_answered_by_the_sign_in(filled, viewer, asked):
    """L8, point 10: before any page was registered; a process of its own for each"""
    with serve(filled.data, VITRINE_SAMPLES="off") as cold, talk(cold.url) as stranger:
        stranger.run(**asked)
        assert shows_the_sign_in(stranger), drawn(stranger)
        assert not sings(stranger.everything)


def test_the_same_bytes_with_a_viewers_cookie_hold_the_canaries(filled, server):
    """That the silence of the other tests means something."""
    bob = filled.invite("bob@canary-client.example")[0]
    with talk(server.url, filled.let_in(bob)) as inside:
        assert sings(inside.run("shared"))
        assert drawn(inside) >= {"metric", "dataframe", "plotly_chart"}
    with talk(server.url, filled.sign_in()) as analyst:
        assert sings(analyst.run("overview"))


@pytest.mark.parametrize("name", NAMES + ACCOUNT)
def test_every_page_by_name_and_by_every_hash_is_the_sign_in(server, viewer, name):
    """L8, point 10"""
    asked = [{"page": name}, {"page": f"{name}.py"}] + [{"page_script_hash": each} for each in hashes(name)]
    for way in asked:
        with talk(server.url) as stranger:
            stranger.run(**way, query_string=QUERY, url=f"{server.url}/{name}", quiet=0.2)
            assert shows_the_sign_in(stranger), (way, drawn(stranger))
            assert not sings(stranger.everything), way


@pytest.mark.parametrize(
    "held",
    [
        {"vitrine_viewer": "x"},
        {"vitrine_analyst": "x"},
        {"vitrine_viewer": "", "vitrine_analyst": ""},
        {"unused": "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6ImEifQ."},
    ],
)
def test_cookies_of_ones_own_making_open_nothing(server, held):
    """S7, S3"""
    for name in ("overview", "shared"):
        with talk(server.url, held) as stranger:
            stranger.run(name, quiet=0.2)
            assert shows_the_sign_in(stranger)
            assert not sings(stranger.everything)


def test_messages_beside_the_runs_of_a_page_tell_a_stranger_nothing(server):
    """L8: caches, git, files in memory, parts of tables, fragments, Streamlit's own tools"""
    with talk(server.url) as stranger:
        stranger.run("overview", quiet=0.2)
        for kind in ("clear_cache", "load_git_info", "set_run_on_save", "debug_shutdown_runtime"):
            assert stranger.say(**{kind: True}, quiet=0.3) == b"", kind
        files = FileURLsRequest(request_id="1", file_names=["a"], session_id=stranger.session_id)
        stranger.say(file_urls_request=files)
        for payload in ("deferred_file", "dataframe_chunk", "install_skills", "dismiss_skills_nudge"):
            operation = BackendOperationRequest(request_id="1", session_id=stranger.session_id)
            getattr(operation, payload).SetInParent()
            assert stranger.say(backend_operation_request=operation, quiet=0.3) == b"", payload
        for fragment in (*stranger.fragments, "0" * 32):
            stranger.socket.send(_fragment(fragment))
            stranger.hear(1)
        stranger.run("overview", quiet=0.2)
        assert shows_the_sign_in(stranger)
        assert not sings(stranger.everything)


def _fragment(name: str) -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = name
    return message.SerializeToString()


def test_a_stranger_cannot_take_over_the_session_of_another_by_its_id(filled, server):
    """S3: Streamlit lets a socket continue an old session whose id it names; the cookies are its own"""
    bob = filled.invite("taken@canary-client.example")[0]
    with talk(server.url, filled.let_in(bob)) as inside:
        assert sings(inside.run("shared"))
        known, parts = inside.session_id, sorted(inside.fragments)
    with talk(server.url, subprotocols=["streamlit", "x", known]) as thief:
        for part in parts:
            thief.socket.send(_fragment(part))
            thief.hear(1)
        thief.run("shared", quiet=0.2)
        assert not sings(thief.everything)


def test_streamlit_has_no_route_that_was_not_judged():
    """L8: a new one in a later Streamlit must be looked at before it is served"""
    found = {getattr(route, "path", "") for route in create_streamlit_routes(MagicMock())}
    assert found <= STREAMLITS, found - STREAMLITS


def ask(server, method: str, address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    place = urlsplit(server.url)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        line.request(method, address, headers=headers)
        answer = line.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        line.close()


def addresses(filled, viewer) -> list[str]:
    ours = [route.path for route in web.routes(filled.parts)]
    routes = [re.sub(r"{[^}]*}", "1", each) for each in (*ours, *STREAMLITS) if each]
    pages = [f"/{name}{tail}" for name in NAMES + ACCOUNT for tail in ("", ".py", "/", "/x", f"?{QUERY}")]
    files = [f"/pages/{name}.py" for name in NAMES] + ["/app/static/x", "/.streamlit/config.toml", "/data"]
    return [
        "/",
        *routes,
        *pages,
        *files,
        urlsplit(viewer.link).path,
        f"/export/campaign/{CAMPAIGN.id}.csv",
        f"/export/campaign/{CAMPAIGN.id}.csv?as=viewer",
        "/export/campaigns.csv?opens=people",
        "/rejects/1.csv",
        "/_stcore/agent/v1",
        "/_stcore//metrics",
        "//_stcore/metrics",
        "/_stcore/./metrics",
        "/_stcore/%6detrics",
        "/x/_stcore/metrics",
        "/media/../_stcore/metrics",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2f..%2fstreamlit_app.py",
        "/component/x/..%2f..%2f..%2fstreamlit_app.py",
        "/_stcore/bidi-components/..%2f..%2fstreamlit_app.py",
    ]


def test_every_route_gives_a_stranger_a_form_a_note_or_nothing(filled, server, viewer):
    """L8, point 10: ours and Streamlit's, whatever the method"""
    index = ask(server, "GET", "/")[2]
    for address in addresses(filled, viewer):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            status, headers, body = ask(server, method, address)
            where = (method, address, status)
            assert not sings(body + repr(headers).encode()), where
            assert b"Traceback" not in body and status < 500, where
            assert "csv" not in headers.get("content-type", ""), where
            if method == "GET" and status == 200 and "html" in headers["content-type"]:
                assert body == index or b"<script" not in body or b'<div id="root">' in body, where


def test_what_streamlit_tells_programs_is_closed(server):
    """L8"""
    for address in ("/_stcore/metrics", "/_stcore/agent/v1", "/_stcore/agent", "/media/a.png", "/auth/login"):
        assert ask(server, "GET", address)[0] == 404, address
    for method in ("PUT", "DELETE", "POST"):
        assert ask(server, method, "/_stcore/upload_file/1/1")[0] == 404


def test_the_server_says_nothing_of_them_in_its_log_either(server, filled):
    """L7: the last test of this file; the log holds no canary and no traceback"""
    assert not sings(server.log.encode()), server.log
    assert "Traceback" not in server.log, server.log
    assert Path(filled.data / "server.log").is_file()

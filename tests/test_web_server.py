"""The real server in a process of its own: it starts, answers as ours, sends mail, and stops."""

import asyncio
import json
import re
import urllib.error
import urllib.request

import pytest
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lib import wiring
from lib.config import load
from tests.installation import campaign, path, share
from tests.serving import serve, smtp_sink

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sink():
    with smtp_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def server(tmp_path_factory, sink):
    mail = {"VITRINE_SMTP": sink.url, "VITRINE_MAIL_FROM": "Reports <r@example.com>", "VITRINE_SAMPLES": "no"}
    with serve(tmp_path_factory.mktemp("installation"), **mail) as served:
        yield served


def get(server, address, **headers):
    request = urllib.request.Request(server.url + address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read()


def test_health_is_json_so_streamlit_found_our_app(server):
    assert json.loads(get(server, "/healthz")[2]) == {"status": "ok"}
    assert json.loads(get(server, "/readyz")[2]) == {"status": "ok", "records": True, "events": True}


@pytest.mark.parametrize(
    "address", ["/", "/shared", "/_stcore/health", "/_stcore/host-config", "/media/x", "/a/b"]
)
def test_streamlits_own_answers_carry_our_headers(server, address):
    """L4"""
    headers = get(server, address)[1]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_a_script_may_be_kept_and_is_small(server):
    name = re.search(rb'"\.(/static/js/index\.[^"]+\.js)"', get(server, "/")[2])[1].decode()
    _, headers, _ = get(server, name, **{"Accept-Encoding": "gzip"})
    assert "immutable" in headers["cache-control"]
    assert headers["content-encoding"] == "gzip"


async def converse(server, *messages, patience=3.0, **options):
    """What a raw websocket client is told after sending `messages`."""
    told = []
    address = server.url.replace("http", "ws") + "/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], max_size=None, **options) as socket:
        for message in messages:
            await socket.send(message.SerializeToString())
        try:
            while True:
                frame = await asyncio.wait_for(socket.recv(), patience)
                told.append(ForwardMsg.FromString(frame))
        except TimeoutError:
            return told, dict(socket.response.headers.raw_items())


def test_the_handshake_carries_our_headers(server):
    """L4"""
    _, headers = asyncio.run(converse(server, patience=0.2))
    assert headers["referrer-policy"] == "no-referrer"


def test_another_site_is_refused_at_the_handshake(server):
    with pytest.raises(websockets.InvalidStatus, match="403"):
        asyncio.run(converse(server, origin="https://evil.example"))


@pytest.mark.parametrize("page", ["overview", "campaign", "shared", "imports"])
def test_a_stranger_who_asks_a_cold_server_for_a_page_gets_the_sign_in(server, page):
    """L8: the first visitor as well, by name and by hash of the page."""
    ask = BackMsg()
    ask.rerun_script.page_name = page
    told, _ = asyncio.run(converse(server, ask))
    kinds = {message.WhichOneof("type") for message in told}
    assert "new_session" in kinds
    drawn = b"".join(
        message.delta.SerializeToString() for message in told if message.WhichOneof("type") == "delta"
    )
    assert b"plotly" not in drawn
    assert b"arrow" not in drawn.lower()


def test_the_worker_in_the_server_sends_what_another_process_queued(server, sink, monkeypatch):
    environment = {"VITRINE_DATA": str(server.data), "VITRINE_BASE_URL": server.url, "VITRINE_SMTP": sink.url}
    parts = wiring.build(load(environment | {"VITRINE_MAIL_FROM": "Reports <r@example.com>"}))
    try:
        campaign(parts)
        viewer = share(parts, "bob@client.example")[0]
    finally:
        parts.records.dispose()
    text = sink.wait(1)[0].get_body(("plain",)).get_content()
    assert viewer.link in text.splitlines()
    assert get(server, "/v/" + viewer.link.rpartition("/")[2])[0] == 200
    assert path(viewer)


def test_the_log_shows_no_link(server):
    """L7"""
    get(server, "/v/canarytoken")
    assert "canarytoken" not in server.log

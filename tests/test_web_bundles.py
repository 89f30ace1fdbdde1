"""What a page sends together leaves as single messages, in order; all else as it is."""

import asyncio

import pytest

from lib.web import bundles
from lib.web.bundles import Bundles


def sent(kind, *messages):
    """What reaches the network when an app within says `messages`."""
    left = []

    async def app(_scope, _receive, send):
        for message in messages:
            await send(message)

    async def receive():
        return {}

    async def send(message):
        left.append(message)

    asyncio.run(Bundles(app)({"type": kind}, receive, send))
    return left


def said(content):
    return {"type": "websocket.send", "bytes": content}


def test_each_part_of_a_bundle_is_a_message_and_the_order_stays():
    assert sent("websocket", said(b"1"), said((b"2", b"3")), said(b"4")) == [
        said(b"1"),
        said(b"2"),
        said(b"3"),
        said(b"4"),
    ]


def test_an_empty_bundle_says_nothing_and_what_follows_waits_a_moment(monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(bundles.asyncio, "sleep", sleep)
    assert sent("websocket", said(b"1"), said(()), said((b"2",))) == [said(b"1"), said(b"2")]
    assert slept == [bundles.PAUSE]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("websocket", {"type": "websocket.accept", "headers": []}),
        ("websocket", {"type": "websocket.send", "text": "words"}),
        ("websocket", {"type": "websocket.close", "code": 1000}),
        ("http", {"type": "http.response.body", "body": b"page"}),
    ],
)
def test_other_messages_leave_as_they_are(kind, message):
    assert sent(kind, message) == [message]

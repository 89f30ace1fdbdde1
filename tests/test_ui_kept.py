"""What is drawn alike for all is kept and sent again: the same messages, and to nobody else than before."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates

from lib import wiring
from lib.config import load
from lib.shares import cookies, sessions
from lib.ui.kept import Drawing, Shelf
from tests.installation import share
from tests.serving import serve
from tests.sockets import talk

CAMPAIGN = "vitrine-c01"


def drawing(size: int) -> Drawing:
    message = ForwardMsg()
    message.delta.new_element.markdown.body = "x" * size
    return Drawing((message,), (), frozenset(), (), 1)


def test_a_shelf_never_holds_more_than_it_may_and_gives_up_what_was_not_asked_for_longest():
    shelf = Shelf(1000)
    for name in ("one", "two"):
        shelf.keep(name, drawing(400))
    shelf.find("one")
    shelf.keep("three", drawing(400))
    assert [name for name in ("one", "two", "three") if shelf.find(name)] == ["one", "three"]


def test_what_is_larger_than_a_shelf_is_not_kept_and_takes_nothing_off_it():
    shelf = Shelf(1000)
    shelf.keep("small", drawing(100))
    shelf.keep("large", drawing(2000))
    assert shelf.find("small")
    assert not shelf.find("large")


# --- on the real server ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server with the samples, and cookies of viewers by what their shares show."""
    data = tmp_path_factory.mktemp("installation")
    with serve(data, VITRINE_WORKER="separate") as server:
        parts = wiring.build(load({"VITRINE_DATA": str(data), "VITRINE_BASE_URL": server.url}))
        yield server, parts
        parts.records.dispose()


def admitted(parts, address, **draft):
    """The cookie of a viewer of a new share."""
    viewer = share(parts, address, campaigns=(CAMPAIGN,), **draft)[0]
    with parts.records.begin() as db:
        return {cookies.viewer(False): sessions.open_viewer(db, viewer.id, 1, wiring.now()).cookie}


def opened(house, cookie):
    """All that a viewer's browser is told when the page opens."""
    with talk(house[0].url, cookie) as visitor:
        visitor.run("shared", url=f"{house[0].url}/shared")
        return visitor.messages()


def drawn(messages):
    """Places and contents, in order, of what is drawn; a message that the browser has is not sent again."""
    return [
        (tuple(one.metadata.delta_path), one.delta.SerializeToString(deterministic=True))
        for one in messages
        if one.WhichOneof("type") == "delta"
    ]


@pytest.mark.slow
def test_a_second_reader_is_sent_the_same_as_the_first(house):
    cookie = admitted(house[1], "first@client.example")
    assert drawn(opened(house, cookie)) == drawn(opened(house, cookie))


@pytest.mark.slow
def test_a_reader_is_sent_nothing_that_was_kept_for_a_larger_share(house):
    everything = opened(house, admitted(house[1], "whole@client.example", people=True))
    little = admitted(house[1], "part@client.example", sections=("overview",), people=False)
    told = b"".join(content for _place, content in drawn(opened(house, little)))
    assert b"section-links" in b"".join(content for _place, content in drawn(everything))
    assert b"section-overview" in told
    assert b"section-links" not in told
    assert b"section-recipients" not in told


@pytest.mark.slow
def test_a_menu_that_was_kept_answers_in_a_run_of_its_own(house):
    """A press on the menu of one section redraws that section's menu and nothing else."""
    cookie = admitted(house[1], "third@client.example")
    opened(house, cookie)
    with talk(house[0].url, cookie) as visitor:
        visitor.run("shared", url=f"{house[0].url}/shared")
        menu = next(
            one.delta
            for one in visitor.messages()
            if one.WhichOneof("type") == "delta" and "take-of-links" in one.delta.new_element.menu_button.id
        )
        before = len(visitor.received)
        pressed = WidgetStates()
        state = pressed.widgets.add(id=menu.new_element.menu_button.id)
        state.string_trigger_value.data = menu.new_element.menu_button.options[0]
        visitor.run(fragment_id=menu.fragment_id, widgets=pressed, url=f"{house[0].url}/shared")
        answered = [one for one in visitor.messages()[before:] if one.WhichOneof("type") == "delta"]
    assert answered
    assert {one.delta.fragment_id for one in answered} == {menu.fragment_id}
    assert len(answered) < 10

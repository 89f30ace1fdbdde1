"""What is drawn alike for all is kept and sent again: the same messages, and to nobody else than before."""

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.testing.v1 import AppTest

from lib import wiring
from lib.config import load
from lib.shares import cookies, sessions
from lib.store import library
from lib.store.tables import shares, viewers
from lib.ui import cache, kept, session
from lib.ui.kept import Bundle, Drawing, Said, Shelf
from tests.installation import campaign, share
from tests.screens import PATIENCE, hold, texts
from tests.serving import serve
from tests.sockets import talk

CAMPAIGN = "vitrine-c01"


def drawing(size: int) -> Drawing:
    message = ForwardMsg()
    message.delta.new_element.markdown.body = "x" * size
    return Drawing((Said(message.SerializeToString()),), (), frozenset(), (), 1)


def test_a_shelf_never_holds_more_than_it_may_and_gives_up_what_was_not_asked_for_longest():
    shelf = Shelf(10_000)
    for name in ("one", "two"):
        shelf.keep(name, drawing(4000))
    shelf.find("one")
    shelf.keep("three", drawing(4000))
    assert [name for name in ("one", "two", "three") if shelf.find(name)] == ["one", "three"]


def test_what_was_drawn_of_older_data_is_forgotten_when_the_data_changes(workspace, monkeypatch):
    monkeypatch.setattr(kept, "SHELF", Shelf())
    monkeypatch.setattr(session, "app", lambda: workspace)
    versions = iter((3, 3, 4, 3))
    monkeypatch.setattr(library, "data_version", lambda _records: next(versions))
    held = []
    for _asked in range(4):
        cache._key(workspace.analytics)
        held.append(len(kept.SHELF))
        kept.SHELF.keep(f"drawing {len(held)}", drawing(10))
    assert held == [0, 1, 0, 1]


def test_what_is_larger_than_a_shelf_is_not_kept_and_takes_nothing_off_it():
    shelf = Shelf(10_000)
    shelf.keep("small", drawing(1000))
    shelf.keep("large", drawing(20_000))
    assert shelf.find("small")
    assert not shelf.find("large")


def test_many_small_drawings_weigh_what_they_take_of_the_memory_not_only_what_they_say():
    shelf = Shelf(100_000)
    menu = replace(drawing(10), fragments=(("id", lambda: None),))
    for number in range(100):
        shelf.keep(number, menu)
    assert len(shelf) < 10


# --- without a server -----------------------------------------------------------------------------


@pytest.fixture
def shelf(monkeypatch):
    """An empty one instead of that of this process."""
    empty = Shelf()
    monkeypatch.setattr(kept, "SHELF", empty)
    return empty


def page(function) -> AppTest:
    """A page of one part, drawn by `function`, and what came after it."""

    def script(function_of_the_test):
        import streamlit as st  # noqa: PLC0415 - AppTest runs the source of this function alone

        from lib.ui import kept  # noqa: PLC0415

        kept.draw("mark", "part", function_of_the_test)
        st.caption("after it")

    return AppTest.from_function(script, args=(function,), default_timeout=PATIENCE).run()


def test_what_was_kept_is_drawn_without_being_made_again(shelf):
    made = []

    def part():
        made.append(1)
        st.markdown("what is kept")

    assert texts(page(part)) == texts(page(part)) == "what is kept\nafter it"
    assert len(made) == 1


def stopped():
    st.stop()


def run_again():
    if not st.session_state.get("once"):
        st.session_state["once"] = True
        st.rerun()


def broken():
    raise ValueError


@pytest.mark.parametrize("end", [stopped, run_again, broken])
def test_what_was_broken_off_is_not_kept_and_nobody_listens_on(shelf, end):
    contexts = []

    def part():
        contexts.append(get_script_run_ctx())
        st.markdown("the half of it")
        end()

    page(part)
    assert all("enqueue" not in vars(context) for context in contexts)
    assert all(len(drawing.messages) == 1 for drawing in shelf._kept.values())
    assert len(shelf) == (end is run_again)


def test_a_part_that_is_kept_within_another_is_kept_with_it_and_what_follows_it_too(shelf):
    def part():
        st.markdown("before")
        kept.draw("mark", "inner", lambda: st.markdown("within"))
        st.markdown("behind")

    assert texts(page(part)) == texts(page(part)) == "before\nwithin\nbehind\nafter it"
    assert len(shelf) == 2


def rows_to_select():
    st.dataframe(pd.DataFrame({"a": [1]}), on_select="rerun", key="rows")


def points_to_select():
    st.plotly_chart(go.Figure(go.Bar(y=[1])), on_select="rerun", key="points")


def box_that_tells():
    with st.expander("more", on_change="rerun", key="box"):
        st.markdown("within")


def button_of_the_page():
    st.button("press")


@st.fragment
def button_that_calls():
    st.button("press", on_click=lambda: None)


@st.fragment
def choice():
    st.checkbox("choose")


def picture():
    st.image(b"<svg xmlns='http://www.w3.org/2000/svg'/>".decode())


@pytest.mark.parametrize(
    "part",
    [
        rows_to_select,
        points_to_select,
        box_that_tells,
        button_of_the_page,
        button_that_calls,
        choice,
        picture,
    ],
)
def test_what_remembers_what_calls_back_and_what_belongs_to_one_session_is_not_kept(shelf, part):
    assert not page(part).exception
    assert not len(shelf)


def test_what_is_drawn_together_is_sent_once_in_order_even_when_it_breaks_off(monkeypatch):
    monkeypatch.setattr(kept, "_is_served", lambda: True)
    sent = []

    def part():
        context = get_script_run_ctx()
        usual, context._enqueue = context._enqueue, sent.append
        try:
            with pytest.raises(ValueError, match="broken"), kept.together():
                st.markdown("one")
                kept.draw("mark", "inner", lambda: st.markdown("two"))
                kept.draw("mark", "inner", lambda: st.markdown("two"))
                assert not sent
                raise ValueError("broken")
            with kept.together():
                pass
            for _time in range(2):
                kept.draw("mark", "nothing", lambda: None)
            kept.pause()
        finally:
            context._enqueue = usual

    page(part)
    bundle, pause = sent
    assert pause.SerializeToString() == ()
    said = [ForwardMsg.FromString(one) for one in bundle.SerializeToString()]
    assert [one.delta.new_element.markdown.body for one in said] == ["one", "two", "two"]


def waiting():
    """A browser's queue in which a bundle waits behind the beginning of its run."""
    queue, begun = ForwardMsgQueue(), ForwardMsg()
    begun.new_session.name = "begun"
    queue.enqueue(begun)
    queue.enqueue(Bundle((b"first", b"second")))
    return queue


def test_a_bundle_that_waits_when_the_page_is_run_again_is_dropped_with_the_old_page():
    queue = waiting()
    queue.clear(retain_lifecycle_msgs=True)
    assert [one.WhichOneof("type") for one in queue.flush()] == ["new_session"]


def test_a_bundle_that_waits_when_a_fragment_is_run_is_sent_before_it():
    queue = waiting()
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["some"])
    assert [one.WhichOneof("type") for one in queue.flush()] == ["new_session", "bundle"]


@pytest.mark.parametrize(
    ("of", "name", "other"), [(kept, "language", lambda: "fr"), (session, "on_a_phone", lambda: True)]
)
def test_another_language_and_another_kind_of_screen_have_drawings_of_their_own(
    shelf, monkeypatch, of, name, other
):
    made = []

    def part():
        made.append(1)
        st.markdown("what is kept")

    page(part)
    monkeypatch.setattr(of, name, other)
    page(part)
    assert len(made) == len(shelf) == 2


def test_the_head_of_a_viewers_page_names_the_brand_that_is_set_now(shelf, workspace, monkeypatch):
    campaign(workspace)
    viewer = share(workspace, "ann@client.example", message="Have a look")[0]
    with workspace.records.begin() as db:
        cookie = sessions.open_viewer(db, viewer.id, 1, wiring.now()).cookie
    hold(monkeypatch, {cookies.viewer(workspace.settings.https): cookie})

    def script():
        from lib.ui import closing, session  # noqa: PLC0415 - AppTest runs the source of this function alone

        session.require_viewer()
        closing.header()

    assert "**Vitrine**" in texts(AppTest.from_function(script, default_timeout=PATIENCE).run())
    renamed = replace(workspace, settings=replace(workspace.settings, brand="Agency"))
    monkeypatch.setattr(session, "app", lambda: renamed)
    told = texts(AppTest.from_function(script, default_timeout=PATIENCE).run())
    assert "**Agency**" in told
    assert "Have a look" in told


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


def of(address):
    """The shares to this address, as a query."""
    return sa.select(viewers.c.share_id).where(viewers.c.address == address)


def revoke(parts, address):
    with parts.records.begin() as db:
        db.execute(viewers.update().where(viewers.c.address == address).values(revoked_at=wiring.now()))


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
def test_nothing_is_sent_before_what_it_stands_in(house):
    cookie = admitted(house[1], "order@client.example")
    opened(house, cookie)
    seen = {(0,)}
    for place, _content in drawn(opened(house, cookie)):
        assert place[:-1] in seen
        seen.add(place)
    assert len(seen) > 100


@pytest.mark.slow
def test_a_browser_that_remembers_a_large_message_is_only_reminded_of_it(house):
    cookie = admitted(house[1], "again@client.example")
    opened(house, cookie)
    with talk(house[0].url, cookie) as visitor:
        visitor.run("shared", url=f"{house[0].url}/shared")
        first = visitor.messages()
        large = [one.hash for one in first if one.metadata.cacheable]
        visitor.run("shared", url=f"{house[0].url}/shared", cached_message_hashes=large)
        then = visitor.messages()[len(first) :]
    assert large
    assert sorted(one.ref_hash for one in then if one.WhichOneof("type") == "ref_hash") == sorted(large)
    assert not {one.hash for one in then if one.WhichOneof("type") == "delta"} & set(large)
    sizes = [sum(one.ByteSize() for one in part) for part in (first, then)]
    assert sizes[1] < sizes[0] - 100_000


@pytest.mark.slow
def test_a_reader_is_sent_nothing_that_was_kept_for_a_larger_share(house):
    everything = opened(house, admitted(house[1], "whole@client.example", people=True))
    little = admitted(house[1], "part@client.example", sections=("overview",), people=False)
    told = b"".join(content for _place, content in drawn(opened(house, little)))
    assert b"section-links" in b"".join(content for _place, content in drawn(everything))
    assert b"section-overview" in told
    assert b"section-links" not in told
    assert b"section-recipients" not in told


def press(visitor, house):
    """The menu of the links, as the page showed it last, and the answer to a press on its first entry."""
    menus = (one.delta for one in visitor.messages() if one.WhichOneof("type") == "delta")
    menu = [one for one in menus if "take-of-links" in one.new_element.menu_button.id][-1]
    before = len(visitor.received)
    pressed = WidgetStates()
    state = pressed.widgets.add(id=menu.new_element.menu_button.id)
    state.string_trigger_value.data = menu.new_element.menu_button.options[0]
    visitor.run(fragment_id=menu.fragment_id, widgets=pressed, url=f"{house[0].url}/shared")
    return menu, [one for one in visitor.messages()[before:] if one.WhichOneof("type") == "delta"]


@pytest.mark.slow
def test_a_menu_that_was_kept_answers_in_runs_of_its_own_however_often(house):
    """A press on the menu of one section redraws that section's menu and nothing else."""
    cookie = admitted(house[1], "third@client.example")
    opened(house, cookie)
    with talk(house[0].url, cookie) as visitor:
        for _drawn_again in range(2):
            visitor.run("shared", url=f"{house[0].url}/shared")
            for _press in range(3):
                menu, answered = press(visitor, house)
                assert {one.delta.fragment_id for one in answered} == {menu.fragment_id}
                assert len(answered) < 10
                assert b"/export/campaign/" in b"".join(content for _place, content in drawn(answered))


@pytest.mark.slow
def test_a_menu_that_was_kept_does_nothing_for_whom_access_has_ended(house):
    """S3"""
    cookie = admitted(house[1], "fourth@client.example")
    opened(house, cookie)
    with talk(house[0].url, cookie) as visitor:
        visitor.run("shared", url=f"{house[0].url}/shared")
        revoke(house[1], "fourth@client.example")
        told = b"".join(content for _place, content in drawn(press(visitor, house)[1]))
    assert told
    assert b"/export/campaign/" not in told
    assert b"section-" not in told


@pytest.mark.slow
def test_what_a_share_shows_no_longer_is_not_drawn_from_what_was_kept(house):
    """X5"""
    cookie = admitted(house[1], "fifth@client.example", people=True, revenue=True)
    with talk(house[0].url, cookie) as visitor:
        visitor.run("shared", url=f"{house[0].url}/shared")
        before = len(visitor.received)
        with house[1].records.begin() as db:
            db.execute(
                shares.update()
                .where(shares.c.id.in_(of("fifth@client.example")))
                .values(people=False, revenue=False, version=shares.c.version + 1)
            )
        visitor.run("shared", url=f"{house[0].url}/shared")
        first, then = (
            b"".join(content for _place, content in drawn(part))
            for part in (visitor.messages()[:before], visitor.messages()[before:])
        )
    assert all(word in first for word in (b"section-overview", b"section-recipients", b"Revenue"))
    assert b"section-overview" in then
    assert b"section-recipients" not in then
    assert b"Revenue" not in then

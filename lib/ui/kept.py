"""What of a report is drawn alike for all who may read it, kept as the messages that draw it.

Making a section (tables into Arrow, figures into JSON, words, fragments) takes far longer than sending it. So
the messages of its first drawing are kept, and sent again to the next reader of the same report.

What is kept belongs to one report by its mark, and so to one scope; and to one place of one page in one
language on one kind of screen, because all of that stands in the messages. Nothing that a reader can change
is kept but the fragments of small menus, which ask again who is looking when they are used.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from threading import Lock
from typing import Any, NamedTuple

from streamlit.cursor import Cursor
from streamlit.delta_generator_singletons import get_dg_singleton_instance
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.forward_msg_cache import create_reference_msg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext, ThreadState
from streamlit.runtime.state.common import WidgetMetadata

from lib.ui import session
from lib.ui.i18n import language

LARGEST = 64 * 2**20
"""Bytes of all that is kept: some hundred reports, each in one form, language and kind of screen."""

A_MESSAGE, A_FRAGMENT = 150, 10_000
"""Bytes of memory, as measured, that each takes beside what a message says."""

STATIC = frozenset({"dataframe", "heading", "html", "markdown", "metric", "page_link", "plotly_chart"})
"""Elements that mean the same to everybody. Others, such as a picture in memory, belong to one session."""

PRESSED = frozenset({"button", "menu_button"})
"""What remembers nothing; within a fragment of its own it is heard when it is pressed, not before."""

TRIGGERS = frozenset({"trigger_value", "string_trigger_value"})
"""What their values are called; any other value is a choice that stays."""


class Said(NamedTuple):
    """A message as it is sent. Where it has a hash, a browser may remember it, and is sent `reminder`."""

    whole: bytes
    hash: str = ""
    reminder: bytes = b""


@dataclass(frozen=True)
class Drawing:
    """The messages of something drawn, each with its place on the page; never changed."""

    messages: tuple[Said, ...]
    fragments: tuple[tuple[str, Callable[[], Any]], ...]
    """By their ids; each asks for its reader when it runs."""
    names: frozenset[str]
    """Of all that has one of its own, so that nothing else on the page takes it."""
    buttons: tuple[tuple[WidgetMetadata[Any], str | None], ...]
    """Each with the key that we gave it."""
    places: int
    """How many elements it takes up one below the other."""

    @cached_property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        said = sum(len(message.whole) + len(message.reminder) for message in self.messages)
        return said + A_MESSAGE * len(self.messages) + A_FRAGMENT * len(self.fragments)

    @cached_property
    def _whole(self) -> tuple[bytes, ...]:
        return tuple(message.whole for message in self.messages)

    def as_sent(self, remembered: Collection[str]) -> tuple[bytes, ...]:
        """The messages for a browser that remembers those with these hashes."""
        if not any(message.hash in remembered for message in self.messages if message.hash):
            return self._whole
        return tuple(
            message.reminder if message.hash and message.hash in remembered else message.whole
            for message in self.messages
        )


class Bundle:
    """Messages that take one step through the server instead of one each, which costs more than they do
    themselves. To Streamlit it is a message of a kind that it only passes on; lib/web/bundles.py takes it
    apart before it leaves.
    """

    delta = None
    """Of no fragment: when one runs again, a bundle that still waits is sent before it."""

    def __init__(self, messages: tuple[bytes, ...]) -> None:
        self._messages = messages

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - as a message calls it
        return "bundle"

    def HasField(self, _name: str) -> bool:  # noqa: N802 - as a message calls it
        return False

    def SerializeToString(self) -> tuple[bytes, ...]:  # noqa: N802 - as a message calls it
        return self._messages


class Shelf:
    """Drawings by their keys; those that were not asked for the longest give way."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest, self._size = largest, 0
        self._kept: OrderedDict[Hashable, Drawing] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._size = 0

    def find(self, key: Hashable) -> Drawing | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, drawing: Drawing) -> None:
        with self._lock:
            if key in self._kept or drawing.size > self._largest:
                return
            self._kept[key] = drawing
            self._size += drawing.size
            while self._size > self._largest:
                self._size -= self._kept.popitem(last=False)[1].size


SHELF = Shelf()


def draw(mark: str, name: str, function: Callable[[], None], *more: Hashable) -> None:
    """Draw with `function`, or as it was drawn for this key before.

    `mark` is a report's, `name` one of its parts; `more` is what else the drawing depends on. Without a mark
    it depends on nothing else, and says nothing of a campaign.
    """
    context, cursor = get_script_run_ctx(suppress_warning=True), _cursor()
    if context is None or cursor is None:
        function()
        return
    thread = ThreadState.get()
    place = (thread.active_script_hash, thread.fragment_id, *cursor.delta_path)
    key = (mark, name, language(), session.on_a_phone(), place, more)
    known = SHELF.find(key)
    if known is not None and not _is_pressed(context, known):
        _again(context, cursor, known)
        return
    drawing = _first(context, cursor, function)
    if drawing is not None:
        SHELF.keep(key, drawing)


@contextmanager
def together() -> Iterator[None]:
    """What is drawn until the block ends is sent as one bundle, at its end. For what is drawn in moments: a
    reader sees nothing of it before.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not _is_served():
        yield
        return
    send, said = context._enqueue, list[ForwardMsg | Bundle]()
    context._enqueue = said.append
    try:
        yield
    finally:
        context._enqueue = send
        _send(context, _flat(said))


def _send(context: ScriptRunContext, messages: tuple[bytes, ...]) -> None:
    """As one bundle. Without messages it would be a pause."""
    if messages:
        context._enqueue(Bundle(messages))  # type: ignore[arg-type]


def pause() -> None:
    """Let the browser draw what it was sent before more of it comes; the run itself goes on."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and _is_served():
        context._enqueue(Bundle(()))  # type: ignore[arg-type]


def _flat(said: Iterable[ForwardMsg | Bundle]) -> tuple[bytes, ...]:
    parts = (message.SerializeToString() for message in said)
    return tuple(chain.from_iterable(part if isinstance(part, tuple) else (part,) for part in parts))


def _cursor() -> Cursor | None:
    """Where the next element goes; None where there is no page."""
    return get_dg_singleton_instance().main_dg._active_dg._cursor


def _is_pressed(context: ScriptRunContext, known: Drawing) -> bool:
    """Whether one of its buttons waits for its answer. Mostly their fragments run by themselves; a browser
    that comes back after a pause has the whole page run instead.
    """
    told = [context.session_state.register_widget(widget, key) for widget, key in known.buttons]
    return any(one.value for one in told)


def _again(context: ScriptRunContext, cursor: Cursor, known: Drawing) -> None:
    if _is_served() and "enqueue" not in vars(context):
        _send(context, known.as_sent(context.cached_message_hashes))
    else:  # each by itself, for a test or for whoever listens
        for said in known.messages:
            context.enqueue(ForwardMsg.FromString(said.whole))
    for name, fragment in known.fragments:
        context.fragment_storage.register(name, fragment, parent_fragment_id=ThreadState.get().fragment_id)
        context.shared.new_fragment_ids.check_and_add(name)
    for name in known.names:
        context.shared.widget_ids_this_run.check_and_add(name)
    for _ in range(known.places):
        cursor.lock_element()


def _is_served() -> bool:
    """Whether the server is there that takes bundles apart; Streamlit's AppTest has a stand-in for it."""
    return Runtime.exists() and type(Runtime.instance()) is Runtime


def _first(context: ScriptRunContext, cursor: Cursor, function: Callable[[], None]) -> Drawing | None:
    """Draw, and listen; None where what was drawn cannot be kept."""
    first, registered = cursor.index, context.fragment_storage.registration_sequence()
    drawn = context.shared.widget_ids_this_run.snapshot()
    with _listening(context) as heard:
        function()
    if not all(_is_static(message, ThreadState.get().fragment_id) for message in heard):
        return None
    fragments = context.fragment_storage.ids_registered_after(registered)
    names = context.shared.widget_ids_this_run.snapshot() - drawn
    buttons = _buttons(context, names)
    if not all(_forgets(widget) for widget, _key in buttons):
        return None
    return Drawing(
        tuple(map(_said, heard)),
        tuple((name, context.fragment_storage.lookup(name)) for name in sorted(fragments)),
        names,
        buttons,
        cursor.index - first,
    )


def _said(message: ForwardMsg) -> Said:
    whole = message.SerializeToString()
    if not message.metadata.cacheable:
        return Said(whole)
    return Said(whole, message.hash, create_reference_msg(message).SerializeToString())


def _buttons(
    context: ScriptRunContext, names: frozenset[str]
) -> tuple[tuple[WidgetMetadata[Any], str | None], ...]:
    state = context.session_state._state
    known, keys = state._new_widget_state.widget_metadata, state._key_id_mapper.id_key_mapping
    return tuple((known[name], keys.get(name)) for name in sorted(names & known.keys()))


def _forgets(widget: WidgetMetadata[Any]) -> bool:
    """Whether it keeps no choice, as a table with rows to select would, and calls nothing back: what it would
    call belongs to the first reader.
    """
    return widget.value_type in TRIGGERS and not (widget.callback or widget.callbacks)


@contextmanager
def _listening(context: ScriptRunContext) -> Iterator[Sequence[ForwardMsg]]:
    """Copies of all messages of this run until the block ends, with all that Streamlit writes into them.
    Within another such block both hear them.
    """
    heard: list[ForwardMsg] = []
    enqueue, outer = context.enqueue, vars(context).get("enqueue")

    def listen(message: ForwardMsg) -> None:
        enqueue(message)
        copy = ForwardMsg()
        copy.CopyFrom(message)
        heard.append(copy)

    context.enqueue = listen  # type: ignore[method-assign, assignment]  # for this block only
    try:
        yield heard
    finally:
        del context.enqueue  # what the class says counts again
        if outer is not None:
            context.enqueue = outer  # type: ignore[method-assign]  # of the block around this one


def _is_static(message: ForwardMsg, around: str | None) -> bool:
    """`around` is the fragment that all is drawn in, if any."""
    if message.WhichOneof("type") != "delta":
        return False
    delta = message.delta
    if delta.WhichOneof("type") == "add_block":
        return True
    kind = delta.new_element.WhichOneof("type")
    if kind in PRESSED:
        return bool(delta.fragment_id) and delta.fragment_id != around
    rows_follow = kind == "dataframe" and delta.new_element.dataframe.HasField("lazy_data")
    return kind in STATIC and not rows_follow

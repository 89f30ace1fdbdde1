"""Fragments, dialogs and callbacks that ask again who is looking.

Streamlit runs them without the frame and without the page's guard, even after access has ended, so a bare
`st.fragment` or `st.dialog` has no place in pages or in lib/ui. The scope inside comes from
`session.require_...()`, in a report's fragment from `session.reader()`.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Literal, TypeVar, cast, overload

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.ui import i18n, session

F = TypeVar("F", bound=Callable[..., Any])
Width = Literal["small", "medium", "large"]


@overload
def analyst_fragment(function: F) -> F: ...
@overload
def analyst_fragment(*, run_every: float | None = None, key: str | None = None) -> Callable[[F], F]: ...
def analyst_fragment(
    function: F | None = None, *, run_every: float | None = None, key: str | None = None
) -> F | Callable[[F], F]:
    """`st.fragment` for analysts. For a stranger the whole page is run again, and shows the sign-in."""
    decorate = _fragment(_analyst_is_here, run_every, key)
    return decorate if function is None else decorate(function)


@overload
def viewer_fragment(function: F) -> F: ...
@overload
def viewer_fragment(*, run_every: float | None = None, key: str | None = None) -> Callable[[F], F]: ...
def viewer_fragment(
    function: F | None = None, *, run_every: float | None = None, key: str | None = None
) -> F | Callable[[F], F]:
    """`st.fragment` for viewers. As soon as access has ended, the whole page is run again, without data."""
    decorate = _fragment(_viewer_is_here, run_every, key)
    return decorate if function is None else decorate(function)


@overload
def reader_fragment(function: F) -> F: ...
@overload
def reader_fragment(*, run_every: float | None = None, key: str | None = None) -> Callable[[F], F]: ...
def reader_fragment(
    function: F | None = None, *, run_every: float | None = None, key: str | None = None
) -> F | Callable[[F], F]:
    """`st.fragment` within a report, for whom the guard of its page let in: analysts, or a viewer."""
    decorate = _fragment(_reader_is_here, run_every, key)
    return decorate if function is None else decorate(function)


def analyst_dialog(title: str, *, width: Width = "small") -> Callable[[F], F]:
    """`st.dialog` for analysts; `title` is a locale key."""

    def decorate(function: F) -> F:
        @wraps(function)
        def open_dialog(*given: Any, **named: Any) -> Any:
            asking = _within_a_run(function, _analyst_is_here, _leave)
            return st.dialog(i18n.t(title), width=width)(asking)(*given, **named)

        return cast(F, open_dialog)

    return decorate


def analyst_callback(function: F) -> F:
    """A callback of a widget, or a deferred download, that does nothing for a stranger."""
    return _asking(function, _analyst_is_here, _nothing)


def viewer_callback(function: F) -> F:
    """The same for viewers."""
    return _asking(function, _viewer_is_here, _nothing)


def _fragment(is_here: Callable[[bool], bool], run_every: float | None, key: str | None) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        by_a_person = run_every is None  # a timer must not keep a session alive (S2)
        asking = _within_a_run(function, partial(is_here, by_a_person), st.rerun)
        return st.fragment(asking, run_every=run_every, key=key)

    return decorate


def _within_a_run(function: F, is_here: Callable[[], bool], otherwise: Callable[[], Any]) -> F:
    """Within a run of the whole page its guard has just asked; run by itself, a fragment begins a run."""
    asking = _asking(function, is_here, otherwise)

    @wraps(function)
    def begun(*given: Any, **named: Any) -> Any:
        context = get_script_run_ctx()
        if context is None or not context.fragment_ids_this_run:
            return asking(*given, **named)
        with session.run():
            return asking(*given, **named)

    return cast(F, begun)


def _asking(function: F, is_here: Callable[[], bool], otherwise: Callable[[], Any]) -> F:
    @wraps(function)
    def asked(*given: Any, **named: Any) -> Any:
        return function(*given, **named) if is_here() else otherwise()

    return cast(F, asked)


def _analyst_is_here(touch: bool = True) -> bool:
    found = session.find_analyst(touch)
    if found is not None:
        i18n.speak(found.language)
    return found is not None


def _viewer_is_here(touch: bool = True) -> bool:
    found = session.find_viewer(touch)
    if found is not None:
        i18n.speak(found.language)
    return found is not None


def _reader_is_here(touch: bool = True) -> bool:
    return session.find_reader(touch) is not None


def _leave() -> None:
    """Run the whole page again: the frame shows the sign-in. Within such a run draw nothing: no loop."""
    context = get_script_run_ctx()
    if context is not None and context.fragment_ids_this_run:
        st.rerun()


def _nothing() -> None:
    return None

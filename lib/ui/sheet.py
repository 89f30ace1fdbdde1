"""The sheet of the share form: its key, what it begins with, and the way back to it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from lib.model import Form, Scope
from lib.paper import numbers
from lib.shares.shares import ShareLine
from lib.ui import cache
from lib.ui.i18n import language

SHEET = "share-sheet"  # the key of st.session_state


@dataclass(frozen=True)
class Shared:
    """A campaign that can be shared."""

    id: str
    title: str
    subject: str
    audience: str
    sender: str
    sent: str


@dataclass(frozen=True)
class Start:
    """What the fields hold before anybody touches them. `language` "": the reader's own."""

    message: str = ""
    language: str = ""
    road: str = "same"
    expires_on: date | None = None
    endless: bool = False
    follows: bool = False
    """Every new campaign of the audience is offered."""
    sections: tuple[str, ...] | None = None
    people: bool = True
    revenue: bool = True
    history: bool = True
    form: Form = Form.ALL


@dataclass(frozen=True)
class Sheet:
    """One sheet; each key makes one share (M7). The key is hexadecimal: a component's must not hold `__`."""

    campaigns: tuple[str, ...]
    key: str
    start: Start = Start()
    mended: int = 0
    """How often the addresses were replaced from here; the field with another number takes the new ones."""

    @property
    def viewers_key(self) -> str:
        """The key of the field for the addresses."""
        return f"viewers-{self.key}-{self.mended}"


def campaigns(scope: Scope, wanted: Sequence[str]) -> tuple[Shared, ...]:
    """Those of `wanted` that there are within `scope`, each once, in their order."""
    frame = cache.campaigns(scope)
    rows = frame[frame["id"].isin(list(wanted))].itertuples()
    found = {str(row.id): _shared(row) for row in rows}
    return tuple(found[one] for one in dict.fromkeys(wanted) if one in found)


def current(asked: tuple[str, ...], form: Form = Form.ALL) -> Sheet:
    """The sheet being filled in; a new one when the address asks for other campaigns or another count."""
    found = st.session_state.get(SHEET)
    if isinstance(found, Sheet) and (found.campaigns, found.start.form) == (asked, form):
        return found
    return _lay(Sheet(asked, _key(), Start(form=form)))


def laid() -> Sheet:
    """The sheet on the table, for a fragment: its campaigns may be others than when the page was run."""
    found = st.session_state.get(SHEET)
    return found if isinstance(found, Sheet) else _lay(Sheet((), _key()))


def follow(chosen: tuple[str, ...]) -> None:
    """The same sheet for other campaigns, which the address names from now on."""
    st.query_params["campaign"] = list(chosen)
    _lay(replace(laid(), campaigns=chosen))


def put_viewers(addresses: Sequence[str]) -> None:
    """Let these addresses stand in the field, whatever stood there."""
    mended = _lay(replace(laid(), mended=laid().mended + 1))
    st.session_state[mended.viewers_key] = {"entries": list(addresses)}


def restore(share: ShareLine, addresses: Sequence[str]) -> None:
    """A new sheet, filled with what this share was made of. Its password is new: nobody knows the old one."""
    start = Start(
        message=share.message,
        language=share.language,
        road=share.road,
        expires_on=share.expires_on,
        endless=share.expires_on is None,
        follows=share.audience is not None,
        sections=share.sections,
        people=share.people,
        revenue=share.revenue,
        history=share.history,
        form=share.form,
    )
    _lay(Sheet(share.campaigns, _key(), start))
    put_viewers(addresses)


def drop() -> None:
    """The sheet was sent; the next one is empty."""
    st.session_state.pop(SHEET, None)


def _lay(sheet: Sheet) -> Sheet:
    st.session_state[SHEET] = sheet
    return sheet


def _key() -> str:
    return secrets.token_hex(16)


def _shared(row: Any) -> Shared:
    sent = numbers.moment(row.sent_at, language(), row.zone)
    title = row.title or row.subject or row.id
    return Shared(row.id, title, row.subject or "", row.audience or "", row.sender, sent)

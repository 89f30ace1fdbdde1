"""What can be taken along of a report: each table and chart, the whole of it, and how far a long one is.

A file leaves by the guarded routes only, which ask again who is looking and what they may see. A long one is
made here, where its steps can be shown, and waits for the browser as a parcel (lib/paper/parcels.py).
"""

import logging
import time
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

import streamlit as st
from streamlit.elements.lib.mutable_status_container import StatusContainer

from lib import wiring
from lib.model import Form
from lib.paper import files, naming, numbers, parcels
from lib.paper.files import MEDIA
from lib.paper.parcels import TooManyMakers
from lib.paper.pdf import Edition
from lib.paper.sections import CHARTS, TABLES, of_section, table_of
from lib.reports import Report, UnknownCampaign
from lib.shares import visits
from lib.shares.visits import TooManyExports
from lib.ui import cache, counting, exchange, plots, session
from lib.ui.guarded import reader_fragment
from lib.ui.i18n import language, t

log = logging.getLogger(__name__)

PRINT = "print"
CHOSEN = ("level", "winner")
"""Of an A/B test, in the address (lib/ui/sections/variants.py)."""
LONG = ("pdf", "xlsx")
"""Of the whole report."""
PATIENCE = 120.0
"""Seconds that a file waits for its turn."""
STATUS = 320
"""Pixels."""
OFTEN = 0.15
"""Seconds between two steps that are shown; a screen shows no more, and each is a message."""


def address(campaign: str, end: str, form: Form, **more: str) -> str:
    """The guarded route of a file of a report in a form, for the reader of this page; `end` is «.pdf», or
    the name of a part of it with its kind.
    """
    own = {"as": "viewer"} if session.reader().is_viewer else {}
    query = urlencode({counting.FORM: form.value, **_chosen(), **more, **own})
    return f"/export/campaign/{quote(campaign, safe='')}{end}?{query}"


def _chosen() -> dict[str, str]:
    """How the reader looks at the report, where the address tells it."""
    return {name: st.query_params[name] for name in CHOSEN if name in st.query_params}


# --- one section ----------------------------------------------------------------------------------


def menu(report: Report, section: str, live: bool = True) -> None:
    """The small menu in the heading of a section; not `live` (in a preview) it takes nothing along."""
    ends = _ends(report, section)
    if ends and live:
        _menu(report.campaign.id, section, report.form, ends)
    elif ends:
        _button(section, ends, disabled=True)


@reader_fragment
def _menu(campaign: str, section: str, form: Form, ends: dict[str, str]) -> None:
    # stretched it would stand on a line of its own there
    width: Literal["content", "stretch"] = "content" if session.on_a_phone() else "stretch"
    with st.container(horizontal=True, horizontal_alignment="right", width=width):
        chosen = _button(section, ends)
    if chosen is not None:
        exchange.fetch_file(address(campaign, f"/{chosen}", form))


def _button(section: str, ends: dict[str, str], disabled: bool = False) -> str | None:
    return st.menu_button(
        t("files.menu"),
        list(ends),
        format_func=lambda end: ends[end],
        key=f"take-of-{section}{'-preview' if disabled else ''}",
        help=t("files.menu_help", section=t(f"report.section.{section}")),
        type="tertiary",
        icon=":material/download:",
        disabled=disabled,
    )


def _ends(report: Report, section: str) -> dict[str, str]:
    """The files of a section, each with its words: of several tables each with its own name."""
    tables = [name for name in of_section(section, TABLES) if table_of(report, name) is not None]
    with_data = plots.drawn(report)
    drawn = [name for name in of_section(section, CHARTS) if name in with_data]
    kinds = [(name, kind, len(tables)) for name in tables for kind in files.OF_TABLES]
    kinds += [(name, kind, len(drawn)) for name in drawn for kind in files.OF_CHARTS]
    return {f"{name}.{kind}": _words(name, kind, several > 1) for name, kind, several in kinds}


def _words(name: str, kind: str, one_of_several: bool) -> str:
    said = t(f"files.{kind}")
    if not one_of_several or "." not in name:
        return said
    return t("files.of_part", part=naming.part(name, language()), kind=said)


# --- the whole report -----------------------------------------------------------------------------


def whole(campaign: str, live: bool = True) -> None:
    """The menu of the whole report, in the form that is on the screen."""
    if live:
        _whole(campaign)
    else:
        _whole_button("take-whole-preview", disabled=True)


@reader_fragment
def _whole(campaign: str) -> None:
    with st.container(gap="xsmall", width="content", key="take-along"):
        chosen = _whole_button("take-whole")
        if chosen == PRINT:
            exchange.print_page()
        elif chosen in LONG:
            _make(campaign, str(chosen))
        elif chosen is not None:
            exchange.fetch_file(address(campaign, f".{chosen}", counting.on_screen()))


def _whole_button(key: str, disabled: bool = False) -> str | None:
    return st.menu_button(
        t("files.whole"),
        [*files.OF_REPORTS, PRINT],
        format_func=lambda kind: t("files.print") if kind == PRINT else t(f"files.whole_{kind}"),
        key=key,
        icon=":material/download:",
        disabled=disabled,
    )


def _make(campaign: str, kind: str) -> None:
    """Make a long file while its steps are shown. Whoever leaves meanwhile ends it: nothing stays behind."""
    with st.status(t("files.making"), width=STATUS) as status:
        try:
            number = _parcel(campaign, kind, _Steps(status))
        except UnknownCampaign:
            status.update(label=t("report.unknown"), state="error")
            return
        except TooManyMakers:
            status.update(label=t("files.waiting"), state="error")
            return
        except TooManyExports:
            status.update(label=t("files.spent"), state="error")
            return
        except Exception:
            log.exception("a file could not be made")
            status.update(label=t("files.failed"), state="error")
            return
        status.update(label=t("files.ready"), state="complete")
    exchange.fetch_file(_waiting(number))


def _parcel(campaign: str, kind: str, steps: "_Steps") -> str:
    """Its id. Raises UnknownCampaign where access has ended meanwhile, TooManyExports, TooManyMakers."""
    reader, parts = session.reader(), session.app()
    visits.refuse_spent(parts.records, reader.viewer)
    known = cache.report(reader.scope, campaign, counting.on_screen())
    report = files.as_chosen(known, *(_chosen().get(name, "") for name in CHOSEN))
    edition = Edition(parts.settings.brand, reader.name, wiring.now(), language())
    made = files.whole(report, kind, edition)

    def fill(path: Path) -> None:
        with parcels.turn(PATIENCE, reader.session):
            made.write(path, steps)

    shelf = parcels.shelf(parts.settings.data)
    return shelf.put(reader.session, reader.scope, made.name, MEDIA[kind], fill)


def _waiting(number: str) -> str:
    """Where a parcel waits, for the one who asked: a colleague who is signed in too fetches the viewer's."""
    return f"/export/parcel/{number}{'?as=viewer' if session.reader().is_viewer else ''}"


class _Steps:
    """Shows how far a file is, no more often than one can read."""

    def __init__(self, status: StatusContainer) -> None:
        self._status = status
        self._shown = 0.0

    def __call__(self, name: str, done: int, count: int) -> None:
        if done < count and time.monotonic() - self._shown < OFTEN:
            return
        self._shown = time.monotonic()
        if done < count:
            label = t("files.step", name=name, number=numbers.whole(done + 1, language()), count=count)
        else:
            label = t("files.setting")
        self._status.update(label=label)

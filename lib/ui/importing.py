"""Bringing files in from the browser, what came of it, and taking an import back."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st
from streamlit.typing import UploadedFile

from lib import wiring
from lib.importers import ImportRefused, bring_in
from lib.model import Note
from lib.paper import numbers
from lib.reports import rollup
from lib.store import library
from lib.store.library import Outcome, Reached
from lib.ui import cache, exchange, once, session
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import language, plain, t

PAGE = "imports"
TYPES = ("csv", "zip", "json", "ndjson", "txt")
REJECTS_SHOWN = 200
ROUND = "import-round"  # how many uploads there were, in st.session_state: a new number empties the field
PAST = 200  # imports in the list
COLUMNS = (
    "file_name", "created_at", "state", "read", "imported", "duplicate", "rejected", "undo", "rejects", "by",
    "sender",
)  # fmt: skip
COUNTS = ("read", "imported", "duplicate", "rejected")


def upload() -> None:
    """The files, their zone and title, and the button; then what came of each file."""
    number = int(st.session_state.get(ROUND, 0))
    with st.container(border=True):
        files = st.file_uploader(
            t("imports.files"),
            TYPES,
            accept_multiple_files=True,
            key=f"files-{number}",
            help=t("imports.files_help"),
        )
        with st.grid(2, min_column_width=220):
            zone = _zone()
            title = st.text_input(t("imports.title"), help=t("imports.title_help"), key=f"title-{number}")
        pressed = st.button(
            t("imports.button"),
            type="primary",
            disabled=not files,
            icon=":material/upload:",
            key=f"import-{number}",
        )
    results = once.drawer(PAGE).results
    if pressed and files:
        results.clear()
        for file in files:
            results.append(_bring(file, zone, (title or "").strip() or None))
        st.session_state[ROUND] = number + 1
        st.rerun()  # with an empty field: files added to the one before would be lost
    for draw_result in results:
        draw_result()


def past() -> None:
    """The imports so far, the newest first, each to be taken back."""
    table = cache.imports()
    st.subheader(t("imports.past"), anchor=False)
    if table.empty:
        st.caption(t("imports.none"))
        return
    shown = table.head(PAST)
    st.dataframe(
        _shown(shown),
        column_config=_columns(),
        column_order=[name for name in COLUMNS if name != "rejects" or shown["rejected"].any()],
        hide_index=True,
        key="imports",
        placeholder="",
        alt=t("imports.past_alt"),
    )
    for key, action in ACTIONS.items():
        click = st.session_state.get(key)
        if click is not None:
            action(shown.iloc[click["row"]])


def _take_back(number: int) -> None:
    """Undo an import; that a colleague has just done it too is no error."""
    with suppress(library.UndoRefused):
        library.undo(session.app().analytics, number, rollup.make, wiring.now())


def _zone() -> str:
    zones = sorted(available_timezones())
    usual = session.app().settings.timezone
    return st.selectbox(
        t("imports.zone"), zones, index=zones.index(usual), help=t("imports.zone_help"), key="zone"
    )


def _bring(file: UploadedFile, zone: str, title: str | None) -> Callable[[], None]:
    """One file: progress while it comes in. Returns what draws the result or the refusal."""
    bar = st.progress(0.0, t("imports.reading", file=plain(file.name)))

    def progress(part: float, reached: Reached) -> None:
        bar.progress(part, _so_far(file.name, reached))

    try:
        with _kept_meanwhile(file) as path:
            outcome = bring_in(
                session.app().analytics, path, file_name=file.name, by=session.analyst().address,
                now=wiring.now(), title=title, zone=zone, language=language(), progress=progress,
            )  # fmt: skip
    except ImportRefused as refused:
        return partial(_refusal, file.name, refused)
    finally:
        bar.empty()
    return partial(_result, file.name, outcome)


@contextmanager
def _kept_meanwhile(file: UploadedFile) -> Iterator[Path]:
    """The upload as a file in the data folder, for as long as it is read."""
    folder = session.app().settings.data / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=Path(file.name).suffix[:10]) as kept:
        while piece := file.read(1 << 20):
            kept.write(piece)
        kept.flush()
        yield Path(kept.name)


def _refusal(name: str, refused: ImportRefused) -> None:
    st.error(plain(refused.sentence(language())), title=plain(name), icon=":material/block:")


def _result(name: str, outcome: Outcome) -> None:
    draw = st.success if outcome.imported else st.info
    draw(sentence(outcome), title=plain(name), icon=":material/check:")
    if outcome.rejected:
        _rejects(outcome)
    if outcome.notes:
        with st.expander(t("imports.notes", count=len(outcome.notes)), icon=":material/info:"):
            st.markdown("\n".join(f"- {_note(note)}" for note in outcome.notes[:REJECTS_SHOWN]))


def sentence(outcome: Outcome) -> str:
    """Read = imported + duplicate + rejected, in words."""
    counts = {name: _number(getattr(outcome, name)) for name in COUNTS}
    return t("imports.result", count=outcome.read, **counts)


def _so_far(name: str, reached: Reached) -> str:
    """How far the import is, in words."""
    if reached.stage == "reading":
        return t("imports.rows", file=plain(name), count=reached.rows, number=_number(reached.rows))
    at, all_of_them = (_number(count) for count in (reached.at, reached.campaigns))
    return t(f"imports.{reached.stage}", file=plain(name), number=at, campaigns=all_of_them)


def _number(rows: int) -> str:
    return numbers.whole(rows, language())


def _rejects(outcome: Outcome) -> None:
    with st.expander(
        t("imports.rejects", count=outcome.rejected, number=_number(outcome.rejected)),
        icon=":material/error:",
        expanded=True,
    ):
        if outcome.rejects_file is not None and outcome.rejects_file.exists():  # not once taken back
            table = pd.read_csv(outcome.rejects_file, nrows=REJECTS_SHOWN, dtype=str, keep_default_na=False)
            names = {name: t(f"imports.reject_{name}") for name in table.columns}
            st.dataframe(table.rename(columns=names), hide_index=True, alt=t("imports.rejects_alt"))
        if outcome.rejected > REJECTS_SHOWN:
            st.caption(t("imports.rejects_more", count=REJECTS_SHOWN))
        st.link_button(t("imports.rejects_file"), rejects_address(outcome.id), icon=":material/download:")


def rejects_address(number: int) -> str:
    """The guarded route of the list of rejects."""
    return f"/rejects/{number}.csv"


def _note(note: Note) -> str:
    return f"{plain(note.file)}: {plain(t(f'note.{note.reason}', **dict(note.holes)))}"


def _ask_undo(chosen: "pd.Series[Any]") -> None:
    confirm_undo(int(chosen["id"]), str(chosen["file_name"]), int(chosen["imported"]))


def _fetch_rejects(chosen: "pd.Series[Any]") -> None:
    exchange.fetch_file(rejects_address(int(chosen["id"])))


ACTIONS: dict[str, Callable[["pd.Series[Any]"], None]] = {"undo": _ask_undo, "rejects": _fetch_rejects}


@analyst_dialog("imports.undo_title")
def confirm_undo(number: int, file_name: str, rows: int) -> None:
    """Say what vanishes; take the import back when that is meant."""
    st.write(t("imports.undo_what", file=plain(file_name), count=rows, number=_number(rows)))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(t("imports.keep")):
            st.rerun()
        if st.button(t("imports.undo"), type="primary", icon=":material/undo:"):
            _take_back(number)
            once.drawer(PAGE).results.clear()
            st.rerun()


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    undo, rejects = t("imports.undo"), t("imports.rejects_file")
    return pd.DataFrame(
        {
            "file_name": table["file_name"],
            "state": [t(f"imports.state_{state}") for state in table["state"]],
            **{name: table[name] for name in COUNTS},
            "undo": [undo if state == "live" else None for state in table["state"]],
            "rejects": [
                rejects if row.rejected and row.state == "live" else None
                for row in table.itertuples(index=False)
            ],
            "created_at": [_when(at) for at in table["created_at"]],
            "sender": table["sender"],
            "by": table["by"],
        }
    )


def _when(at: datetime) -> str:
    return numbers.moment(at, language(), st.context.timezone or "UTC")


def _columns() -> dict[str, Any]:
    column = st.column_config
    buttons = {"undo": t("imports.undo"), "rejects": t("imports.rejects_file")}
    return {
        **{
            name: column.ButtonColumn("", type="tertiary", key=name, width=7 * len(label) + 28)
            for name, label in buttons.items()
        },
        "file_name": column.TextColumn(t("imports.file"), width=210),
        "state": column.TextColumn(t("imports.state"), width=94),
        **{name: column.NumberColumn(t(f"imports.{name}"), format="localized", width=82) for name in COUNTS},
        "created_at": column.TextColumn(t("imports.when"), width=178),
        "sender": column.TextColumn(t("imports.sender"), width=110),
        "by": column.TextColumn(t("imports.by"), width=170),
    }

"""Answers kept between runs, by who may see (the scope), what was asked, and the version of the data.

The same object goes to every session: a table from here is never changed in place. When the data changes,
all that was made of the older is forgotten at the next question: here, among the drawings (lib/ui/kept.py)
and in the rooms below. A run that is on its way at that moment may keep its own until the data changes again.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from lib import reports
from lib.model import Form, Scope
from lib.reports import Report, SideBySide, benchmarks, notes
from lib.reports import origins as where_from
from lib.store import library, remembered, settlement
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.ui import kept, session

Key = tuple[str, int]
"""The installation and the version of its data. (An argument that begins with _ is not hashed.)"""

BY_NAME: dict[str | type[Any], Callable[[Any], Any]] = {Scope: repr, Form: str}
"""What Streamlit would take apart to hash it, which takes longer than to draw a section."""


def campaigns(scope: Scope, form: Form = Form.ALL) -> pd.DataFrame:
    """One row per campaign within `scope`, newest first; see `lib.reports.campaigns`."""
    analytics = session.app().analytics
    return _campaigns(analytics, _key(analytics), scope, form)


def report(scope: Scope, campaign: str, form: Form = Form.ALL) -> Report:
    """The full report of a campaign. Raises UnknownCampaign, also when it is outside `scope`."""
    analytics = session.app().analytics
    with reading(analytics.records) as db:
        versions = settlement.version(db), notes.version(db, campaign), benchmarks.version(db)
    url = str(analytics.records.url)
    _forget_older(url, versions[0])
    key = url, *versions
    return _report(analytics, key, scope, campaign, form)


def origins(campaign: str) -> tuple[str, ...]:
    """The names of the files that tell of a campaign, for analysts only."""
    analytics = session.app().analytics
    return _origins(analytics, _key(analytics), campaign)


def side_by_side(scope: Scope, ids: tuple[str, ...], form: Form) -> SideBySide:
    """Some campaigns within `scope` beside each other."""
    analytics = session.app().analytics
    return _side_by_side(analytics, _key(analytics), scope, ids, form)


def imports(analytics: Analytics | None = None) -> pd.DataFrame:
    """All imports, the newest first; small, and not kept."""
    return library.imports_list((analytics or session.app().analytics).records)


def _key(analytics: Analytics) -> Key:
    key = str(analytics.records.url), library.data_version(analytics.records)
    _forget_older(*key)
    return key


_newest: dict[str, int] = {}
"""The version of the data that was met last, by installation."""


def _forget_older(url: str, version: int) -> None:
    """What an undone import said must not stay in memory, and nobody asks for answers of older data."""
    if version > _newest.setdefault(url, version):
        _newest[url] = version
        st.cache_resource.clear()
        kept.SHELF.clear()
        remembered.forget()


@st.cache_resource(max_entries=256, show_spinner=False)
def _origins(_analytics: Analytics, key: Key, campaign: str) -> tuple[str, ...]:  # noqa: ARG001 - hashed
    return where_from.imported_files(_analytics.records, campaign)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_NAME)
def _campaigns(_analytics: Analytics, key: Key, scope: Scope, form: Form) -> pd.DataFrame:  # noqa: ARG001 - hashed
    frame = reports.campaigns(_analytics, scope, form)
    return frame.sort_values("sent_at", ascending=False, na_position="last", ignore_index=True)


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs=BY_NAME)
def _report(
    _analytics: Analytics,
    key: tuple[str, int, int, int],  # noqa: ARG001 - hashed
    scope: Scope,
    campaign: str,
    form: Form,
) -> Report:
    return reports.report(_analytics, scope, campaign, form)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=BY_NAME)
def _side_by_side(
    _analytics: Analytics,
    key: Key,  # noqa: ARG001 - hashed
    scope: Scope,
    ids: tuple[str, ...],
    form: Form,
) -> SideBySide:
    return reports.side_by_side(_analytics, scope, ids, form)

"""A report made before the first reader asks: what is slow the first time only, in pandas, Plotly, Arrow,
Babel and DuckDB, is behind us then. What is made is thrown away.
"""

from streamlit import dataframe_util

from lib import reports
from lib.model import Scope
from lib.paper import numbers, story
from lib.paper.passport import passport
from lib.paper.sections import CHARTS, TABLES, table_of
from lib.reports import Report
from lib.store.analytics import Analytics
from lib.words import LANGUAGES


def rehearse(analytics: Analytics) -> None:
    """Make the newest report, in every language."""
    known = reports.campaigns(analytics, Scope())
    if known.empty:
        return
    newest = known.sort_values("sent_at", ascending=False, na_position="last")["id"].iloc[0]
    report = reports.report(analytics, Scope(), str(newest))
    for language in LANGUAGES:
        _speak(report, language)


def _speak(report: Report, language: str) -> None:
    for chart in CHARTS.values():
        figure = chart(report, language)
        if figure is not None:
            figure.to_json()
    for name, declared in TABLES.items():
        table = table_of(report, name)
        if table is not None:
            dataframe_util.convert_pandas_df_to_arrow_bytes(declared.in_words(table, language))
    story.sentences(report, language)
    passport(report, report.form, "open_rate", language)
    numbers.moment(report.campaign.sent_at, language, report.campaign.zone)

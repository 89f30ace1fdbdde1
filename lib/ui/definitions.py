"""Every metric with its formula and its explanation."""

import streamlit as st

from lib.reports import METRICS
from lib.ui.i18n import t

PEOPLE = "_people"


def draw() -> None:
    """One row per metric; the form without machines is explained once."""
    with st.container(border=True):
        st.subheader(t("definitions.people"), anchor=False)
        st.write(t("report.people_rule"))
    rows = {name: metric for name, metric in METRICS.items() if not name.endswith(PEOPLE)}
    st.table(
        {
            t("definitions.metric"): [f"**{t(f'metric.{name}')}**  \n`{name}`" for name in rows],
            t("definitions.formula"): [formula(name) for name in rows],
            t("definitions.meaning"): [t(f"definition.{name}") for name in rows],
        },
        border="horizontal",
        hide_index=True,
        alt=t("definitions.title"),
    )


def formula(name: str) -> str:
    """How a metric is computed, in the reader's words; a dash for what is counted as it comes."""
    metric = METRICS[name]
    part, whole = getattr(metric, "part", None), getattr(metric, "whole", None)
    return (
        f"{t(f'metric.{part.name}')} ÷ {t(f'metric.{whole.name}')}"
        if part and whole
        else t("definitions.count")
    )

"""Every metric with its formula and its explanation, and the rules that set machines apart."""

from collections.abc import Sequence

import streamlit as st

from lib.model import Kind
from lib.paper.passport import base_name
from lib.paper.sections.machines import rule_in_words, whose_in_words
from lib.reports import METRICS, Rate
from lib.reports.metrics import MADE_OF, in_people_form
from lib.reports.rules import RULES, RULES_VERSION
from lib.ui.i18n import language, t

PEOPLE = "_people"


def draw() -> None:
    """A chapter per metric, then the rules; the form without machines is explained once."""
    with st.container(border=True):
        st.subheader(t("definitions.people"), anchor=False)
        st.write(t("report.people_rule"))
    for name in METRICS:
        if not name.endswith(PEOPLE):
            _metric(name)
    _rules()


def _metric(name: str) -> None:
    with st.container(border=True, key=f"definition-{name}", gap="xsmall"):
        st.subheader(t(f"metric.{name}"), anchor=name)
        st.write(t(f"definition.{name}"))
        with st.grid(2, min_column_width=280, gap="small") as grid:
            for key, lines in _facts(name).items():
                if lines:
                    with grid.cell().container(gap=None):
                        st.caption(t(f"definitions.{key}"))
                        st.markdown("  \n".join(lines))


def _facts(name: str) -> dict[str, Sequence[str]]:
    """What is to be known of a metric, as lines of Markdown by the key of their heading."""
    metric = METRICS[name]
    return {
        "formula": [formula(name)],
        "exact": [f"`{name} = {metric.formula}`"],
        "needs": [_kinds(metric.needs) if metric.needs else t("definitions.reported_only")],
        "bases": [base_name(name, base.name, language()) for base in metric.bases]
        if isinstance(metric, Rate)
        else [],
        "forms": [f"`{in_people_form(name)}`"] if in_people_form(name) != name else [],
        "source": [f"`{metric.source}`"],
    }


def formula(name: str) -> str:
    """How a metric is computed, in the reader's words."""
    metric = METRICS[name]
    if isinstance(metric, Rate):
        return f"{t(f'metric.{metric.part.name}')} ÷ {t(f'metric.{metric.whole.name}')}"
    if name in MADE_OF:
        first, sign, second = MADE_OF[name]
        return f"{t(f'metric.{first}')} {sign} {t(f'metric.{second}')}"
    return t(f"definitions.count.{metric.of}") if metric.needs else t("definitions.reported_only")


def _kinds(kinds: Sequence[Kind]) -> str:
    return ", ".join(t(f"passport.kind.{kind}") for kind in kinds)


def _rules() -> None:
    with st.container(border=True, key="definition-rules"):
        st.subheader(t("definitions.rules"), anchor="rules")
        st.write(t("machines.version", version=RULES_VERSION))
        st.table(
            {
                t("machines.reason"): [rule_in_words(rule, language()) for rule in RULES.values()],
                t("machines.by"): [whose_in_words(rule.whose, language()) for rule in RULES.values()],
                t("definitions.name"): [f"`{reason}`" for reason in RULES],
            },
            border="horizontal",
            hide_index=True,
            alt=t("definitions.rules"),
        )

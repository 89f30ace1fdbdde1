"""The count with which a report is read: all opens and clicks, or those of people only."""

from dataclasses import dataclass

import streamlit as st

from lib.model import Form
from lib.ui.i18n import t

FORM = "opens"  # in the address
ON_SCREEN = "opens-on-screen"  # in st.session_state: a button above the report asks it a run later


@dataclass(frozen=True)
class Opening:
    """The count with which a report opens where the address names none.

    `addressed`: what the reader chooses stands in the address; not in a preview, which has none.
    """

    usual: Form = Form.ALL
    addressed: bool = True


USUAL = Opening()


def asked(usual: Form = Form.ALL) -> Form:
    """The count that the address names, else the usual one."""
    named = st.query_params.get(FORM, "")
    return Form(named) if named in set(Form) else usual


def switch(campaign: str, opening: Opening) -> Form:
    """Draw the switch of a report and remember in the address what was chosen."""
    first = asked(opening.usual) if opening.addressed else opening.usual
    key = f"{FORM}-{campaign}-{opening.usual}"
    chosen = pick(t("report.count"), first, key, t("report.people_rule"))
    if opening.addressed and chosen != first:
        st.query_params[FORM] = chosen.value
    return chosen


def pick(label: str, first: Form, key: str, about: str) -> Form:
    """Draw the two counts to choose from."""
    chosen = st.segmented_control(
        label,
        list(Form),
        format_func=lambda form: t(f"report.{form}"),
        default=first,
        required=True,
        key=key,
        help=about,
    )
    return chosen or first


def show(form: Form) -> None:
    """Remember with which count the report is on the screen, for what is shared or taken along."""
    st.session_state[ON_SCREEN] = form.value


def on_screen() -> Form:
    """The count with which the report was drawn last."""
    return Form(st.session_state.get(ON_SCREEN, Form.ALL))


def address(form: Form) -> dict[str, str]:
    """`form` for the address of another page; the usual count needs no word."""
    return {} if form is Form.ALL else {FORM: form.value}

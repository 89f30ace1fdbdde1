"""The mails as a viewer will receive them, word for word, with the link and the password left out."""

from datetime import date
from email.message import EmailMessage

import streamlit as st

from lib.mail.letters import Writer
from lib.shares import letterbox
from lib.shares.letterbox import HAND, INVITATION, Envelope
from lib.shares.refusal import ShareRefused
from lib.ui import session, spans
from lib.ui.i18n import plain, t

LINK_SHOWN = "https://…/v/…"
NOBODY_YET = "viewer@example.com"


def draw(
    address: str, titles: tuple[str, ...], language: str, road: str, message: str, expires_on: date | None
) -> None:
    """Each mail to one viewer, in the order of sending."""
    with st.expander(t("share.preview"), expanded=True, icon=":material/mail:"):
        try:
            made = _letters(address or NOBODY_YET, titles, language, road, message, expires_on)
        except ShareRefused:
            st.caption(t("share.no_preview"))
            return
        for number, one in enumerate(made, 1):
            if len(made) > 1:
                st.caption(t(f"share.mail_{number}"))
            _mail(one)
        st.caption(t("share.preview_hint_hand" if road == HAND else "share.preview_hint"))


def _letters(
    address: str, titles: tuple[str, ...], language: str, road: str, message: str, expires_on: date | None
) -> list[EmailMessage]:
    envelope = Envelope(language, titles, expires_on, spans.zone(), Writer(session.analyst().name))
    hidden = t("share.password_hidden")
    made = letterbox.with_password(
        session.app().settings, envelope, INVITATION, road, address, LINK_SHOWN, hidden, message
    )
    return [one.mail for one in made]


def _mail(mail: EmailMessage) -> None:
    st.markdown(f":gray[{t('share.preview_subject')}] {plain(mail['Subject'])}")
    body = mail.get_body(("plain",))
    st.code(body.get_content() if body else "", language=None, wrap_lines=True)

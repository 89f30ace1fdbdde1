"""What a reader sees of an error in a page: a number. What happened stands beside it in the server's log."""

import logging
import secrets

import streamlit as st

from lib.ui.i18n import t

log = logging.getLogger(__name__)


def say(problem: Exception) -> bool:
    """Streamlit calls this for every error of a page, a fragment or a callback; True: it shows none of it."""
    reference = secrets.token_hex(4)
    log.error("error %s: %s", reference, type(problem).__name__)
    st.error(t("mishap.text", reference=reference), title=t("mishap.title"), icon=":material/error:")
    return True

"""The banner after the records were restored; it stays until an admin has looked through the shares."""

import streamlit as st

from lib import wiring
from lib.shares import restoring
from lib.ui import session, spans
from lib.ui.i18n import t


def banner() -> None:
    """Say that access which was taken away may be open again; admins can put it away."""
    records = session.app().records
    found = restoring.warning(records)
    if found is None:
        return
    with st.container(border=True):
        st.error(t("restored.banner", at=spans.moment(found.at)), icon=":material/settings_backup_restore:")
        if not session.analyst().admin:
            st.caption(t("restored.admins"))
        elif st.button(t("restored.acknowledge"), icon=":material/done_all:", key="restored-seen"):
            restoring.acknowledge(records, wiring.now(), by=session.actor())
            st.rerun()

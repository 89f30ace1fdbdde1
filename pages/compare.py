"""Compare: how do these campaigns stand beside each other?"""

import streamlit as st

from lib.ui import cache, compare, session
from lib.ui.i18n import t

scope = session.require_analyst()

st.title(t("compare.title"), anchor=False)
st.caption(t("compare.what"))
chosen = compare.choose(cache.campaigns(scope))
if not compare.enough(chosen):
    st.stop()

form = compare.form()
found = cache.side_by_side(scope, chosen, form)
compare.curves(found)
compare.table(found)

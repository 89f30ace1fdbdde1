"""A page with nothing but the chips, for test_chips.py: what the server understood, and how often it ran."""

import streamlit as st

from lib.ui import chips

st.session_state["runs"] = st.session_state.get("runs", 0) + 1


@st.fragment
def field() -> None:
    chosen = chips.address_chips("Add viewers", key="viewers", taken=("old@x.org",))
    st.text(f"good: {' '.join(chosen.good)} ({len(chosen.good)})")
    st.text(
        f"refused: {'; '.join(f'{entry} = {why}' for entry, why in chosen.refused)} ({len(chosen.refused)})"
    )
    if st.button("Share", disabled=not chosen.good):
        st.text(f"shared with {' '.join(chosen.good)}")


st.text_input("Before")
field()
st.text(f"page runs: {st.session_state['runs']}")
st.text_input("After")

"""A page with nothing but the chips, for test_chips.py: what the server understood, and how often it ran.

With `?offer=yes` addresses used before are suggested, and a button of the server puts two addresses in.
"""

import streamlit as st

from lib.ui import chips

USED = ("ann.lee@acme.example", "bo@acme.example", "lena@lakes.example", "old@x.org", "anna@lakes.example")

st.session_state["runs"] = st.session_state.get("runs", 0) + 1
offering = "offer" in st.query_params


@st.fragment
def field() -> None:
    place = st.container()
    put_in = ("cy@x.org", "dee@x.org") if offering and st.button("Put in") else ()
    with place:
        chosen = chips.address_chips(
            "Add viewers",
            key="viewers",
            taken=("old@x.org",),
            suggestions=USED if offering else (),
            add=put_in,
        )
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

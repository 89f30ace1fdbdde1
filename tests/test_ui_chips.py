"""The address chips as the server sees them: what a browser says is judged again."""

import pytest
from streamlit.testing.v1 import AppTest

from lib.ui import chips


def page() -> None:
    import streamlit as st  # noqa: PLC0415 - AppTest runs this function as a script of its own

    from lib.ui import chips  # noqa: PLC0415

    chosen = chips.address_chips("Add viewers", key="viewers", taken=("old@x.org",))
    st.text(" ".join(chosen.good))
    st.text("; ".join(f"{entry} = {why}" for entry, why in chosen.refused))


def understood(entries: object) -> tuple[str, str]:
    at = AppTest.from_function(page)
    at.session_state["viewers"] = {"entries": entries}
    at.run()
    assert not at.exception
    return at.text[0].value, at.text[1].value


def test_an_empty_field_has_nobody_in_it():
    at = AppTest.from_function(page).run()
    assert not at.exception
    assert [text.value for text in at.text] == ["", ""]


def test_good_addresses_are_taken_in_their_order():
    assert understood(["bo@x.org", "ann@x.org"]) == ("bo@x.org ann@x.org", "")


def test_the_same_address_twice_counts_once_whatever_its_case():
    assert understood(["Ann@x.org", "ann@X.org"]) == ("Ann@x.org", "")


def test_a_wrong_address_is_refused_with_the_reason():
    assert understood(["nonsense", "ann@x.org"]) == ("ann@x.org", "nonsense = not a valid address")


def test_someone_invited_already_is_refused_with_the_reason():
    assert understood(["OLD@x.org"]) == ("", "OLD@x.org = already invited")


@pytest.mark.parametrize(
    "entry", ["a@x.org\r\nBcc: b@x.org", "a@x.org%0aBcc:b@x.org", "a@x.org, b@x.org", "a@x"]
)
def test_what_a_tampered_browser_sends_as_one_address_is_not_believed(entry):
    """M2"""
    assert understood([entry])[0] == ""


@pytest.mark.parametrize("entries", ["ann@x.org", {"a": 1}, 7, [1, None, {}], ["x" * 401]])
def test_anything_but_short_texts_is_left_aside(entries):
    assert understood(entries) == ("", "")


def test_a_browser_cannot_send_more_than_can_be_borne():
    many = [f"user{number}@x.org" for number in range(chips.MOST + 5)]
    assert len(understood(many)[0].split()) == chips.MOST


def adding() -> None:
    import streamlit as st  # noqa: PLC0415 - AppTest runs this function as a script of its own

    from lib.ui import chips  # noqa: PLC0415

    given = tuple(st.session_state.get("given", ()))
    st.text(" ".join(chips.address_chips("Add viewers", key="viewers", add=given).good))


def test_added_addresses_count_at_once_and_stay_until_the_browser_has_taken_them_in():
    at = AppTest.from_function(adding)
    at.session_state["given"] = ("ann@x.org", "bo@x.org")
    assert at.run().text[0].value == "ann@x.org bo@x.org"
    at.session_state["given"] = ()
    assert at.run().text[0].value == "ann@x.org bo@x.org", "the browser had no time to answer"
    at.session_state["viewers"] = {"entries": ["ann@x.org"], "batch": 1}
    assert at.run().text[0].value == "ann@x.org", "what was removed came back"
    at.session_state["given"] = ("bo@x.org",)
    assert at.run().text[0].value == "ann@x.org bo@x.org"

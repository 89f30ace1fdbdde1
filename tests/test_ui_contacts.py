"""Picking addresses, as the server draws it: what is said before anything is set up, and who may see it."""

import pytest
from streamlit.testing.v1 import AppTest

from lib import contacts, wiring
from lib.model import COMMAND_LINE
from lib.shares import analysts
from lib.store.tables import google_links
from lib.words import t
from tests.screens import PATIENCE, add_analyst, analyst_cookie, hold, texts


def beside_the_chips() -> None:
    import streamlit as st  # noqa: PLC0415 - AppTest runs this function as a script of its own

    from lib.ui import contacts  # noqa: PLC0415

    st.text(f"picked: {' '.join(contacts.picker('x'))}")


def in_the_settings() -> None:
    from lib.ui import contacts  # noqa: PLC0415 - AppTest runs this function as a script of its own

    contacts.settings_section()


@pytest.fixture
def ada(workspace, monkeypatch):
    hold(monkeypatch, analyst_cookie(workspace, add_analyst(workspace)))


@pytest.fixture
def with_google(monkeypatch):
    monkeypatch.setenv("VITRINE_GOOGLE_CLIENT_ID", "4711.apps.googleusercontent.com")
    monkeypatch.setenv("VITRINE_GOOGLE_CLIENT_SECRET", "GOCSPX-canary")


def code(at: AppTest) -> list[str]:
    return [block.value for block in at.get("code")]


def test_without_client_id_and_secret_the_button_explains_every_step(workspace, ada):
    at = AppTest.from_function(beside_the_chips, default_timeout=PATIENCE).run()
    at.button(key="google-x").click().run()
    assert not at.exception
    assert t("en", "google.setup") in texts(at)
    assert [f"{number}\\." for number in range(1, 8) if f"{number}\\." not in texts(at)] == []
    assert f"{workspace.settings.base_url}/google/callback" in code(at)
    assert any("VITRINE_GOOGLE_CLIENT_ID" in block for block in code(at))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_settings_offer_the_link_in_the_readers_language(with_google, workspace, ada, language):
    analysts.set_language(workspace.records, 1, language)
    at = AppTest.from_function(in_the_settings, default_timeout=PATIENCE).run()
    assert not at.exception
    assert t(language, "google.offer") in texts(at)
    assert "GOCSPX-canary" not in str(at)


def test_a_link_that_the_secret_key_no_longer_opens_can_be_taken_away_in_the_dialog(
    with_google, workspace, ada
):
    with workspace.records.begin() as db:
        db.execute(google_links.insert().values(analyst_id=1, sealed=b"?", scopes="", linked_at=wiring.now()))
    at = AppTest.from_function(beside_the_chips, default_timeout=PATIENCE).run()
    at.button(key="google-x").click().run()
    assert not at.exception
    assert t("en", "google.problem.lost") in texts(at)
    assert at.button(key="unlink-x").label == t("en", "google.unlink")
    args = (workspace.records, workspace.vault, None, 1, wiring.now())
    assert contacts.unlink(*args, by=COMMAND_LINE) is False
    assert contacts.find(workspace.records, 1) is None


def test_addresses_that_were_picked_are_handed_out_once(workspace, ada):
    at = AppTest.from_function(beside_the_chips, default_timeout=PATIENCE)
    at.session_state["picked-x"] = ("ann@x.example", "bo@x.example")
    assert at.run().text[0].value == "picked: ann@x.example bo@x.example"
    assert at.run().text[0].value == "picked:"


def test_the_buttons_open_nothing_for_a_stranger(workspace, monkeypatch):
    """S3"""
    hold(monkeypatch, {})
    at = AppTest.from_function(beside_the_chips, default_timeout=PATIENCE).run()
    at.button(key="google-x").click().run()
    assert "google" not in texts(at).lower()

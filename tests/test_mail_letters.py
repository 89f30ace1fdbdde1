"""The letters say what a viewer needs, in HTML and in plain text, in the reader's language."""

from datetime import date
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from lib.mail import letters
from lib.mail.letters import LetterRefused

LINK = "https://reports.example.com/v/" + "k" * 43
PASSWORD = "w4hn-xk7p-9qtd-mz3r"


def letter(
    write=letters.invitation, language="en", message="Have a look!\nSee you.", password=PASSWORD, **other
):
    given = {
        "settings_from": "Reports <reports@example.com>",
        "brand": "Atelier Nord",
        "language": language,
        "address": "ann@client.example",
        "link": LINK,
        "password": password,
        "message": message,
        "campaign_titles": ("Spring sale",),
        "expires_on": date(2026, 12, 31),
        "zone": "Europe/Paris",
    }
    return write(**(given | other))


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def html_of(mail):
    return mail.get_body(("html",)).get_content()


@pytest.mark.parametrize("write", [letters.invitation, letters.new_password])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_link_and_password_stand_on_lines_of_their_own(write, language):
    lines = text_of(letter(write, language)).splitlines()
    assert LINK in lines
    assert PASSWORD in lines


def test_an_english_letter_shows_the_whole_link_even_in_the_raw_mail():
    assert LINK.encode() in letter().as_bytes().splitlines()


def test_the_html_has_a_button_the_password_and_the_message_with_its_lines():
    html = html_of(letter())
    assert f'href="{LINK}"' in html
    assert PASSWORD in html
    assert "Have a look!<br>See you." in html


def test_a_letter_says_until_when_in_the_readers_language():
    assert "31 December 2026 (Central European Time)" in text_of(letter())
    assert "31 décembre 2026 inclus (heure d’Europe centrale)" in text_of(letter(language="fr"))


def test_without_an_end_nothing_is_said_of_one():
    assert "ends" not in text_of(letter(expires_on=None))


def test_a_password_that_travels_apart_is_not_in_the_letter():
    assert "another road" in text_of(letter(password=None))
    assert "Password:" not in text_of(letter(password=None))


def test_several_campaigns_are_listed():
    mail = letter(campaign_titles=("Spring", "Summer"))
    assert mail["Subject"] == "2 campaign reports from Atelier Nord"
    assert "- Spring\n- Summer\n" in text_of(mail)


def test_the_subject_names_the_campaign_and_its_line_breaks_are_mended():
    assert (
        letter(campaign_titles=("Spring\r\nBcc: x@y.example",))["Subject"]
        == "Campaign report: Spring Bcc: x@y.example"
    )


def test_the_first_of_a_month_is_written_as_the_french_do():
    first = date(2027, 2, 1)
    assert "1er février 2027 inclus" in text_of(letter(language="fr", expires_on=first))
    assert "1 February 2027" in text_of(letter(expires_on=first))


@pytest.mark.parametrize("length", range(20, 80, 4))
def test_a_subject_and_a_name_keep_every_space_on_their_way(length):
    title = ("à lettre « clients spéciale » nos été " * 3)[:length].strip()
    mail = letter(language="fr", campaign_titles=(title,), brand=f"Agence {title}")
    received = message_from_bytes(mail.as_bytes())
    for name in ("Subject", "From"):
        assert (
            str(make_header(decode_header(received[name]))).split()
            == str(mail[name]).replace('"', "").split()
        )
    assert max(map(len, mail.as_bytes().partition(b"\r\n\r\n")[0].splitlines())) <= 78


def test_a_letter_is_from_the_settings_sender_and_marked_as_automatic():
    mail = letter()
    assert mail["From"] == "Reports <reports@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@example.com>")


def test_without_a_sender_the_brand_signs():
    assert str(letter(settings_from="")["From"]) == "Atelier Nord <vitrine@localhost>"


def test_two_letters_never_share_a_message_id():
    assert letter()["Message-ID"] != letter()["Message-ID"]


def test_a_letter_is_small():
    assert len(letter(language="fr").as_bytes()) < 10_000


@pytest.mark.parametrize(
    "address", ["a@x.example\r\nBcc: b@x.example", "a@x.example\n", "a\u2028@x.example", "nobody", ""]
)
def test_an_address_that_could_turn_a_header_is_refused(address):
    with pytest.raises(LetterRefused):
        letter(address=address)


@pytest.mark.parametrize("message", ["a\x00b", "a\u202eb", "a\x1b[2J"])
def test_a_message_with_hidden_signs_is_refused(message):
    """M2"""
    with pytest.raises(LetterRefused, match="message"):
        letter(message=message)


@pytest.mark.parametrize("write", [letters.invitation, letters.new_password])
def test_a_letter_names_the_analyst_and_an_answer_goes_there(write):
    mail = letter(write, writer=letters.Writer("Ana Analyst", "ana@agency.example"))
    assert "Ana Analyst (Atelier Nord)" in text_of(mail)
    assert mail["Reply-To"] == "Ana Analyst <ana@agency.example>"


def test_without_an_analyst_the_brand_writes_and_nobody_is_named_for_answers():
    assert "Atelier Nord has shared" in text_of(letter())
    assert "Reply-To" not in letter()


def test_a_name_that_turns_the_direction_of_the_text_is_mended():
    """M2"""
    mail = letter(writer=letters.Writer("Ana \u202eEvil\r\nBcc: x@y.example", "ana@agency.example"))
    assert "\u202e" not in text_of(mail)
    assert "Bcc" not in mail

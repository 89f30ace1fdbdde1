"""Addresses: what is taken out of a text, and what never becomes a mail's header (M2)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.shares import addresses
from lib.shares.refusal import ShareRefused
from lib.words import LANGUAGES, t


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("ann@client.example", "ann@client.example"),
        ("Ann.Lee@Client.Example", "Ann.Lee@client.example"),
        ("ann+reports@client.example", "ann+reports@client.example"),
        ("ann@exämple.org", "ann@xn--exmple-cua.org"),
        ("ann@mail.test", "ann@mail.test"),
        ("ann@intranet.lan", "ann@intranet.lan"),
    ],
)
def test_an_address_keeps_its_local_part_and_gets_a_domain_in_ascii(written, stored):
    """M2"""
    assert addresses.clean(written) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@client.example",
        "ann@localhost",
        "ann@client..example",
        "ann@[192.0.2.1]",
        "a@x.org\r\nBcc: b@x.org",
        "a@x.org\n",
        " a@x.org",
        "a@x%0aBcc.org",
        "a%0d%0aBcc@x.org",
        "a%00@x.org",
        "a@x.org\x00",
        "a\u2028@x.org",
        "a\u202eb@x.org",
        "a\u200b@x.org",
        '"a b"@x.org',
        "Name <a@x.org>",
        "a@x.org, b@x.org",
        "a@x.org;b@x.org",
        "é@x.org",
        "x" * 65 + "@x.org",
        "a@" + "x" * 320 + ".org",
    ],
)
def test_what_is_not_exactly_one_address_is_refused_in_words(text):
    """M2"""
    with pytest.raises(ShareRefused) as refused:
        addresses.clean(text)
    assert refused.value.field == "viewers"
    for language in LANGUAGES:
        said = t(language, refused.value.reason, **refused.value.holes)
        assert said.replace("\N{NO-BREAK SPACE}", " ").isprintable()


@given(
    st.text(max_size=40), st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Zs", "Cs"]), st.text(max_size=40)
)
def test_no_control_or_hidden_character_ever_gets_through(before, sign, after):
    """M2"""
    for text in (f"{before}{sign}{after}", f"a{sign}b@x.org", f"a@x{sign}.org", f"a@x.org{sign}"):
        try:
            cleaned = addresses.clean(text)
        except ShareRefused:
            continue
        assert all(unicodedata.category(each)[0] not in "CZ" for each in cleaned)
        assert sign not in cleaned


def test_a_pasted_list_is_taken_apart_whatever_stands_between():
    parsed = addresses.parse(
        'ann@x.org, bob@x.org;cid@x.org\tdee@x.org\neve@x.org "Lee, Fay" <fay@x.org>; Gil Ho <gil@x.org>'
    )
    assert [address[:3] for address in parsed.good] == ["ann", "bob", "cid", "dee", "eve", "fay", "gil"]
    assert parsed.bad == ()


def test_what_is_no_address_is_told_apart_with_its_reason():
    parsed = addresses.parse("nope ann@x.org Zed <zed@x.org> a@b@c")
    assert parsed.good == ("ann@x.org", "zed@x.org")
    assert [(bad.text, bad.reason) for bad in parsed.bad] == [
        ("nope", "refusal.address.wrong"),
        ("a@b@c", "refusal.address.wrong"),
    ]


def test_the_same_address_in_other_capitals_counts_once():
    """M2"""
    assert addresses.parse("Ann@x.org ANN@X.ORG ann@x.org").good == ("Ann@x.org",)
    assert addresses.key("Ann@x.org") == addresses.key("ANN@x.org")


def test_a_long_text_without_addresses_is_read_quickly():
    assert addresses.parse('"' + "a" * 50_000 + "<" * 1000).good == ()

"""Files of contacts: vCards and tables of all kinds to people; what is bad is named by its line."""

import pytest

from lib.contacts import ContactsRefused, cards, read_file
from lib.contacts import files as contact_files
from lib.importers.text import Line


def people(content: str | bytes, name: str = "people.vcf"):
    book = read_file(name, content.encode() if isinstance(content, str) else content)
    return [(one.name, one.addresses) for one in book.people]


def card(*lines: str, version: str = "3.0") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


# --- vCard ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_every_version_gives_name_and_addresses(version):
    text = card("FN:Ann Lee", "EMAIL;TYPE=work:ann@x.example", "EMAIL:ann@home.example", version=version)
    assert people(text) == [("Ann Lee", ("ann@x.example", "ann@home.example"))]


def test_the_old_quoted_printable_with_its_charset_and_soft_breaks_is_read():
    text = card(
        "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:No=EBl;Zo=E9",
        "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Zo=C3=A9 =",
        "No=C3=ABl",
        "EMAIL;INTERNET:zoe@x.example",
        version="2.1",
    )
    assert people(text) == [("Zoé Noël", ("zoe@x.example",))]


def test_folded_lines_are_put_together_as_each_version_folds_them():
    new = card("FN:Ann Elisabeth", "  Lee", "EMAIL:ann.a.very.long.name", " @x.example", version="3.0")
    old = card("FN:Bo", " Berg", "EMAIL:bo@x.example", version="2.1")
    assert people(new + old) == [
        ("Ann Elisabeth Lee", ("ann.a.very.long.name@x.example",)),
        ("Bo Berg", ("bo@x.example",)),
    ]


def test_groups_mailto_and_quoted_parameters_of_other_programs_are_understood():
    text = card(
        r"FN:Lee\, Ann",
        'item1.EMAIL;type="INTERNET:x";type=pref:ann@x.example',
        "item1.X-ABLabel:_$!<Work>!$_",
        "EMAIL:mailto:ann@home.example",
        version="4.0",
    )
    assert people(text) == [("Lee, Ann", ("ann@x.example", "ann@home.example"))]


def test_without_a_full_name_its_parts_or_the_company_stand_for_it():
    text = card("N:Lee;Ann;;;", "EMAIL:a@x.example") + card("ORG:Tea House;Sales", "EMAIL:b@x.example")
    assert people(text) == [("Ann Lee", ("a@x.example",)), ("Tea House", ("b@x.example",))]


def test_a_card_within_a_card_is_not_mistaken_for_the_person():
    text = card(
        "FN:Ann", "AGENT:", "BEGIN:VCARD", "FN:Her Agent", "EMAIL:agent@x.example", "END:VCARD",
        "EMAIL:ann@x.example", version="2.1",
    )  # fmt: skip
    assert people(text) == [("Ann", ("ann@x.example",))]


def test_categories_become_labels_with_their_counts():
    text = card("FN:A", "EMAIL:a@x.example", "CATEGORIES:Clients,Press") + card(
        "FN:B", "EMAIL:b@x.example", "CATEGORIES:clients"
    )
    book = read_file("people.vcf", text.encode())
    assert [(label.name, label.count) for label in book.labels] == [("Clients", 2), ("Press", 1)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_card_in_any_usual_encoding_is_read(encoding):
    text = card("FN:Zoé Noël à Genève, déjà", "EMAIL:zoe@x.example")
    assert people(text.encode(encoding)) == [("Zoé Noël à Genève, déjà", ("zoe@x.example",))]


def test_what_is_bad_in_a_vcard_is_named_by_its_line_and_costs_itself_only():
    text = (
        card("FN:Ann", "EMAIL:nowhere", "EMAIL:ann@x.example")
        + "not a line of a card\r\n"
        + "BEGIN:VCARD\r\nFN:Open End\r\nEMAIL:open@x.example\r\n"
        + card("FN:Bo", "EMAIL:bo@x.example")
        + card("FN:Nobody")
    )
    book = read_file("people.vcf", text.encode())
    assert [one.name for one in book.people] == ["Ann", "Bo"]
    assert [(bad.line, bad.reason) for bad in book.bad] == [
        (1, "contacts.bad.address"),
        (7, "contacts.bad.line"),
        (8, "contacts.bad.card"),
    ]
    assert book.without == 1


# --- tables ---------------------------------------------------------------------------------------

GOOGLE = (
    "First Name,Middle Name,Last Name,Labels,"
    "E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value\n"
    "Ann,,Lee,Clients ::: * myContacts,* Work,ann@x.example ::: ann@y.example,Home,ann@home.example\n"
    'Bo,,Berg,"Clients ::: Press",* ,bo@x.example,,\n'
)
OUTLOOK = (
    "First Name,Middle Name,Last Name,Company,"
    "E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,Notes\n"
    "Ann,,Lee,Tea House,ann@x.example,SMTP,Ann Lee (ann@x.example),ann@home.example,\n"
    ',,,Tea House,info@x.example,SMTP,,,"wrote to other@x.example\non Monday"\n'
)
FRENCH = (
    "Prénom;Nom;Adresse de messagerie;Nom complet de l'adresse de messagerie\n"
    "Zoé;Noël;zoe@x.example;Zoé (zoe@x.example)\n"
)


def test_googles_export_gives_every_address_and_the_labels():
    book = read_file("contacts.csv", GOOGLE.encode())
    assert [(one.name, one.addresses) for one in book.people] == [
        ("Ann Lee", ("ann@x.example", "ann@y.example", "ann@home.example")),
        ("Bo Berg", ("bo@x.example",)),
    ]
    assert [(label.name, label.count) for label in book.labels] == [("Clients", 2), ("Press", 1)]
    assert book.bad == ()


def test_outlooks_export_gives_addresses_and_not_what_stands_beside_them():
    assert people(OUTLOOK, "contacts.csv") == [
        ("Ann Lee", ("ann@x.example", "ann@home.example")),
        ("Tea House", ("info@x.example",)),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_french_outlook_with_semicolons_is_read(encoding):
    assert people(FRENCH.encode(encoding), "contacts.csv") == [("Zoé Noël", ("zoe@x.example",))]


def test_without_a_heading_that_names_it_the_column_full_of_addresses_is_found():
    text = "who\treach\tremark\nAnn\tann@x.example\tknows bo@y.example\nBo\tbo@x.example\t\n"
    assert people(text, "contacts.tsv") == [("", ("ann@x.example",)), ("", ("bo@x.example",))]


def test_a_bare_list_of_addresses_without_headings_is_read_from_its_first_line():
    assert people("ann@x.example\nbo@x.example\n", "list.txt") == [
        ("", ("ann@x.example",)),
        ("", ("bo@x.example",)),
    ]


def test_bad_rows_of_a_table_are_named_by_line():
    text = "Name,E-mail\nAnn,ann@x.example\nBo,nowhere\nCy,cy@x.example,too much\n"
    text += 'Dee,"dee@x.example\nEve,eve@x.example\n'
    book = read_file("contacts.csv", text.encode())
    assert [one.name for one in book.people] == ["Ann", "Eve"]
    assert [(bad.line, bad.reason) for bad in book.bad] == [
        (3, "contacts.bad.address"),
        (4, "reject.ragged"),
        (5, "reject.bad_quotes"),
    ]


def test_the_same_address_twice_is_one_person_and_signs_that_harm_are_refused():
    """M2"""
    text = "Name,E-mail\nAnn,ann@x.example\nAnn again,ANN@X.example\nMallory,m@x.example%0aBcc:b@x.example\n"
    book = read_file("contacts.csv", text.encode())
    assert [one.addresses for one in book.people] == [("ann@x.example",)]
    assert [bad.line for bad in book.bad] == [4]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \r\n", "empty"),
        (b"PK\x03\x04rest of a spreadsheet", "packed"),
        (b"\x1f\x8bgzip", "packed"),
        (b"Name,City\nAnn,Rome\n", "nobody"),
        (b"BEGIN:VCARD\nFN:Ann\nEND:VCARD\n", "nobody"),
        (b"\x00\x01\x02" * 500, "nobody"),
    ],
)
def test_a_file_without_people_is_refused_with_its_reason(content, reason):
    with pytest.raises(ContactsRefused) as refused:
        read_file("people.vcf", content)
    assert refused.value.reason == reason


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    """X3"""
    monkeypatch.setattr(contact_files, "LARGEST", 100)
    with pytest.raises(ContactsRefused, match="too_large"):
        read_file("people.vcf", card("FN:Ann", "EMAIL:a@x.example", "NOTE:" + "x" * 100).encode())


def test_a_line_without_end_or_too_many_columns_is_refused_in_words():
    """X3"""
    with pytest.raises(ContactsRefused) as refused:
        read_file("contacts.csv", b"a@x.example," * 300)
    assert "columns" in refused.value.holes["why"].sentence("en")


@pytest.mark.parametrize(
    "picture",
    ["PHOTO:" + "\r\n ".join(["A" * 70] * 1000), "NOTE;QUOTED-PRINTABLE:" + "=\r\n".join(["A" * 70] * 1000)],
    ids=["folded", "soft breaks"],
)
def test_of_a_long_folded_line_the_rest_is_left_out_and_what_follows_is_read(picture):
    content = card("FN:Ann", picture, "EMAIL:ann@client.example", version="2.1")
    lines = (Line(number, line) for number, line in enumerate(content.splitlines(keepends=True), 1))
    assert max(len(line.text) for line in cards._unfolded(lines)) < cards.LONGEST + 100
    assert people(content) == [("Ann", ("ann@client.example",))]

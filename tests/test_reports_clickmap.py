"""The click map: a mail that can only be looked at, and what was clicked at each of its links."""

import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.model import Form, Reported, Scope
from lib.paper.sections import click_map as paper
from lib.reports import mail_css, mail_html, report
from lib.reports.clickmap import Bubble, Letter, drawn, letter
from lib.reports.mail_html import TooLarge
from tests import hostile_mail
from tests.shelf import EVERYTHING, SPRING, Shelf, covering, event, shelf

HIDDEN = Scope(people=False, raw_links=False)
TEA, STORY = "https://shop.example/tea", "https://shop.example/story"
MAIL = (
    f'<p><a href="{TEA}?utm_source=letter">Tea</a> <a href="mailto:us@shop.example">Write</a>'
    f'<a href="{STORY}">Story</a> <a href="{TEA}?utm_source=letter"><img src="x.png" alt="A cup"></a>'
    '<a href="https://shop.example/nobody">Nobody</a> <a href="*|UNSUB|*">Leave</a>'
)


class Seen(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.values: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values |= {value or "" for _, value in attrs}
        self.addresses |= {value for name, value in attrs if name in ("href", "src", "background")}


def draw(page: str, *places: int, pictures: bool = False) -> str:
    bubbles = {place: Bubble(f"{place} %", f"bubble {place}", place / 10) for place in places}
    return drawn(
        Letter(page, frozenset({"us@shop.example"})), bubbles, title="t", language="en", pictures=pictures
    )


# --- what leaves ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pictures", [False, True])
@pytest.mark.parametrize("piece", [*hostile_mail.SCRIPTS, *hostile_mail.LOADING, *hostile_mail.PIXELS])
def test_nothing_in_a_drawn_mail_runs_leads_or_loads(piece, pictures):
    """X1"""
    seen = Seen(draw(hostile_mail.mail(piece), 1, pictures=pictures))
    assert seen.tags <= mail_html.TAGS | {"html", "head", "meta", "title", "style", "body"}
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert not seen.attributes & {
        "href",
        "srcset",
        "action",
        "ping",
        "srcdoc",
        "http-equiv",
        "data",
        "poster",
    }
    allowed = ("data:image/png", hostile_mail.SINK) if pictures else ("data:image/png",)
    assert all(address.startswith(allowed) for address in seen.addresses)


def test_no_address_of_a_picture_leaves_until_it_is_asked_for():
    """X1"""
    page = draw(hostile_mail.EVERYTHING)
    assert not [value for value in Seen(page).values if hostile_mail.SINK in value]
    assert not re.search(r"<style>[^<]*sink.invalid", page)
    shown = draw(hostile_mail.EVERYTHING, pictures=True)
    assert f"{hostile_mail.SINK}/photo.jpg" in shown
    assert not [one for one in ("pixel-", "open.php", "banner.png", "bg.png", "bg2.png") if one in shown]


@pytest.mark.parametrize("pictures", [False, True])
@pytest.mark.parametrize("piece", hostile_mail.TOKENS)
def test_no_token_of_a_recipient_leaves(piece, pictures):
    """X5"""
    assert hostile_mail.TOKEN in hostile_mail.mail(piece)
    assert hostile_mail.TOKEN not in draw(hostile_mail.mail(piece), 1, 2, pictures=pictures)
    texts = [link.text for link in mail_html.links(hostile_mail.mail(piece))]
    assert hostile_mail.TOKEN not in "".join(texts)


def test_the_senders_own_address_may_stand_in_the_text():
    page = draw("<p>Write to Us@shop.example (us@shop.example), not to ann@mail.example")
    assert "Us@shop.example (us@shop.example)" in page
    assert "ann@" not in page


def test_a_reader_at_the_senders_own_provider_is_not_named(library):
    """X5: many write from where their readers are, too"""
    page = "<p>From our.shop@mail.example, for bob.reader@mail.example or not.our.shop@mail.example</p>"
    mail = replace(SPRING, html=page, from_email="Our.Shop@mail.example", reply_to="us@shop.example")
    library.bring(mail, covering(), *clicks(STORY, 3, "p1"))
    found = letter(library.analytics, HIDDEN, SPRING.id)
    assert found is not None
    assert found.own == {"our.shop@mail.example", "us@shop.example"}
    shown = drawn(found, {}, title="t", language="en")
    assert "From our.shop@mail.example, for …@mail.example or …@mail.example<" in shown


def test_addresses_that_are_joined_by_a_comma_are_both_cut():
    """X5"""
    assert "bob" not in draw("<p>ann@mail.example,bob.reader@mail.example</p>")


@pytest.mark.parametrize(
    "page", [hostile_mail.NESTED, hostile_mail.BROKEN, hostile_mail.large(), "", "<", "\0", "plain words"]
)
def test_any_text_is_drawn_within_seconds(page):
    """X1"""
    began = time.monotonic()
    assert "<!doctype html>" in draw(page, 1, 2)
    assert len(mail_html.links(page)) < 20
    assert time.monotonic() - began < 20


def test_what_would_take_minutes_is_refused():
    with pytest.raises(TooLarge):
        draw("&" * 1_000_000)
    assert draw("<div " + " ".join(f"a{number}" for number in range(200_000)) + "><p>behind")


@given(st.text(alphabet="<>/=\"' -!abimgscriptyle:;()url@{}\\x00\n", max_size=300))
def test_whatever_is_written_no_forbidden_element_comes_out(text):
    """X1"""
    seen = Seen(draw(text))
    assert seen.tags <= mail_html.TAGS | {"html", "head", "meta", "title", "style", "body"}
    assert not {name for name in seen.attributes if name.startswith("on")}


def test_the_look_of_the_mail_stays():
    page = draw(
        '<body bgcolor="#ffeecc"><style>@media (max-width:600px){.w{width:100% !important}}</style>'
        '<table class="w" width="600"><td bgcolor="red" style="padding:3px;color:#fff">x</td></table>'
    )
    assert "@media (max-width:600px){.w{width:100% !important}}" in page
    assert 'width="600"' in page and 'bgcolor="red"' in page and "padding:3px;color:#fff" in page
    assert "background-color:#ffeecc" in page


def test_a_style_sheet_cannot_end_its_element_nor_load_anything():
    """X1"""
    kept = mail_css.sheet(
        "a{content:'</style><script>'} @import 'x'; b{background:red url(x)} @media (width < 9px){i{top:0}}"
    )
    assert "</" not in kept and "<s" not in kept
    assert "@import" not in kept and "url" not in kept
    assert "b{background:red}" in kept and "(width < 9px)" in kept


ASKING = (
    'td:has(span[title^="412"])',
    "td:has(span[ TITLE])",
    "td:has([*|title])",
    'td:has(span[style*="1f5f8b"])',
    'a[class="]"] [title]',
    r"td:has([\74itle])",
    "td:has([/**/title])",
    ".vitrine-bubble",
    '[class^="vitrine"]',
    ".Vitrine-bubble",
)


@pytest.mark.parametrize("selector", ASKING)
@pytest.mark.parametrize(
    "written", ["{}{{{}}}", "@media all{{{}{{{}}}}}", "td{{color:red;b:is(*) {}{{{}}}}}"]
)
def test_the_style_of_a_mail_cannot_ask_what_stands_on_a_bubble(selector, written):
    """X1: once pictures are loaded, the picture that is asked for would tell the clicks"""
    ground = f"background:url({hostile_mail.SINK}/412.png)"
    mail = f"<style>td b{{{ground}}} {written.format(selector, ground)}</style>{MAIL}"
    sheet = draw(mail, 1, pictures=True).partition("</style>")[0]
    assert sheet.count("412.png") == 1, "only the plain rule stays"
    assert selector not in sheet


def test_a_dark_screen_does_not_change_the_mail():
    assert mail_css.sheet("@media (prefers-color-scheme: dark){p{color:#fff}}") == ""


# --- bubbles --------------------------------------------------------------------------------------


def test_a_bubble_stands_at_its_link_and_says_more_when_pointed_at():
    page = draw(MAIL, 1, 3)
    assert re.search(r"<a>Tea<span [^>]*title=\"bubble 1\"[^>]*>1 %</span></a>", page)
    assert re.search(r"<a>Story<span [^>]*>3 %</span></a>", page)
    assert page.count("vitrine-bubble") == 2


def test_a_bubble_on_a_picture_lies_upon_it():
    page = draw(MAIL, 4)
    assert re.search(r"<a><span [^>]*position:absolute[^>]*>4 %</span><span [^>]*>A cup</span></a>", page)


def test_the_mail_cannot_pass_for_one_of_our_bubbles():
    page = draw('<span class="vitrine-bubble" title="99 %">99 %</span><a href="https://b.example">b</a>', 1)
    assert page.count("vitrine-bubble") == 1
    assert 'title="99 %"' not in page


# --- what was clicked -----------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def clicks(url: str, place: int | None, *names: str):
    return [event(name, "clicked", 600, url=url, link_position=place) for name in names]


def people(count: int, start: int = 0) -> list[str]:
    return [f"p{number}" for number in range(start, start + count)]


def bring(library: Shelf, *events, page: str | None = MAIL) -> None:
    library.bring(replace(SPRING, html=page), covering(), *events)


def told(library: Shelf, scope: Scope = EVERYTHING, form: Form = Form.ALL) -> dict:
    """place -> clicks, what they are of"""
    section = report(library.analytics, scope, SPRING.id, form).sections["click_map"]
    rows = section.table.to_dict("records")
    return {row["place"]: (None if np.isnan(row["clicks"]) else row["clicks"], row["told"]) for row in rows}


@pytest.mark.parametrize("numbers", [(1, 3, 4), (1, 2, 3)], ids=["all links", "links of the web"])
def test_a_link_that_stands_twice_is_told_apart_by_its_place(library, numbers):
    first, story, second = numbers
    bring(
        library,
        *clicks(f"{TEA}?utm_source=letter", first, *people(4)),
        *clicks(STORY, story, "p1"),
        *clicks(f"{TEA}?utm_source=letter", second, *people(3)),
    )
    assert told(library) == {1: (4, "place"), 3: (1, "place"), 4: (3, "place"), 5: (0, "place")}


@pytest.mark.parametrize("place", [None, 9])
def test_without_a_known_place_all_links_to_a_page_share_its_figure_and_say_so(library, place):
    bring(
        library,
        *clicks(f"{TEA}?utm_source=letter", 1, *people(4)),
        *clicks(f"{TEA}?utm_source=letter", place, "p7"),
        *clicks(STORY, None, "p1"),
    )
    assert told(library) == {1: (5, "page"), 3: (1, "place"), 4: (5, "page"), 5: (0, "place")}


OWN = f"{TEA}?k=SECRET"
COPY = f'<a href="{OWN}0">Tea</a> <a href="{STORY}">Story</a> <a href="{TEA}?cup=2">Cups</a>'


@pytest.mark.parametrize("scope", [EVERYTHING, HIDDEN], ids=["all", "hidden"])
def test_a_link_with_a_parameter_of_its_own_for_each_recipient_has_the_clicks_of_its_page(library, scope):
    """X5: the mail is one recipient's copy, and the parameter is theirs"""
    own = [event(name, "clicked", 60, url=f"{OWN}{number}") for number, name in enumerate(people(9))]
    bring(library, *own, *clicks(STORY, None, *people(7, 20)), page=COPY)
    assert told(library, scope) == {1: (9, "place"), 2: (7, "place"), 3: (0, "place")}
    pages = report(library.analytics, scope, SPRING.id).sections["click_map"].rows["page"].tolist()
    assert pages == [TEA, STORY, TEA if scope is HIDDEN else f"{TEA}?cup=2"]


@pytest.mark.parametrize("readers", [0, 2])
def test_of_a_page_without_clicks_to_show_no_parameter_is_shown_where_recipients_are_hidden(library, readers):
    """X5"""
    few = [event(name, "clicked", 60, url=f"{OWN}{number}") for number, name in enumerate(people(readers))]
    bring(
        library, *few, *clicks(STORY, None, *people(7, 20)), page=COPY.replace("SECRET0", "SECRET0#k=SECRET")
    )
    rows = report(library.analytics, HIDDEN, SPRING.id).sections["click_map"].rows
    assert rows["page"].tolist() == [TEA, STORY, TEA]
    assert "SECRET" not in rows.to_csv()


def test_shares_are_of_all_clicks_on_links(library):
    bring(library, *clicks(STORY, 3, *people(3)), *clicks("https://elsewhere.example", None, "p1"))
    table = library.section("click_map").table.set_index("place")
    assert table["click_share"].to_dict() == {1: 0, 3: 0.75, 4: 0, 5: 0}


def test_where_recipients_are_hidden_links_of_few_have_no_number(library):
    """X5"""
    bring(library, *clicks(STORY, 3, *people(8)), *clicks(TEA, 1, "p1", "p2"), *clicks(TEA, 4, "p1"))
    assert told(library, HIDDEN) == dict.fromkeys((1, 3, 4, 5), (None, "few"))
    bring(library, *clicks("https://shop.example/jam", 7, *people(6, 20)))
    assert told(library, HIDDEN) == {1: (None, "few"), 3: (8, "place"), 4: (None, "few"), 5: (None, "few")}
    shown = paper.bubbles(report(library.analytics, HIDDEN, SPRING.id).sections["click_map"], "fr")
    assert (shown[1].text, shown[5].text) == ("peu", "peu")


def test_a_place_of_few_is_not_told_by_the_other_place_of_its_page(library):
    """X5: 12 clicks on tea, and 10 of them at its first place, would tell the two at its second"""
    bring(
        library,
        *clicks(TEA, 1, *people(10)),
        *clicks(TEA, 4, "p1", "p2"),
        *clicks(STORY, 3, *people(8)),
        *clicks("https://shop.example/jam", 7, *people(4)),
        *clicks("https://shop.example/pie", 8, *people(4, 4)),
    )
    assert told(library)[4] == (2, "place")
    assert {told(library, HIDDEN)[place] for place in (1, 4)} == {(12, "page")}
    assert "placements" not in report(library.analytics, HIDDEN, SPRING.id).sections["links"].more


def test_the_form_without_machines_counts_people(library):
    bring(
        library,
        *clicks(STORY, 3, "p1"),
        event("p2", "clicked", 700, url=STORY, link_position=3, machine=True),
    )
    assert (told(library)[3], told(library, form=Form.PEOPLE)[3]) == ((2, "place"), (1, "place"))


def test_reported_clicks_make_a_map_too_but_not_of_people(library):
    claims = [Reported(SPRING.id, name, 7, "7", "link", STORY) for name in ("clicks", "unique_clicks")]
    library.bring(replace(SPRING, html=MAIL), *claims)
    assert told(library) == {1: (0, "place"), 3: (7, "place"), 4: (0, "place"), 5: (0, "place")}
    assert library.section("click_map", Form.PEOPLE).missing == "missing.click_map_clicks"


def test_what_is_missing_is_said(library):
    bring(library, *clicks(STORY, 3, "p1"), page=None)
    assert library.section("click_map").missing == "missing.click_map"
    assert letter(library.analytics, Scope(), SPRING.id) is None


def test_bubbles_speak_the_readers_language(library):
    bring(library, *clicks(STORY, 3, *people(3)), *clicks(TEA, None, "p9"))
    section = library.section("click_map")
    english, french = (paper.bubbles(section, language) for language in ("en", "fr"))
    assert (english[3].text, french[3].text) == ("75.0%", "75,0\u00a0%")
    assert english[5] == Bubble("0%", "Clicks: 0 · unique clicks: 0", 0.0)
    assert english[3].strength == 1.0
    assert "together" in english[1].title and "ensemble" in french[4].title


def test_a_scope_without_the_section_or_the_campaign_has_no_mail(library):
    """X7"""
    bring(library, *clicks(STORY, 3, "p1"))
    assert letter(library.analytics, Scope(), SPRING.id)
    assert letter(library.analytics, Scope(sections=("links",)), SPRING.id) is None
    assert letter(library.analytics, Scope(campaigns=()), SPRING.id) is None

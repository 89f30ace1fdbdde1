"""The report as a PDF: all in it is text, in the reader's language, whatever its campaign is called."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pypdf
import pytest
import typst

from lib.model import SYSTEM, Scope
from lib.paper import pdf
from lib.paper.pdf import Edition
from lib.paper.sections import SENTENCES
from lib.paper.sections.variants import verdict
from lib.reports import METRICS, benchmarks, report
from lib.words import t
from tests.shelf import EVERYTHING, SPRING, covering, event, shelf

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
HOSTILE = [
    "#panic(1)",
    '#read("/etc/passwd")',
    "$ x^2 $ \\ * _ ` @ <a> [b] { c } ~ = -- /* */ //",
    '"quoted" \'and\' #"more"',
    "🎁 émojis 👩‍👩‍👧 et 漢字",
    "عرض الربيع \u202eabc",
    "x" * 5000,
    "word " * 1000,
    "\x00\x01control",
]


def edition(language: str = "en") -> Edition:
    return Edition("Studio & Sons", "ann@client.example", NOW, language)


@pytest.fixture
def house(tmp_path):
    with shelf(tmp_path) as made:
        made.bring(
            replace(SPRING, subject="Tea & cake", audience="Readers", zone="Europe/Paris", currency="EUR"),
            covering(),
            *(event(f"reader{number}", "sent", 0) for number in range(1300)),
            *(event(f"reader{number}", "opened", 60 + number) for number in range(700)),
            *(
                event(f"reader{n}", "clicked", 900 + n, url=f"https://shop.example/{n % 60}")
                for n in range(120)
            ),
            event("reader1", "ordered", 3000, revenue=1234.5, currency="EUR", order="1", product="Tea"),
        )
        yield made


def pages(made: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages]


def text(made: bytes) -> str:
    return "\n".join(pages(made))


def letters(said: str) -> str:
    """Without the places where a line may break."""
    return re.sub(r"[\s\u00ad\u2010-]", "", said)


def shown(house, language="en", scope=EVERYTHING) -> bytes:
    return pdf.make(report(house.analytics, scope, SPRING.id), edition(language))


def test_the_cover_says_what_for_whom_and_when(house):
    cover = pages(shown(house))[0]
    for said in (
        "Spring",
        "Tea & cake",
        "Readers",
        "Studio & Sons",
        "ann@client.example",
        "1 Apr 2026",
        "53.85%",
    ):
        assert said in cover


def test_figures_in_french_are_written_the_french_way(house):
    told = text(shown(house, "fr"))
    assert "53,85\u00a0%" in told
    assert "1\u202f300" in told
    assert t("fr", "files.contents") in told


def test_each_page_but_the_cover_has_its_number_and_the_campaign(house):
    told = pages(shown(house))
    for number, page in enumerate(told[1:], start=2):
        assert f"{number} / {len(told)}" in page
        assert "Spring" in page


def test_a_long_table_is_cut_and_says_where_the_rest_is(house):
    told = text(shown(house))
    assert t("en", "files.more_rows", count=20, number="20") in " ".join(told.split())


def test_the_definitions_of_all_figures_are_at_its_end(house):
    told = letters(text(shown(house)))
    end = told[told.rindex(letters(t("en", "files.definitions"))) :]
    missing = [
        name
        for name in METRICS
        if not name.endswith("_people") and letters(t("en", f"metric.{name}")) not in end
    ]
    assert missing == []


def test_it_knows_its_title_its_language_and_its_structure(house):
    read = pypdf.PdfReader(io.BytesIO(shown(house, "fr")))
    assert (read.metadata or {}).get("/Title") == "Spring"
    assert read.trailer["/Root"]["/Lang"] == "fr-FR"
    assert "/StructTreeRoot" in read.trailer["/Root"]
    assert [entry["/Title"] for entry in read.outline if not isinstance(entry, list)]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_title_is_a_text_and_nothing_else(house, title):
    """X1"""
    known = report(house.analytics, EVERYTHING, SPRING.id)
    campaign = replace(known.campaign, title=title, subject=title, audience=title, from_name=title)
    told = " ".join(text(pdf.make(replace(known, campaign=campaign), edition("fr"))).split())
    assert "root:" not in told
    if title.isascii() and len(title) < 100 and title.isprintable():
        assert title.replace(" ", "") in told.replace(" ", "")


def test_a_section_out_of_scope_is_not_there(house):
    told = text(shown(house, scope=Scope(sections=("links",), revenue=False)))
    assert t("en", "report.section.links") in told
    assert t("en", "report.section.first_day") not in told
    assert t("en", "metric.revenue") not in told
    assert "1,234" not in told


def test_the_same_report_gives_the_same_bytes(house):
    assert shown(house) == shown(house)


def test_the_compiler_opens_nothing_outside_of_its_folder(tmp_path):
    """X1: what a template could ask for, if a text ever became one."""
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    folder = tmp_path / "template"
    folder.mkdir()
    for asked in (f'#read("{secret}")', '#read("../secret.txt")', '#import "@preview/example:0.1.0": *'):
        (folder / "report.typ").write_text(asked)
        with pytest.raises(typst.TypstError):
            typst.compile(folder / "report.typ", root=folder, package_path=folder, package_cache_path=folder)


def test_each_section_says_what_it_says_on_the_screen(house):
    found = report(house.analytics, Scope(people=False), SPRING.id)
    told = letters(text(pdf.make(found, edition("fr"))))
    said = {
        name: [letters(sentence) for sentence in say(found, "fr")]
        for name, say in SENTENCES.items()
        if name in found.sections and not found.sections[name].rows.empty
    }
    assert {"life", "links", "machines"} <= {name for name, sentences in said.items() if sentences}
    assert [one for sentences in said.values() for one in sentences if one not in told] == []
    assert letters("La moitié de ceux qui ont ouvert") in told


def test_an_average_before_the_proxy_of_apple_comes_with_its_caution(house):
    caution = letters(t("fr", "history.before_proxy"))
    assert caution not in letters(text(shown(house, "fr")))
    hold_against(house, "Retail *and* #panic(1)", "2019-10")
    told = letters(text(shown(house, "fr")))
    assert caution in told
    assert letters("Secteur (Retail *and* #panic(1), 2019)") in told
    hold_against(house, "Retail", "2023")
    assert caution not in letters(text(shown(house, "fr")))


def hold_against(house, industry, published):
    """Choose an industry's average of the open rate."""
    one = benchmarks.Benchmark(industry, published, "somebody", {"open_rate": 0.2271})
    benchmarks.bring(house.analytics.records, [one], NOW, by=SYSTEM)
    benchmarks.choose(house.analytics.records, industry, NOW, by=SYSTEM)


def test_the_verdict_of_a_test_is_in_it(tmp_path):
    with shelf(tmp_path) as made:
        made.bring(
            SPRING,
            covering(),
            *(event(f"{name}{n}", "sent", 0, variant=name) for name in ("#A", "_B_") for n in range(200)),
            *(event(f"#A{n}", "opened", 60 + n) for n in range(150)),
            *(event(f"_B_{n}", "opened", 60 + n) for n in range(50)),
        )
        for language in ("en", "fr"):
            said = verdict(report(made.analytics, EVERYTHING, SPRING.id), language)
            assert "#A" in said
            assert letters(said) in letters(text(shown(made, language)))


def test_each_step_is_told_before_it_is_made(house):
    told = []
    pdf.make(report(house.analytics, EVERYTHING, SPRING.id), edition(), lambda *step: told.append(step))
    assert t("en", "report.section.links") in [name for name, _, _ in told]
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == told[-1][2]

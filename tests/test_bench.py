"""The bench measures what it says: a seeded world, equal answers, goals in words."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest

from bench import overviewed, results, rounds
from bench.happenings import events_of
from bench.mailings import mailings
from bench.reports import CONTENDERS, given_in
from bench.sampled import shares
from bench.stores import NOW, fill, opened, write_csv
from lib import words
from lib.config import ROOT
from lib.importers.bringing import bring_in
from lib.model import Scope
from lib.reports import campaigns, ledger
from lib.store.events import FACTS

TASKS = ("report", "narrowed", "narrowed", "overview", "trend")
"""Under filters twice: of two countries."""


def plan():
    """Two small mailings, a month apart."""
    reference = replace(mailings(0)[0], recipients=3000)
    earlier = reference.sent_at - timedelta(days=30)
    return [reference, replace(reference, number=1, recipients=700, sent_at=earlier)]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    analytics = opened(folder)
    fill(analytics, plan())
    yield given_in(analytics, folder)
    analytics.events.close()
    analytics.records.dispose()


def test_the_same_seed_gives_the_same_events():
    reference, other = plan()
    assert events_of(reference).equals(events_of(reference))
    assert not events_of(other).equals(events_of(replace(other, seed=8)))


def test_the_reference_is_the_same_in_worlds_of_two_sizes():
    small, large = mailings(1_000_000), mailings(10_000_000)
    assert small[0] == large[0]
    assert len(small) < len(large)


def test_a_world_has_about_as_many_events_as_were_asked_for():
    recipients = sum(mailing.recipients for mailing in mailings(10_000_000))
    reference = plan()[0]
    each = events_of(reference).num_rows / reference.recipients
    assert recipients * each == pytest.approx(10_000_000, rel=0.03)


@pytest.mark.parametrize("name", [name for name in CONTENDERS if name != "vitrine"])
def test_a_contender_gives_the_answers_of_vitrine(given, name):
    if name == "polars_scan":
        pytest.importorskip("polars")
    ours, theirs = (import_module(f"bench.contenders.{one}").Contender(given) for one in ("vitrine", name))
    for task in TASKS:
        rounds.agree({"vitrine": getattr(ours, task)(), name: getattr(theirs, task)()})


def test_the_twelve_questions_all_have_rows(given):
    answers = import_module("bench.contenders.vitrine").Contender(given).report()
    assert len(answers) == 12
    assert all(answers.values())


def test_vitrine_begins_with_nothing_kept_unless_asked_again(given):
    contender = import_module("bench.contenders.vitrine").Contender(given)
    contender.overview()
    assert ledger.of(contender.analytics) is ledger.of(contender.analytics)
    kept = ledger.of(contender.analytics)
    contender.before_overview()
    assert ledger.of(contender.analytics) is not kept


def test_the_first_filter_of_a_campaign_makes_its_facts_anew(given):
    contender = import_module("bench.contenders.vitrine").Contender(given)
    contender.narrowed()
    folder = contender.analytics.events.path(given.reference.id)
    assert list(folder.glob(f"*{FACTS}"))
    contender.before_narrowed_first()
    assert not list(folder.glob(f"*{FACTS}"))


def test_contenders_that_differ_fail_the_bench():
    one = {"totals": [[3, 2]], "links": [["a", 1], ["b", 1]]}
    with pytest.raises(
        rounds.Disagreement, match=r"ours and theirs differ in links: \['b', 1\] and \['b', 2\]"
    ):
        rounds.agree({"ours": one, "theirs": one | {"links": [["a", 1], ["b", 2]]}})


def test_a_contender_in_its_own_process_tells_time_and_memory(given, tmp_path):
    ran = rounds.run({"floor": ("numpy_floor", "report", given)}, tmp_path, rounds=2)["floor"]
    assert len(ran.took) == len(ran.work) == 2
    assert 0 < ran.before <= ran.memory < 2000
    assert len(ran.answer) == 12


def test_a_file_of_a_world_brings_in_what_its_store_holds(given, tmp_path):
    brought = opened(tmp_path / "home")
    write_csv(tmp_path / "files", plan())
    bring_in(brought, tmp_path / "files", by="bench", now=NOW)
    held = import_module("bench.contenders.vitrine").Contender(given).analytics
    ours, theirs = (campaigns(one, Scope()).set_index("id").sort_index() for one in (brought, held))
    assert ours.equals(theirs)
    brought.events.close()
    brought.records.dispose()


def test_the_installation_of_the_overview_lists_as_many_campaigns_as_were_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(overviewed, "DATA", tmp_path)
    made = opened(overviewed.overviewed(count=20))
    listed = campaigns(made, Scope())
    assert len(listed) == 20
    assert (listed["recipients"] > 0).all()
    made.records.dispose()


def test_the_profile_names_the_functions_of_the_product_that_take_the_time():
    lines = shares(lambda: [words.catalogue.__wrapped__("fr") for _ in range(40)])
    assert any(line.split(" in ")[1].startswith("lib/words.py (") for line in lines)


def test_the_profile_sees_threads_that_work_and_not_those_that_wait():
    def apart():
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: [words.catalogue.__wrapped__("fr") for _ in range(40)]).result()

    shown = shares(apart)
    assert any("lib/words.py" in line for line in shown)
    assert sum(int(line.split("%")[0]) for line in shown if "not ours" in line) < 50


def test_nothing_of_the_product_knows_the_bench():
    sources = [*(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    knowing = re.compile(r"^\s*(from|import) bench\b", re.MULTILINE)
    assert [path for path in sources if knowing.search(path.read_text(encoding="utf-8"))] == []


def test_the_page_of_results_says_which_goals_are_reached(tmp_path):
    rows = [results.row("Vitrine", [2, 1, 3], 100), results.row("the floor", [4, 4, 4])]
    part = results.part(
        "A report",
        [results.table("Twelve questions", rows, "the floor")],
        [
            results.goal("a report in 5 ms", "2 ms", True),
            results.goal("an import at half", "0.2", False, ["80% in reading"]),
        ],
    )
    results.save("reports", part, tmp_path / "results.json")
    page = results.render(results.load(tmp_path / "results.json"))
    assert "| a report in 5 ms | 2 ms | reached |" in page
    assert "| an import at half | 0.2 | **not reached** |" in page
    assert "- 80% in reading" in page
    assert "| Vitrine | 2.00 | 1.00 – 3.00 | 0.500 × | 100 MB |" in page


def test_measuring_a_part_again_leaves_the_others(tmp_path):
    file = tmp_path / "results.json"
    for name, title in (("reports", "first"), ("growth", "second"), ("reports", "third")):
        results.save(name, results.part(title), file)
    assert {name: part["title"] for name, part in results.load(file).items()} == {
        "reports": "third",
        "growth": "second",
    }

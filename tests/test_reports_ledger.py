"""The figures of all campaigns in memory, and what is kept of files: as fresh as the records, and shared."""

import os
from datetime import timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from lib.model import Campaign, Form, Reported, Scope
from lib.reports import campaigns, ledger, parts, report
from lib.reports.figures import columns
from lib.reports.metrics import METRICS
from lib.reports.proportions import chances_of_rates
from tests.shelf import EVERYTHING, SENT_AT, SPRING, covering, event, shelf

WEEK = timedelta(days=7)


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def letter(number: int, opens: float = 10, **words) -> tuple:
    campaign = Campaign("vitrine", f"c{number}", audience="Readers", sent_at=SENT_AT + WEEK * number, **words)
    return campaign, *(
        Reported(campaign.id, name, value, str(value))
        for name, value in (("deliveries", 100.0), ("unique_opens", opens))
    )


def test_the_ledger_is_made_once_for_each_version_of_the_data(library_of):
    library_of.bring(*letter(1))
    first = ledger.of(library_of.analytics)
    assert ledger.of(library_of.analytics) is first
    second = library_of.bring(*letter(2))
    assert list(ledger.of(library_of.analytics).words["id"]) == ["vitrine-c2", "vitrine-c1"]
    library_of.undo(second)
    assert list(campaigns(library_of.analytics, EVERYTHING)["id"]) == ["vitrine-c1"]


def test_the_figures_of_a_campaign_that_is_brought_in_again_are_the_new_ones(library_of):
    library_of.bring(*letter(1, opens=10.0))
    assert campaigns(library_of.analytics, EVERYTHING)["open_rate"].tolist() == [0.1]
    library_of.bring(*letter(1, opens=30.0), name="later")
    assert campaigns(library_of.analytics, EVERYTHING)["open_rate"].tolist() == [0.3]


def test_each_installation_has_a_ledger_of_its_own(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with shelf(tmp_path / "one") as one, shelf(tmp_path / "two") as two:
        one.bring(*letter(1))
        two.bring(*letter(2))
        assert list(campaigns(one.analytics, EVERYTHING)["id"]) == ["vitrine-c1"]
        assert list(campaigns(two.analytics, EVERYTHING)["id"]) == ["vitrine-c2"]


def test_what_one_reader_does_with_a_table_no_other_sees(library_of):
    library_of.bring(*letter(1, title="Spring"))
    mine = campaigns(library_of.analytics, EVERYTHING)
    mine.loc[0, "title"] = mine.loc[0, "open_rate"] = None
    theirs = campaigns(library_of.analytics, EVERYTHING)
    assert (theirs["title"][0], theirs["open_rate"][0]) == ("Spring", 0.1)
    with pytest.raises(ValueError, match="read-only"):
        ledger.of(library_of.analytics).figures["open_rate"].value[0] = 0.9


@pytest.mark.parametrize("form", Form)
def test_a_share_of_some_campaigns_reads_the_same_figures_as_the_ledger_of_all(library_of, form):
    library_of.bring(*(item for number in range(4) for item in letter(number, opens=number * 7.0)))
    every = campaigns(library_of.analytics, EVERYTHING, form)
    some = campaigns(library_of.analytics, Scope(("vitrine-c1", "vitrine-c3", "vitrine-none")), form)
    kept = every[every["id"].isin(["vitrine-c1", "vitrine-c3"])].reset_index(drop=True)
    assert some[["id", *METRICS]].equals(kept[["id", *METRICS]])


def test_many_campaigns_at_once_have_the_figures_that_each_has_alone():
    counts = [{"deliveries": 8, "unique_opens": 4, "recipients": 9}, {}, {"recipients": 5, "revenue": None}]
    covers = [["sent", "bounced", "opened"], [], ["sent", "ordered"]]
    reported = [{"open_rate": 0.1}, {"deliveries": 50.0, "unique_opens": 5.0}, {"unique_opens": 2.0}]
    together = columns(counts, covers, reported)
    for row, given in enumerate(zip(counts, covers, reported, strict=True)):
        alone = columns(*([one] for one in given))
        for name in METRICS:
            for what in ("value", "computed", "reported"):
                pair = (getattr(together[name], what)[row], getattr(alone[name], what)[0])
                assert pair[0] == pair[1] or np.isnan(pair).all(), (name, what)
    assert together["open_rate"].value[:2].tolist() == [0.5, 0.1]


def test_a_rollup_that_was_written_anew_at_its_place_is_read_anew(library_of):
    library_of.bring(SPRING, covering(), event("ann", "opened", 5), event("bob", "opened", 9))
    (place,) = ledger.of(library_of.analytics).rollups
    before = parts.read(library_of.analytics, place)
    assert parts.read(library_of.analytics, place) is before
    path = library_of.analytics.events.path(place)
    pq.write_table(pq.ParquetFile(path).read().slice(0, 0), path)
    os.utime(path, ns=(1, 1))
    assert parts.read(library_of.analytics, place).part("hour", (), EVERYTHING).keys == []
    path.unlink()
    with pytest.raises(FileNotFoundError):
        parts.read(library_of.analytics, place)


def test_the_rows_of_a_rollup_may_lie_in_any_order(library_of):
    library_of.bring(SPRING, covering(), *(event(f"p{n}", "opened", n * 3600.0) for n in range(5)))
    (place,) = ledger.of(library_of.analytics).rollups
    table = pq.ParquetFile(library_of.analytics.events.path(place)).read()
    mixed = parts.Rollup(table.take(list(reversed(range(len(table)))))).part("hour", (), EVERYTHING)
    order = np.argsort(mixed.keys)
    plain = parts.Rollup(table).part("hour", (), EVERYTHING)
    assert [mixed.keys[row] for row in order] == sorted(plain.keys)
    assert mixed.counts["opens"].sum() == plain.counts["opens"].sum() == 5


def test_a_chance_that_was_worked_out_once_cannot_be_changed():
    first = chances_of_rates(np.array([10.0, 20.0]), np.array([100.0, 100.0]))
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1
    assert chances_of_rates(np.array([10.0, 20.0]), np.array([100.0, 100.0])).tolist() == first.tolist()


def test_a_report_tells_of_the_latest_import_at_once(library_of):
    library_of.bring(*(item for number in range(6) for item in letter(number)))
    newest = "vitrine-c5"
    average = report(library_of.analytics, EVERYTHING, newest).sections["overview"].rows
    assert average["audience_average"].max() == pytest.approx(0.1)
    library_of.bring(*letter(0, opens=60.0), name="again")
    average = report(library_of.analytics, EVERYTHING, newest).sections["overview"].rows
    assert average["audience_average"].max() == pytest.approx(0.2)

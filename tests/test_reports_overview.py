"""The overview is made from the records alone, of the campaigns of the scope."""

import pytest

from lib.model import Campaign, Scope
from lib.reports import METRICS, campaigns
from tests.shelf import EVERYTHING, SENT_AT, SPRING, covering, event, shelf


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def test_the_latest_campaign_comes_first_and_undated_ones_last(library_of):
    dated = [Campaign("vitrine", str(day), sent_at=SENT_AT.replace(day=day)) for day in (3, 9, 5)]
    library_of.bring(Campaign("vitrine", "undated"), *dated)
    table = campaigns(library_of.analytics, EVERYTHING)
    assert list(table["id"]) == ["vitrine-9", "vitrine-5", "vitrine-3", "vitrine-undated"]
    assert str(table["sent_at"].dtype).endswith("UTC]")


def test_no_event_file_is_read(library_of):
    library_of.bring(SPRING, covering(), event("ann", "opened", 5))
    for path in library_of.analytics.events.folder.rglob("*.parquet"):
        path.unlink()
    assert campaigns(library_of.analytics, EVERYTHING)["opens"].tolist() == [1]


def test_an_empty_library_has_all_columns(library_of):
    table = campaigns(library_of.analytics, EVERYTHING)
    assert table.empty and set(METRICS) | {"id", "title", "sent_at", "sample"} <= set(table.columns)


def test_only_campaigns_of_the_scope_are_listed(library_of):
    library_of.bring(*(Campaign("vitrine", str(number)) for number in range(5)))
    table = campaigns(library_of.analytics, Scope(("vitrine-1", "vitrine-4", "unknown")))
    assert sorted(table["id"]) == ["vitrine-1", "vitrine-4"]

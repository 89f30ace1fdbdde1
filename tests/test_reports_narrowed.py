"""What no rollup answers is counted from one campaign's events: the same numbers either way."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.model import Form, Question, Scope
from lib.reports import FilterRefused, answer, events, keys, narrowed
from lib.reports.columns import BARE_LINK
from lib.reports.metrics import ASKABLE, COUNTS, Rate, in_people_form
from lib.reports.parts import read
from lib.reports.rollup import ANYWHERE, KEYS
from tests import worlds
from tests.check_queries import DIMENSIONS, FIRST, Checked
from tests.shelf import SENT_AT, SPRING, Shelf, covering, event, shelf
from tests.test_reports_check_queries import ANY, PAGES, Rolled, anything

ONE = Scope(campaigns=(SPRING.id,))
FEWER = settings(ANY, max_examples=5)  # each world is asked dozens of questions
PLAIN = tuple(name for name in ASKABLE if not name.endswith("_people"))
COLOUR = event("eve", "opened", 9, country="FR", device="mobile")


class ByHand(Checked):
    """The queries by hand once more, over the events of some keys only."""

    def narrowed(self, by: str, where, metric: str) -> dict[object, float]:
        key, asked = DIMENSIONS[by]
        count, rows = self._of(metric)
        source = f"({FIRST[metric]}) WHERE TRUE" if metric in FIRST else rows
        source += "" if " WHERE " in source else " WHERE TRUE"
        conditions, values = [asked], []
        for dimension, wanted in where:
            expression, only = DIMENSIONS[dimension]
            is_it = f"({expression}) IS NULL" if wanted is None else f"({expression}) = ?"
            conditions += [f"({only})", is_it]
            values += [] if wanted is None else [float(wanted) if dimension == "hour" else wanted]
        found = self.db.execute(
            f"SELECT {key} AS key, {count} FROM {source} AND {' AND '.join(conditions)} GROUP BY 1", values
        )
        return {one: float(value) for one, value in found.fetchall() if value}


@contextmanager
def world(items, kept: int | None = None):
    """A campaign of these events, of each dimension but the hours so many keys kept."""
    limits = dict(KEYS)
    KEYS.update({name: kept or most for name, most in limits.items() if most})
    try:
        with TemporaryDirectory() as folder, shelf(Path(folder)) as library:
            library.bring(SPRING, covering(), *items)
            yield library
    finally:
        KEYS.update(limits)


def asked(library: Shelf, by: str, *where, form: Form = Form.ALL, metrics=PLAIN) -> dict[str, dict]:
    """metric -> key -> value, zeros and what is unknown left out."""
    table = answer(library.analytics, ONE, Question(metrics, by, form, where))
    told = table.drop(columns="campaign").assign(key=None) if not by else table.rename(columns={by: "key"})
    return {
        name: {key: value for key, value in zip(told["key"], told[name], strict=True) if value > 0}
        for name in metrics
    }


def counted(part, by: str, name: str) -> dict[object, float]:
    """key -> count; what has no key only where that is one, zeros too."""
    pairs = zip(part.keys, part.counts[name], strict=True)
    return {key: value for key, value in pairs if key is not None or by in ANYWHERE}


def expected(by_hand: ByHand, by: str, where, form: Form) -> dict[str, dict]:
    found = {}
    for name in PLAIN:
        metric = ASKABLE[in_people_form(name) if form is Form.PEOPLE else name]
        if not isinstance(metric, Rate):
            found[name] = by_hand.narrowed(by, where, metric.name) if metric.needs else {}
            continue
        part, whole = (by_hand.narrowed(by, where, one.name) for one in (metric.part, metric.whole))
        found[name] = {key: part[key] / whole[key] for key in part if whole.get(key)}
    return {
        name: {key: value for key, value in one.items() if key is not None or not by or by in ANYWHERE}
        for name, one in found.items()
    }


@FEWER
@given(anything(), st.sampled_from([None, 1]))
def test_the_events_give_the_same_counts_as_the_rollup_by_every_dimension(happened, kept):
    with world(happened, kept) as library:
        if not happened:
            return
        rollup = read(library.analytics, Rolled(library).place)
        for by in KEYS:
            told, (found,) = (
                rollup.part(by, (), ONE),
                narrowed.parts(library.analytics, SPRING.id, by, (), COUNTS.values()),
            )
            for name in COUNTS:
                assert counted(found, by, name) == counted(told, by, name), (by, name)
        whole = rollup.part("", (), ONE).counts
        (found,) = narrowed.parts(library.analytics, SPRING.id, "", (), COUNTS.values())
        assert found.keys == [SPRING.id]
        assert {name: found.counts[name][0] for name in COUNTS} == {name: whole[name][0] for name in COUNTS}


@ANY
@given(anything(), st.data())
def test_an_answer_with_filters_is_what_queries_by_hand_say(happened, data):
    with world(happened) as library:
        offered = keys(library.analytics, SPRING.id)
        if not offered:
            return
        by_hand = ByHand(Rolled(library).files, PAGES, SENT_AT)
        filters = st.sampled_from([(name, key) for name, found in offered.items() for key in found])
        for form in Form:
            by = data.draw(st.sampled_from(["", *offered]))
            where = [
                (name, None if key is None else str(key))
                for name, key in data.draw(st.lists(filters, min_size=1, max_size=3))
            ]
            found, by_queries = asked(library, by, *where, form=form), expected(by_hand, by, where, form)
            for name in PLAIN:
                assert found[name] == pytest.approx(by_queries[name]), (by, where, form, name)


@FEWER
@given(anything(), st.sampled_from([None, 1]), st.sampled_from(["", "hour", "domain", "client"]))
def test_the_keys_of_a_filter_add_up_to_the_whole(happened, kept, by):
    additive = ("opens", "clicks", "forwards", "revenue")
    with world(happened, kept) as library:
        offered = keys(library.analytics, SPRING.id)
        for dimension in offered.keys() & (ANYWHERE - {"product"}):
            parts = [asked(library, by, (dimension, key), metrics=additive) for key in offered[dimension]]
            whole = asked(library, by, metrics=additive)
            for name in additive:
                sums: dict = {}
                for part in parts:
                    for key, value in part[name].items():
                        sums[key] = sums.get(key, 0) + value
                assert sums == pytest.approx(whole[name]), (dimension, name)


# --- what filters mean


@pytest.fixture
def spring(tmp_path):
    with shelf(tmp_path) as library:
        library.bring(*(item for row in worlds.spring_rows() for item in row.items))
        yield library


def test_an_event_counts_when_its_own_dimension_has_the_key(spring):
    found = asked(spring, "country", ("device", "desktop"), metrics=("opens", "clicks", "recipients"))
    assert found == {"opens": {"IE": 1, "FR": 1}, "clicks": {}, "recipients": {}}


def test_what_is_not_known_can_be_asked_for_where_it_is_a_key(spring):
    assert asked(spring, "", ("country", None), metrics=("unique_opens",)) == {"unique_opens": {None: 2}}
    with pytest.raises(FilterRefused) as refusal:
        asked(spring, "", ("reason", None))
    assert refusal.value.reason == "no_key"


def test_an_hour_is_a_key_like_any_other(spring):
    assert asked(spring, "client", ("hour", "1"), metrics=("opens",)) == {
        "opens": {"Gmail": 1, "Thunderbird": 1}
    }


def test_a_filter_that_lets_nothing_through_has_zeros_and_no_rate(spring):
    table = answer(
        spring.analytics, ONE, Question(("opens", "revenue", "open_rate"), where=(("country", "x"),))
    )
    (row,) = table.to_dict("records")
    assert (row["campaign"], row["opens"], row["revenue"]) == (SPRING.id, 0, 0)
    assert np.isnan(row["open_rate"])


def test_a_metric_whose_events_the_files_do_not_cover_is_unknown(tmp_path):
    with shelf(tmp_path) as library:
        library.bring(SPRING, covering("opened"), COLOUR)
        question = Question(("opens", "clicks", "forward_opens"), where=(("device", "mobile"),))
        (row,) = answer(library.analytics, ONE, question).to_dict("records")
        assert row["opens"] == 1
        assert np.isnan(row["clicks"]) and np.isnan(row["forward_opens"])


def test_amounts_in_several_currencies_have_no_sum_under_a_filter_either(tmp_path):
    with shelf(tmp_path) as library:
        sold = {"revenue": 5.0, "product": "Tea"}
        library.bring(
            SPRING,
            covering(),
            event("ann", "ordered", 9, currency="EUR", **sold),
            event("bob", "ordered", 9, currency="CHF", **sold),
        )
        question = Question(("orders", "revenue"), where=(("product", "Tea"),))
        (row,) = answer(library.analytics, ONE, question).to_dict("records")
        assert row["orders"] == 2 and np.isnan(row["revenue"])


def test_a_key_is_a_value_and_never_a_piece_of_the_query(spring):
    for key in ("' OR TRUE --", "*", "FR' OR 'a'='a"):
        assert asked(spring, "", ("country", key), metrics=("opens",)) == {"opens": {}}


def test_a_key_beyond_the_largest_can_be_asked_for_by_its_name_and_counts_among_the_others():
    opened = [event(name, "opened", 9, country="FR") for name in ("ann", "bob")]
    with world(
        [*opened, event("cid", "opened", 9, country="DE"), event("dee", "opened", 9)], kept=1
    ) as library:
        assert asked(library, "", ("country", "DE"), metrics=("opens",)) == {"opens": {None: 1}}
        assert asked(library, "", ("country", "*"), metrics=("opens",)) == {"opens": {None: 1}}
        assert asked(library, "", ("country", None), metrics=("opens",)) == {"opens": {None: 1}}
        assert asked(library, "country", ("country", "DE"), metrics=("opens",)) == {"opens": {"*": 1}}


def test_the_keys_that_can_be_filtered_by_begin_with_the_largest(spring):
    offered = keys(spring.analytics, SPRING.id)
    assert offered["country"] == ["IE", "FR", None]
    assert offered["hour"] == [0, 1, 2, 26]
    assert offered["reason"] and None not in offered["reason"]
    assert set(offered) <= set(KEYS) and BARE_LINK not in offered


def test_a_campaign_without_events_offers_nothing_and_answers_nothing(tmp_path):
    with shelf(tmp_path) as library:
        library.bring(SPRING)
        assert keys(library.analytics, SPRING.id) == {}
        assert events(library.analytics, SPRING.id) == 0
        assert answer(library.analytics, ONE, Question(("opens",), where=(("country", "FR"),))).empty
        assert answer(library.analytics, Scope(()), Question(("opens",), where=(("country", "FR"),))).empty


def test_an_event_in_two_files_is_one_event(spring):
    spring.bring(*worlds.SPRING[:12], name="again.csv")
    assert events(spring.analytics, SPRING.id) == len(worlds.SPRING)


# --- whom they are answered


@pytest.mark.parametrize("hidden", [{"people": False}, {"raw_links": False}])
def test_filters_are_refused_where_small_groups_could_be_told_apart(spring, hidden):
    """X5"""
    with pytest.raises(FilterRefused) as refusal:
        answer(spring.analytics, replace(ONE, **hidden), Question(("opens",), where=(("country", "FR"),)))
    assert refusal.value.reason == "hidden"


@pytest.mark.parametrize("scope", [Scope(), Scope(campaigns=(SPRING.id, "vitrine-other"))])
def test_filters_are_asked_of_one_campaign_at_a_time(spring, scope):
    with pytest.raises(FilterRefused) as refusal:
        answer(spring.analytics, scope, Question(("opens",), where=(("country", "FR"),)))
    assert refusal.value.reason == "several"


def test_orders_and_amounts_stay_hidden_under_a_filter_where_revenue_is(spring):
    question = Question(("orders", "buyers", "revenue", "opens"), where=(("domain", "mail.example"),))
    (row,) = answer(spring.analytics, replace(ONE, revenue=False), question).to_dict("records")
    assert row["opens"] == 6
    assert all(np.isnan(row[name]) for name in ("orders", "buyers", "revenue"))


@pytest.mark.parametrize("where", [(("colour", "red"),), (("", "red"),)])
def test_a_filter_of_an_unknown_dimension_is_an_error(spring, where):
    with pytest.raises(KeyError):
        answer(spring.analytics, ONE, Question(("opens",), where=where))


# --- which files they read


def test_only_the_files_of_that_campaign_are_read(spring):
    other = replace(SPRING, native_id="other")
    spring.bring(other, event("zoe", "opened", 9, campaign=other.id, country="FR"))
    for path in spring.analytics.events.folder.glob(f"{other.id}/*"):
        path.unlink()
    assert asked(spring, "", ("country", "FR"), metrics=("opens",))["opens"] == {None: 2}


@pytest.mark.parametrize(
    ("by", "clicks"), [("country", {"FR": 1}), ("page", {worlds.SHOP: 1})], ids=["country", "page"]
)
def test_files_that_an_undone_import_takes_along_are_asked_for_anew(spring, monkeypatch, by, clicks):
    more = spring.bring(event("dee", "clicked", 9, url=worlds.SHOP, country="FR"), name="more.csv")
    found, seen = narrowed._source_of, []

    def overtaken(analytics, campaign):
        seen.append(found(analytics, campaign))
        if len(seen) == 1:
            spring.undo(more)
        return seen[-1]

    monkeypatch.setattr(narrowed, "_source_of", overtaken)
    assert asked(spring, by, ("country", "FR"), metrics=("clicks",)) == {"clicks": clicks}
    assert len(seen) == 2

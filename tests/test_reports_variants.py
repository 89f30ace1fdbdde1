"""A/B tests: what is known of each variant, how sure it is, and what is said of the winner."""

import numpy as np
import pytest
from scipy import stats

from lib.model import Form, Reported, Scope
from lib.paper.sections.variants import CHARTS, TABLES, how_sure, verdict
from lib.reports import OTHER, report
from lib.reports.sections.variants import LEVELS, criteria, judged
from tests.shelf import EVERYTHING, SPRING, covering, event, shelf

URL = "https://shop.example/tea"


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def group(label, sent, opened=0, clicked=0, **more):
    """The events of a variant: so many of its messages are opened, and so many clicked."""
    for number in range(sent):
        name = f"{label.lower()}{number}"
        yield event(name, "sent", 0, variant=label)
        if number < opened:
            yield event(name, "opened", 600)
        if number < clicked:
            yield event(name, "clicked", 700, url=URL)
        if number < len(more.get("revenues", ())):
            yield event(name, "ordered", 800, revenue=more["revenues"][number], currency="EUR", order=name)


def stated(label, **figures):
    return [
        Reported(
            SPRING.id, name, None if isinstance(value, str) else value, f"{value}", scope="variant", key=label
        )
        for name, value in figures.items()
    ]


def told(library_of, language="en", level=LEVELS[0], by="", scope=EVERYTHING):
    found = report(library_of.analytics, scope, SPRING.id)
    section = judged(found.sections["variants"], level, by)
    found.sections["variants"] = section
    return verdict(found, language)


def row(section, label):
    return section.rows.set_index("variant").loc[label]


# --- what is known


def test_each_variant_has_its_own_rates(library_of):
    library_of.bring(covering(), SPRING, *group("A", 10, 5, 2), *group("B", 20, 4, 2))
    section = library_of.section("variants")
    assert section.rows["variant"].tolist() == ["A", "B"]
    assert row(section, "A")[["deliveries", "open_rate", "click_rate"]].tolist() == [10, 0.5, 0.2]
    assert row(section, "B")[["deliveries", "open_rate", "click_to_open_rate"]].tolist() == [20, 0.2, 0.5]


def test_one_variant_alone_is_no_test(library_of):
    library_of.bring(covering(), SPRING, *group("A", 10, 5), event("zoe", "sent", 0))
    assert library_of.section("variants").missing == "missing.variants"


def test_what_no_import_covers_is_unknown_and_not_compared(library_of):
    library_of.bring(covering("sent", "bounced", "opened"), SPRING, *group("A", 10, 5), *group("B", 10, 1))
    section = library_of.section("variants")
    assert section.rows["click_rate"].isna().all()
    assert criteria(section) == ("open_rate",)
    assert section.facts["by"] == "open_rate"


def test_a_machine_s_clicks_do_not_win_among_people(library_of):
    robot = [event(f"b{number}", "clicked", 900, url=URL, machine=True) for number in range(9)]
    library_of.bring(covering(), SPRING, *group("A", 10, 5, 2), *group("B", 10, 5, 0), *robot)
    assert library_of.section("variants").facts["best"] == "B"
    assert library_of.section("variants", Form.PEOPLE).facts["best"] == "A"


def test_the_sender_s_own_figures_are_judged_by_the_same_mathematics(library_of):
    counts = {"deliveries": 1742, "recipients": 1750}
    library_of.bring(
        SPRING,
        *stated("Combination 1", subject="Black tea?", unique_opens=141, unique_clicks=20, **counts),
        *stated("Combination 2", subject="Green tea?", unique_opens=125, unique_clicks=27, **counts),
    )
    section = library_of.section("variants")
    first = row(section, "Combination 1")
    assert (first["subject"], first["open_rate"]) == ("Black tea?", 141 / 1742)
    by_hand = stats.beta.ppf([0.1, 0.9], 141.5, 1742 - 141 + 0.5)
    assert first[["open_rate_low", "open_rate_high"]].tolist() == pytest.approx(by_hand.tolist())
    assert section.facts["best"] == "Combination 2"
    assert section.rows["click_rate_chance"].sum() == pytest.approx(1)
    assert library_of.section("variants", Form.PEOPLE).missing == "missing.variants_people"


def test_reported_rates_without_counts_are_shown_without_a_margin(library_of):
    library_of.bring(SPRING, *stated("A", open_rate=0.5), *stated("B", open_rate=0.2))
    section = library_of.section("variants")
    assert section.rows["open_rate"].tolist() == [0.5, 0.2]
    assert section.rows["open_rate_margin"].isna().all()
    assert told(library_of).startswith("A has the highest open rate so far. How sure that is cannot be told")


def test_deliveries_that_a_sender_leaves_out_are_recipients_less_bounces(library_of):
    figures = {"recipients": 110, "bounces": 10}
    library_of.bring(
        SPRING, *stated("A", unique_opens=50, **figures), *stated("B", unique_opens=20, **figures)
    )
    assert library_of.section("variants").rows["open_rate"].tolist() == [0.5, 0.2]


# --- how sure


def test_a_clear_winner_is_named_with_how_sure_that_is(library_of):
    library_of.bring(covering(), SPRING, *group("A", 60, 30, 2), *group("B", 60, 30, 6))
    chance = library_of.section("variants").facts["chance"]
    assert 0.9 < chance < 0.97
    share = f"{chance * 100:.0f}%"
    assert told(library_of) == (
        f"B has the higher click rate; the probability that it is really the better one is {share}."
    )
    assert "B a le taux de clics le plus élevé des deux" in told(library_of, "fr")


def test_of_three_the_winner_is_the_highest(library_of):
    library_of.bring(covering(), SPRING, *group("A", 40, 9), *group("B", 40, 30, 9), *group("C", 40, 20))
    assert told(library_of).startswith("B has the highest click rate; the probability")


def test_nothing_is_called_the_winner_when_it_is_too_close(library_of):
    library_of.bring(covering(), SPRING, *group("A", 20, 9, 2), *group("B", 20, 9, 3))
    assert told(library_of).startswith("Too close to tell: ")
    assert "winner" in told(library_of)
    assert told(library_of, "fr").startswith("Trop serré pour trancher\u00a0: ")


def test_equal_variants_are_too_close_to_tell(library_of):
    library_of.bring(covering(), SPRING, *group("A", 20), *group("B", 20))
    assert library_of.section("variants").facts["chance"] == pytest.approx(0.5)
    assert told(library_of).startswith("Too close to tell: ")


def test_the_reader_chooses_by_what_and_how_sure(library_of):
    library_of.bring(covering(), SPRING, *group("A", 60, 40, 1), *group("B", 60, 10, 9))
    section = library_of.section("variants")
    assert judged(section, 0.8, "open_rate").facts["best"] == "A"
    assert judged(section, 0.8, "click_rate").facts["best"] == "B"
    assert judged(section, 0.8, "no such thing").facts["by"] == "click_rate"
    margins = [judged(section, level, "").rows["open_rate_margin"].iloc[0] for level in LEVELS]
    assert margins == sorted(margins)
    assert margins[0] < margins[-1]


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.93, "93%"),
        (0.7999, "79%"),
        (0.8, "80%"),
        (0.9964, "99.6%"),
        (0.99999, "more than 99.9%"),
        (1.0, "more than 99.9%"),
    ],
)
def test_nothing_is_ever_certain(chance, words):
    assert how_sure(chance, "en") == words


# --- revenue


def test_revenue_is_judged_by_the_spread_of_what_was_paid(library_of):
    cheap, dear = [10.0 + number % 7 for number in range(35)], [20.0 + number % 9 for number in range(35)]
    library_of.bring(
        covering(), SPRING, *group("A", 50, 40, 40, revenues=cheap), *group("B", 50, 40, 40, revenues=dear)
    )
    section = judged(library_of.section("variants"), 0.95, "revenue_per_delivery")
    assert section.facts["best"] == "B"
    assert section.facts["chance"] > 0.99
    paid = np.array([*cheap, *[0.0] * 15])
    by_hand = 1.96 * paid.std(ddof=1) / np.sqrt(50)
    assert row(section, "A")["revenue_per_delivery_margin"] == pytest.approx(by_hand, rel=1e-4)


def test_with_few_orders_nobody_is_said_to_have_won_by_revenue(library_of):
    library_of.bring(
        covering(), SPRING, *group("A", 50, 40, 9, revenues=[5.0]), *group("B", 50, 40, 9, revenues=[90.0])
    )
    words = told(library_of, by="revenue_per_delivery")
    assert words.startswith("B has the highest revenue per delivery so far. How sure that is cannot be told")


def test_a_scope_without_revenue_hears_nothing_of_orders(library_of):
    library_of.bring(covering(), SPRING, *group("A", 9, 9, 1, revenues=[5.0]), *group("B", 9, 9, 2))
    section = report(library_of.analytics, Scope(revenue=False), SPRING.id).sections["variants"]
    assert not [name for name in section.rows if "revenue" in name or "orders" in name]
    assert "revenue_per_delivery" not in criteria(section)


# --- few people


def test_small_variants_are_one_row_that_competes_with_nobody(library_of):
    library_of.bring(
        covering(),
        SPRING,
        *group("A", 3, 3, 3),
        *group("B", 4, 1),
        *group("C", 20, 9, 2),
        *group("D", 20, 9, 5),
    )
    found = report(library_of.analytics, Scope(people=False), SPRING.id)
    section = found.sections["variants"]
    assert section.rows["variant"].tolist() == ["C", "D", OTHER]
    assert (section.facts["variants"], section.facts["best"]) == (2, "D")
    assert np.isnan(row(section, OTHER)["click_rate_chance"])
    assert section.note == "report.few"
    drawn = CHARTS["variants"](found, "en")
    assert "*" not in [name for trace in drawn.data for name in (trace.customdata or ())]


def test_small_variants_of_a_report_are_added_up_too(library_of):
    library_of.bring(
        SPRING,
        *stated("A", recipients=3, deliveries=3, unique_opens=1),
        *stated("B", recipients=4, deliveries=4, unique_opens=3),
        *stated("C", recipients=90, deliveries=80, unique_opens=40),
        *stated("D", recipients=90, deliveries=80, unique_opens=20),
    )
    section = report(library_of.analytics, Scope(people=False), SPRING.id).sections["variants"]
    assert section.rows["variant"].tolist() == ["C", "D", OTHER]
    assert row(section, OTHER)[["recipients", "unique_opens", "open_rate"]].tolist() == [7, 4, 4 / 7]
    assert section.facts["best"] == "C"


def test_one_variant_beside_merged_ones_is_ahead_of_nobody(library_of):
    library_of.bring(covering(), SPRING, *group("A", 3, 1), *group("B", 4, 1), *group("C", 20, 9, 2))
    found = report(library_of.analytics, Scope(people=False), SPRING.id)
    assert found.sections["variants"].rows["variant"].tolist() == ["C", OTHER]
    assert verdict(found, "en").startswith("Nothing is known by which")
    assert CHARTS["variants"](found, "en") is None


def test_columns_of_which_nothing_is_known_are_left_out(library_of):
    library_of.bring(covering(), SPRING, *group("A", 60, 30, 2), *group("B", 60, 30, 6))
    shown = [column.name for column in TABLES["variants"].shown(library_of.section("variants").rows)]
    assert "subject" not in shown and "open_rate_chance" in shown


def test_the_chart_tells_each_variant_with_its_interval(library_of):
    library_of.bring(covering(), SPRING, *group("A", 60, 30, 2), *group("<b>B</b>", 60, 30, 6))
    found = report(library_of.analytics, EVERYTHING, SPRING.id)
    for language in ("en", "fr"):
        figure = CHARTS["variants"](found, language)
        words = next(trace.customdata for trace in figure.data if trace.customdata is not None)
        assert len(words) == 2
        assert not [text for text in words if "<" in text]
    assert "10.00%" in CHARTS["variants"](found, "en").data[1].customdata[0]

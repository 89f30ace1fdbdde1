"""All figures in one table beside their averages; what was sold; what was passed on."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from lib.model import SYSTEM, Form, Reported, Scope
from lib.paper.sections.overview import TABLES, sentences
from lib.reports import OTHER, benchmarks, report
from lib.words import LANGUAGES
from tests.shelf import EVERYTHING, NOW, SENT_AT, SPRING, covering, event, shelf

AUDIENCE = replace(SPRING, audience="Readers", currency="EUR")


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def claim(metric, value, claimed="", campaign=SPRING.id):
    return Reported(campaign, metric, value, claimed or f"{value}")


def earlier(number, days, **rates):
    """A campaign to the same audience so many days before."""
    campaign = replace(
        AUDIENCE, native_id=f"before-{number}", title="Before", sent_at=SENT_AT - timedelta(days=days)
    )
    return [campaign, *(claim(name, rate, campaign=campaign.id) for name, rate in rates.items())]


def section(library_of, name="overview", scope=EVERYTHING, form=Form.ALL):
    return report(library_of.analytics, scope, SPRING.id, form).sections[name]


def line(section, name):
    return section.rows.set_index("name").loc[name]


def four_messages():
    yield from (event(name, "sent", 0) for name in ("ann", "bob", "cid", "dee"))
    yield event("dee", "bounced", 5, subtype="hard")


# --- all figures


def test_each_rate_stands_beside_its_count_and_says_what_it_divides_by(library_of):
    library_of.bring(covering(), AUDIENCE, *four_messages(), event("ann", "opened", 60))
    made = section(library_of)
    assert line(made, "unique_opens")[["count", "rate", "base"]].tolist() == [1, 1 / 3, "deliveries"]
    assert line(made, "deliveries")[["count", "rate", "base"]].tolist() == [3, 0.75, "recipients"]
    assert line(made, "hard_bounces")[["count", "rate", "base"]].tolist() == [1, 0.25, "recipients"]


def test_the_last_open_is_the_last_one_of_the_form_that_is_read(library_of):
    library_of.bring(
        covering(),
        AUDIENCE,
        *four_messages(),
        event("ann", "opened", 60),
        event("bob", "opened", 900, machine=True),
    )
    assert line(section(library_of), "unique_opens")["last_at"] == SENT_AT + timedelta(seconds=900)
    people = section(library_of, form=Form.PEOPLE)
    assert line(people, "unique_opens")["last_at"] == SENT_AT + timedelta(seconds=60)


def test_every_row_of_the_table_has_a_name_in_both_languages(library_of):
    library_of.bring(covering(), AUDIENCE, *four_messages(), event("ann", "ordered", 9, revenue=5.0))
    made = section(library_of)
    for language in LANGUAGES:
        names = TABLES["overview"].in_words(made.rows, language)["name"]
        assert len(set(names)) == len(made.rows) == 17


def test_a_figure_that_nobody_knows_is_a_gap_and_not_a_zero(library_of):
    library_of.bring(AUDIENCE, claim("unique_opens", 7))
    made = section(library_of)
    assert np.isnan(line(made, "unique_clicks")["count"])
    assert np.isnan(line(made, "unique_opens")["rate"])
    assert "last_at" not in made.rows


def test_a_campaign_of_which_nothing_is_known_says_so(library_of):
    library_of.bring(AUDIENCE)
    assert section(library_of).missing == "missing.overview"


def test_orders_and_amounts_stand_in_it_only_where_revenue_may_be_seen(library_of):
    library_of.bring(
        covering(),
        AUDIENCE,
        *four_messages(),
        event("ann", "ordered", 9, revenue=5.0, order="1"),
        event("ann", "ordered", 9, revenue=10.0, order="2"),
    )
    assert line(section(library_of), "average_order")["amount"] == 7.5
    hidden = section(library_of, scope=Scope(revenue=False)).rows
    assert "amount" not in hidden
    assert not set(hidden["name"]) & {"orders", "revenue", "average_order"}


# --- averages


def test_the_audience_s_average_is_the_mean_of_the_earlier_campaigns_rates(library_of):
    library_of.bring(AUDIENCE, claim("open_rate", 0.5))
    library_of.bring(*earlier(1, 10, open_rate=0.2), *earlier(2, 20, open_rate=0.4), *earlier(3, 30, opens=5))
    made = section(library_of)
    shown = line(made, "unique_opens")[["audience_average", "audience_campaigns"]].tolist()
    assert shown == pytest.approx([0.3, 2])
    assert made.facts["audience_campaigns"] == 2


def test_later_campaigns_and_other_audiences_are_not_in_the_average(library_of):
    library_of.bring(AUDIENCE, claim("open_rate", 0.5))
    other = replace(earlier(4, 9)[0], audience="Others")
    library_of.bring(*earlier(1, -10, open_rate=0.2), other, claim("open_rate", 0.9, campaign=other.id))
    assert "audience_average" not in section(library_of).rows


@pytest.mark.parametrize(("number", "told"), [(1, None), (4, None), (5, 0.3)])
def test_a_viewer_never_reads_the_rate_of_a_single_campaign_as_an_average(library_of, number, told):
    """X7: the earlier campaigns may lie outside of the share"""
    library_of.bring(AUDIENCE, claim("open_rate", 0.5))
    for one in range(number):
        library_of.bring(*earlier(one, 10 + one, open_rate=0.3))
    shared = line(section(library_of, scope=Scope(campaigns=(SPRING.id,))), "unique_opens")
    assert shared.get("audience_average") == (told and pytest.approx(told))
    assert line(section(library_of), "unique_opens")["audience_average"] == pytest.approx(0.3)


def test_a_share_without_history_tells_no_average_of_other_campaigns(library_of):
    library_of.bring(AUDIENCE, claim("open_rate", 0.5), claim("list_open_rate", 0.31, "31%"))
    library_of.bring(*earlier(1, 10, open_rate=0.2))
    kept_back = report(library_of.analytics, Scope(history=False), SPRING.id)
    assert not {"audience_average", "sender_average"} & set(kept_back.sections["overview"].rows)
    assert "list_open_rate" not in kept_back.claimed
    shown = report(library_of.analytics, EVERYTHING, SPRING.id)
    assert line(shown.sections["overview"], "unique_opens")["sender_average"] == 0.31
    assert shown.claimed["list_open_rate"] == "31%"


def test_the_industry_as_the_sender_says_and_as_published_are_two_columns(library_of):
    library_of.bring(AUDIENCE, claim("open_rate", 0.5), claim("industry_open_rate", 0.21))
    one = benchmarks.Benchmark("Tea & Coffee", "2019-10", "a page", {"open_rate": 0.22})
    benchmarks.bring(library_of.analytics.records, [one], NOW, by=SYSTEM)
    benchmarks.choose(library_of.analytics.records, "Tea & Coffee", NOW, by=SYSTEM)
    found = report(library_of.analytics, EVERYTHING, SPRING.id)
    shown = line(found.sections["overview"], "unique_opens")
    assert (shown["sender_industry"], shown["industry_average"]) == (0.21, 0.22)
    words = list(sentences(found, "en", lambda name: name.replace("&", "and")))
    assert words[0] == "Industry average: Tea and Coffee, published 2019-10."
    assert "Apple" in words[1]


@pytest.mark.parametrize(
    ("number", "english", "french"),
    [
        (1, "the one earlier campaign to Readers", "la seule campagne antérieure"),
        (2, "2 earlier campaigns", "2 campagnes"),
    ],
)
def test_how_many_campaigns_make_the_average_is_told(library_of, number, english, french):
    library_of.bring(AUDIENCE, claim("open_rate", 0.5))
    for place in range(number):
        library_of.bring(*earlier(place, place + 1, open_rate=0.2), name=f"{place}.csv")
    found = report(library_of.analytics, EVERYTHING, SPRING.id)
    assert english in next(sentences(found, "en"))
    assert french in next(sentences(found, "fr"))


# --- what was sold


def test_buyers_are_messages_and_orders_are_orders(library_of):
    library_of.bring(
        covering(),
        AUDIENCE,
        *four_messages(),
        event("ann", "ordered", 9, revenue=5.0, order="1", product="Tea"),
        event("ann", "ordered", 10, revenue=4.0, order="2", product="Cup"),
        event("ann", "ordered", 11, revenue=3.0, order="2", product="Tea"),
    )
    made = section(library_of, "commerce")
    assert line(made, "orders")["count"] == 2
    assert line(made, "buyers")[["count", "share"]].tolist() == [1, 1 / 3]
    assert line(made, "average_order")["amount"] == 6
    assert line(made, "revenue_per_delivery")["amount"] == 4
    assert made.more["products"].to_numpy().tolist() == [["Tea", 2, 8.0], ["Cup", 1, 4.0]]


def test_amounts_in_several_currencies_have_no_sum_and_this_is_said(library_of):
    library_of.bring(
        covering(),
        SPRING,
        *four_messages(),
        event("ann", "ordered", 9, revenue=5.0, currency="EUR", order="1", product="Tea"),
        event("bob", "ordered", 9, revenue=5.0, currency="USD", order="2", product="Tea"),
    )
    made = section(library_of, "commerce")
    assert made.facts["mixed"] is True
    assert line(made, "orders")["count"] == 2
    assert made.rows["amount"].isna().all()
    assert made.more["products"]["revenue"].isna().all()


def test_of_a_sender_s_own_amounts_buyers_and_products_are_unknown(library_of):
    library_of.bring(AUDIENCE, claim("orders", 4), claim("revenue", 20.0), claim("gross_sales", 25.0))
    made = section(library_of, "commerce")
    assert line(made, "average_order")["amount"] == 5
    assert line(made, "gross_sales")["amount"] == 25
    assert np.isnan(line(made, "buyers")["count"])
    assert (dict(made.more), made.facts["mixed"]) == ({}, False)


def test_no_orders_are_nothing_and_have_no_average(library_of):
    library_of.bring(covering(), AUDIENCE, *four_messages())
    made = section(library_of, "commerce")
    assert line(made, "orders")["count"] == 0
    assert np.isnan(line(made, "average_order")["amount"])


def test_of_unknown_orders_it_is_said_what_would_tell_them(library_of):
    library_of.bring(covering("sent"), AUDIENCE, *four_messages())
    assert section(library_of, "commerce").missing == "missing.commerce"


def test_products_of_few_buyers_are_one_row_where_people_are_hidden(library_of):
    buyers = [(f"p{number}", "Tea") for number in range(9)] + [("x1", "Cup"), ("x2", "Pot"), ("x3", "Pot")]
    library_of.bring(
        covering(),
        AUDIENCE,
        *(event(name, "sent", 0) for name, _ in buyers),
        *(event(name, "ordered", 9, revenue=1.0, order=name, product=product) for name, product in buyers),
    )
    made = section(library_of, "commerce", Scope(people=False))
    assert set(made.more["products"]["product"]) <= {"Tea", OTHER}
    assert made.more["products"]["orders"].sum() == 12


# --- what was passed on


def test_forwards_are_counted_and_the_rest_stands_as_the_sender_says(library_of):
    library_of.bring(covering(), AUDIENCE, *four_messages(), event("ann", "forwarded", 9))
    library_of.bring(AUDIENCE, claim("forward_opens", 3, "3"), claim("facebook_likes", 12, "12"))
    made = section(library_of, "forwards")
    expected = pd.DataFrame(
        {
            "name": ["forwards", "forward_opens", "facebook_likes"],
            "count": [1.0, 3.0, 12.0],
            "claimed": ["", "3", "12"],
        }
    )
    pd.testing.assert_frame_equal(made.rows, expected)
    assert made.note == ""


def test_without_social_figures_it_is_said_what_would_fill_them(library_of):
    library_of.bring(AUDIENCE, claim("forwards", 0, "0"))
    made = section(library_of, "forwards")
    assert line(made, "forwards")["count"] == 0
    assert made.note == "forwards.no_social"


def test_of_unknown_forwards_it_is_said_what_would_tell_them(library_of):
    library_of.bring(AUDIENCE, claim("opens", 3))
    assert section(library_of, "forwards").missing == "missing.forwards"

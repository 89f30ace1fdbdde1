"""What each figure of a report means, on campaigns that one can count on one's fingers."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from lib import words
from lib.model import Form, Question, Reported, Scope
from lib.reports import METRICS, UnknownCampaign, answer, as_json, campaigns, report
from tests.shelf import EVERYTHING, SENT_AT, SPRING, covering, event, shelf


@pytest.fixture
def library_of(tmp_path):
    with shelf(tmp_path) as made:
        yield made


def reported(metric, value, claimed="", scope="campaign", key=""):
    return Reported(SPRING.id, metric, value, claimed, scope, key)


def sent(*names):
    return [event(name, "sent", 0) for name in names]


# --- bounces and deliveries


def test_deliveries_are_the_sent_messages_without_a_standing_bounce(library_of):
    library_of.bring(covering(), *sent("ann", "bob", "cid"), event("cid", "bounced", 5, subtype="hard"))
    figures = library_of.figures()
    assert (figures["recipients"], figures["deliveries"], figures["bounce_rate"]) == (3, 2, 1 / 3)


def test_a_soft_bounce_and_then_a_delivery_is_a_delivery(library_of):
    library_of.bring(
        covering(), *sent("ann"), event("ann", "bounced", 5, subtype="soft"), event("ann", "delivered", 60)
    )
    figures = library_of.figures()
    assert (figures["bounces"], figures["deliveries"]) == (0, 1)


def test_a_bounce_after_a_delivery_stands(library_of):
    library_of.bring(
        covering(), *sent("ann"), event("ann", "delivered", 5), event("ann", "bounced", 60, subtype="hard")
    )
    assert library_of.figures()["bounces"] == 1


def test_hard_and_soft_bounces_never_overlap(library_of):
    bounces = [
        event("ann", "bounced", second, subtype=kind)
        for second, kind in ((5, "soft"), (6, "soft"), (9, "hard"))
    ]
    library_of.bring(covering(), *sent("ann"), *bounces)
    figures = library_of.figures()
    assert (figures["soft_bounces"], figures["hard_bounces"], figures["bounces"]) == (0, 1, 1)


def test_a_bounce_of_unknown_kind_counts_as_soft(library_of):
    library_of.bring(covering(), *sent("ann"), event("ann", "bounced", 5, subtype="undetermined"))
    assert library_of.figures()["soft_bounces"] == 1


def test_a_bounce_without_a_time_stands(library_of):
    library_of.bring(
        covering(), *sent("ann"), event("ann", "delivered", 5), event("ann", "bounced", subtype="hard")
    )
    assert library_of.figures()["hard_bounces"] == 1


# --- opens and clicks


def test_a_click_implies_an_open(library_of):
    library_of.bring(
        covering(), *sent("ann", "bob"), event("ann", "clicked", 60), event("ann", "clicked", 90)
    )
    figures = library_of.figures()
    assert (figures["unique_opens"], figures["opens"], figures["clicks"], figures["open_rate"]) == (
        1,
        1,
        2,
        0.5,
    )


def test_a_click_adds_no_open_where_there_is_one(library_of):
    library_of.bring(covering(), *sent("ann"), event("ann", "opened", 60), event("ann", "clicked", 90))
    assert library_of.figures()["opens"] == 1


def test_an_open_that_an_importer_implied_counts_once(library_of):
    library_of.bring(
        covering(), *sent("ann"), event("ann", "opened", 90, implied=True), event("ann", "clicked", 90)
    )
    assert library_of.figures()["opens"] == 1


def test_an_implied_open_without_its_click_still_counts(library_of):
    library_of.bring(covering(), *sent("ann"), event("ann", "opened", 90, implied=True))
    assert library_of.figures()["opens"] == 1


def test_orders_are_counted_by_number_and_their_lines_summed(library_of):
    lines = [
        event("ann", "ordered", 9, order="7", revenue=0.1, product=product)
        for product in ("tea", "pot", "cup")
    ]
    library_of.bring(covering(), *sent("ann"), *lines, event("bob", "ordered", 9, order="8", revenue=5))
    figures = library_of.figures()
    assert (figures["orders"], figures["revenue"]) == (2, 5.3)


def test_amounts_in_two_currencies_have_no_sum(library_of):
    library_of.bring(
        SPRING,
        covering(),
        event("ann", "ordered", 9, order="1", revenue=5, currency="EUR", country="FR"),
        event("bob", "ordered", 9, order="2", revenue=7, currency="USD", country="FR"),
    )
    figures = library_of.figures()
    assert (figures["orders"], figures["revenue"]) == (2, None)
    assert pd.isna(library_of.by("country", "orders", "revenue")["FR"][1])
    assert pd.isna(campaigns(library_of.analytics, EVERYTHING).iloc[0]["revenue"])


@pytest.mark.parametrize(("campaigns_own", "named", "revenue"), [("EUR", "USD", None), ("EUR", "EUR", 12.5)])
def test_amounts_in_another_currency_than_the_campaigns_have_no_sum(
    library_of, campaigns_own, named, revenue
):
    orders = [
        event("ann", "ordered", 9, order="1", revenue=5),
        event("bob", "ordered", 9, order="2", revenue=7.5, currency=named),
    ]
    library_of.bring(replace(SPRING, currency=campaigns_own), covering(), *orders)
    assert library_of.figures()["revenue"] == revenue


def test_the_currency_is_that_of_the_orders_when_nobody_says_another(library_of):
    library_of.bring(covering(), event("ann", "ordered", 9, order="1", revenue=5, currency="USD"))
    library_of.bring(replace(SPRING, subject="later"))
    assert report(library_of.analytics, EVERYTHING, SPRING.id).campaign.currency == "USD"
    library_of.bring(replace(SPRING, currency="EUR"), name="last")
    assert library_of.figures()["revenue"] is None


def test_the_other_counts(library_of):
    kinds = ("unsubscribed", "complained", "forwarded")
    library_of.bring(covering(), *sent("ann", "bob"), *(event("ann", kind, 9) for kind in kinds))
    figures = library_of.figures()
    assert (figures["unsubscribe_rate"], figures["complaint_rate"], figures["forwards"]) == (0.5, 0.5, 1)


# --- unknown, reported, computed


def test_a_rate_of_nothing_is_unknown_not_zero(library_of):
    library_of.bring(covering(), event("ann", "opened", 60))
    assert library_of.figures()["open_rate"] is None


def test_what_no_file_covers_is_unknown_not_zero(library_of):
    library_of.bring(covering("opened", "clicked"), event("ann", "opened", 60), event("ann", "bounced", 5))
    figures = library_of.figures()
    assert figures["opens"] == 1
    assert figures["bounces"] is figures["recipients"] is figures["open_rate"] is None


def test_two_files_cover_together(library_of):
    library_of.bring(covering("opened"), event("ann", "opened", 60))
    library_of.bring(covering("sent", "bounced"), *sent("ann", "bob"))
    assert library_of.figures()["open_rate"] == 0.5


def test_a_campaign_known_by_reported_figures_shows_them_as_claimed(library_of):
    library_of.bring(
        SPRING,
        reported("deliveries", 5, "5"),
        reported("unique_opens", 6, "6"),
        reported("open_rate", 1.2, "120.00%"),
    )
    figure = report(library_of.analytics, EVERYTHING, SPRING.id).figures["open_rate"]
    assert (figure.value, figure.computed, figure.reported, figure.claimed) == (1.2, None, 1.2, "120.00%")


def test_a_rate_above_one_is_not_cut_off(library_of):
    library_of.bring(covering(), *sent("ann"), event("ann", "opened", 5), event("bob", "opened", 6))
    assert library_of.figures()["open_rate"] == 2


def test_where_both_are_known_both_are_kept(library_of):
    library_of.bring(SPRING, covering(), *sent("ann"), event("ann", "opened", 5), reported("opens", 9, "9"))
    figure = report(library_of.analytics, EVERYTHING, SPRING.id).figures["opens"]
    assert (figure.value, figure.computed, figure.reported, figure.claimed) == (1, 1, 9, "9")


def test_a_rate_that_is_not_claimed_comes_from_the_reported_parts(library_of):
    library_of.bring(SPRING, reported("deliveries", 4, "4"), reported("unique_opens", 1, "1"))
    assert library_of.figures()["open_rate"] == 0.25


def test_a_rate_of_mixed_parts_is_their_quotient(library_of):
    library_of.bring(covering("opened"), event("ann", "opened", 5), reported("deliveries", 4, "4"))
    figure = report(library_of.analytics, EVERYTHING, SPRING.id).figures["open_rate"]
    assert (figure.value, figure.computed, figure.reported) == (0.25, None, None)


def test_reported_figures_say_nothing_about_people(library_of):
    library_of.bring(SPRING, reported("opens", 9, "9"), reported("open_rate", 0.5, "50%"))
    figures = library_of.figures(Form.PEOPLE)
    assert figures["opens"] is figures["open_rate"] is None


def test_the_report_and_the_overview_say_the_same(library_of):
    library_of.bring(
        SPRING, covering(), *sent("ann", "bob"), event("ann", "opened", 5), reported("opens", 9, "9")
    )
    for form in Form:
        row = campaigns(library_of.analytics, EVERYTHING, form).iloc[0]
        figures = library_of.figures(form)
        assert {name: None if pd.isna(row[name]) else row[name] for name in METRICS} == figures


# --- sections


def test_the_first_day_counts_each_message_once_and_every_event(library_of):
    opens = [event("ann", "opened", 60), event("ann", "opened", 3700), event("bob", "opened", 3800)]
    library_of.bring(
        SPRING, covering(), *opens, event("bob", "clicked", 3900), event("ann", "opened", 25 * 3600)
    )
    table = library_of.section("first_day").table
    assert list(table.columns) == ["hour", "first_opens", "first_clicks", "opens", "clicks"]
    assert list(table["hour"]) == list(range(24))
    assert table.iloc[0].tolist() == [0, 1, 0, 1, 0]
    assert table.iloc[1].tolist() == [1, 1, 1, 2, 1]
    assert table.iloc[2:].drop(columns="hour").to_numpy().sum() == 0


def test_opens_without_times_make_no_first_day(library_of):
    library_of.bring(SPRING, covering(), event("ann", "opened"))
    section = library_of.section("first_day")
    assert section.table is None and section.missing == "missing.times"


def test_links_are_ranked_with_their_shares(library_of):
    clicks = [event("ann", "clicked", 100, url="https://a"), event("ann", "clicked", 200, url="https://a")]
    library_of.bring(
        SPRING,
        covering(),
        *clicks,
        event("bob", "clicked", 300, url="https://b"),
        event("bob", "clicked", 900, url="https://a"),
    )
    table = library_of.section("links").table
    assert table.to_dict("records") == [
        {
            "url": "https://a",
            "clicks": 3,
            "unique_clicks": 2,
            "click_share": 0.75,
            "unique_click_share": 2 / 3,
        },
        {
            "url": "https://b",
            "clicks": 1,
            "unique_clicks": 1,
            "click_share": 0.25,
            "unique_click_share": 1 / 3,
        },
    ]


def test_reported_links_stand_where_there_are_no_clicks(library_of):
    library_of.bring(
        SPRING,
        reported("clicks", 3, "3", "link", "https://a"),
        reported("unique_clicks", 2, "2", "link", "https://a"),
    )
    assert library_of.section("links").table.to_dict("records") == [
        {"url": "https://a", "clicks": 3, "unique_clicks": 2, "click_share": 1, "unique_click_share": 1}
    ]


def test_the_most_active_recipients_come_with_address_and_last_time(library_of):
    library_of.bring(
        SPRING, covering(), *sent("ann", "bob"), event("ann", "opened", 9), event("bob", "clicked", 99)
    )
    table = library_of.section("active_recipients").table
    assert table[["address", "opens", "clicks"]].to_numpy().tolist() == [
        ["bob@mail.example", 1, 1],
        ["ann@mail.example", 1, 0],
    ]
    assert list(table["last_at"]) == [SENT_AT + timedelta(seconds=99), SENT_AT + timedelta(seconds=9)]


def test_sections_without_data_say_what_is_missing(library_of):
    library_of.bring(SPRING, reported("opens", 9, "9"))
    sections = report(library_of.analytics, EVERYTHING, SPRING.id).sections
    missing = {name: section.missing for name, section in sections.items() if section.table is None}
    assert {"first_day", "life", "links", "active_recipients", "commerce", "variants"} <= set(missing)
    assert set(missing.values()) - {""} <= words.catalogue("en").keys()
    assert {name for name, key in missing.items() if not key} <= {
        "notes"
    }  # a report without notes says nothing
    assert "overview" not in missing  # one figure is known


# --- scope


def test_a_campaign_outside_the_scope_is_as_unknown_as_none(library_of):
    library_of.bring(SPRING)
    for scope, campaign in ((Scope(("other",)), SPRING.id), (Scope(()), SPRING.id), (EVERYTHING, "nothing")):
        with pytest.raises(UnknownCampaign):
            report(library_of.analytics, scope, campaign)


def test_a_scope_of_no_campaigns_shows_nothing(library_of):
    library_of.bring(SPRING, covering(), event("ann", "opened", 5))
    for by in ("", "hour", "domain"):
        assert answer(library_of.analytics, Scope(()), Question(("opens",), by)).empty
    assert campaigns(library_of.analytics, Scope(())).empty


def test_without_people_no_address_is_read(library_of):
    """X5"""
    library_of.bring(
        SPRING,
        covering(),
        event("ann", "opened", 5),
        event("ann", "unsubscribed", 6, reason="ask ann@mail.example"),
    )
    for path in library_of.analytics.events.folder.rglob("*.people.parquet"):
        path.unlink()
    scope = Scope(people=False)
    found = report(library_of.analytics, scope, SPRING.id)
    assert "active_recipients" not in found.sections
    assert "ann" not in str(as_json(found))
    assert library_of.by("reason", "unsubscribes", scope=scope) == {}


def test_without_revenue_no_money_is_told(library_of):
    """X5"""
    library_of.bring(SPRING, covering(), event("ann", "ordered", 5, revenue=42.5, order="1", country="FR"))
    scope = Scope(revenue=False)
    assert "42.5" not in str(as_json(report(library_of.analytics, scope, SPRING.id)))
    assert campaigns(library_of.analytics, scope)[["orders", "revenue"]].isna().to_numpy().all()
    assert library_of.by("country", "revenue", scope=scope) == {}


def test_only_the_sections_of_the_scope_are_made(library_of):
    """X5"""
    library_of.bring(SPRING, covering(), event("ann", "opened", 5))
    assert list(report(library_of.analytics, Scope(sections=("links",)), SPRING.id).sections) == ["links"]


def test_the_json_has_plain_numbers(library_of):
    library_of.bring(SPRING, covering(), *sent("ann", "bob"), event("ann", "clicked", 5000, url="https://a"))
    plain = as_json(report(library_of.analytics, EVERYTHING, SPRING.id))
    assert plain["campaign"]["sent_at"] == "2026-03-03T08:00:00+00:00"
    assert plain["metrics"]["open_rate"] == 0.5 and plain["metrics"]["forward_opens"] is None
    assert repr(plain["metrics"]["recipients"]) == "2"
    assert plain["sections"]["links"][0]["url"] == "https://a"
    assert len(plain["sections"]["first_day"]) == 24


def test_all_that_the_sender_claims_is_told_word_for_word_and_money_only_with_revenue(library_of):
    claims = {"open_rate": "120.00%", "facebook_likes": "7", "gross_sales": "CA$12.50", "revenue": "10"}
    library_of.bring(SPRING, *(reported(name, 1, text) for name, text in claims.items()))
    scopes = (EVERYTHING, Scope(revenue=False))
    told = [report(library_of.analytics, scope, SPRING.id).claimed for scope in scopes]
    assert told == [claims, {"open_rate": "120.00%"}]

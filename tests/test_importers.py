"""What every importer reads out of its format, and that exactly one recognises each (X4)."""

import csv
import io
import re
import shutil
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lib.importers import IMPORTERS, ImportRefused
from lib.importers.bringing import recognised
from lib.importers.protocol import Given
from lib.importers.source import opened
from lib.model import Bounce, Campaign, Covers, Event, Kind, Note, Reject, Reported, Row

HERE = Path(__file__).parent / "importers"
SHARED = Path(__file__).resolve().parents[2] / "shared"

NOTHING_SAID = Given()

FORMS = {
    "campaigns_2018_analytics.csv": "mailchimp_campaigns",
    "campaigns_2019_list.csv": "mailchimp_campaigns",
    "campaigns_audience.csv": "mailchimp_campaigns",
    "report.csv": "mailchimp_report",
    "ab_report.csv": "mailchimp_ab_report",
    "activity.ndjson": "mailchimp_activity",
    "account": "mailchimp_account",
    "vitrine": "vitrine",
    "vitrine/events.csv": "vitrine",
    "vitrine/campaigns.csv": "vitrine",
}
REAL = {
    "samples/mailchimp/campaigns_2018_with_google_analytics_columns.csv": "mailchimp_campaigns",
    "samples/mailchimp/campaigns_header_2019_list.csv": "mailchimp_campaigns",
    "samples/mailchimp/campaigns_header_audience.csv": "mailchimp_campaigns",
    "samples/mailchimp/report_single_campaign.csv": "mailchimp_report",
    "samples/mailchimp/report_ab_test.csv": "mailchimp_ab_report",
    "samples/mailchimp/export_api_1.0_campaignSubscriberActivity.ndjson": "mailchimp_activity",
    "samples/mailchimp/account_export_skeleton": "mailchimp_account",
    "samples/mailerlite_classic_report.csv": None,
    "samples/esp/sendgrid.json": None,
    "datasets/mailchimp_campaigns_deepnews_2018_2019.csv": "mailchimp_campaigns",
    "datasets/mailchimp_benchmarks_by_industry.csv": None,
}


def read(path: Path, given: Given = NOTHING_SAID) -> list[Row | Reject | Note]:
    with opened(path) as source:
        return list(recognised(source).read(source, given))


def read_text(tmp_path: Path, text: str) -> list[Row | Reject | Note]:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode())
    return read(path)


def items(rows, kind):
    return [item for row in rows if isinstance(row, Row) for item in row.items if isinstance(item, kind)]


def claims(rows, scope="campaign", key=""):
    found = [item for item in items(rows, Reported) if item.scope == scope and item.key == key]
    return {item.metric: (item.value, item.claimed) for item in found}


def of(rows, kind):
    return [row for row in rows if isinstance(row, kind)]


def reasons(rows, kind=Note):
    return [row.reason for row in of(rows, kind)]


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return target


# --- recognition ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
def test_exactly_one_importer_recognises_its_sample(name):
    with opened(HERE / name) as source:
        found = [importer.FORM for importer in IMPORTERS if importer.recognises(source)]
    assert found == [FORMS[name]]


@pytest.mark.parametrize("name", REAL)
def test_exactly_one_importer_recognises_a_real_file(name):
    if not (SHARED / name).exists():
        pytest.skip("only where the real files are")
    with opened(SHARED / name) as source:
        found = [importer.FORM for importer in IMPORTERS if importer.recognises(source)]
    assert found == ([REAL[name]] if REAL[name] else [])


@pytest.mark.parametrize("name", [name for name in FORMS if "." in name])
def test_a_file_is_recognised_by_its_content_whatever_its_name(name, tmp_path):
    shutil.copy(HERE / name, tmp_path / "picture.jpg")
    with opened(tmp_path / "picture.jpg") as source:
        assert FORMS[name] == recognised(source).FORM


def test_a_file_of_no_known_format_is_refused(tmp_path):
    with pytest.raises(ImportRefused) as refusal:
        read_text(tmp_path, "fruit,colour\napple,red\n")
    assert refusal.value.reason == "unknown_file"


def test_naming_a_sender_tries_only_its_formats():
    with opened(HERE / "report.csv") as source, pytest.raises(ImportRefused):
        recognised(source, "vitrine")


# --- Mailchimp: campaigns.csv --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("Total Revenue", "$100,000,000,000,000.00"),
        ("Total Recipients", "1" + ",000" * 9),
        ("Open Rate", "1" * 15 + "%"),
    ],
)
def test_a_figure_beyond_what_is_kept_costs_its_row_of_the_list_and_no_other(tmp_path, title, cell):
    first, *rest = csv.reader(io.StringIO((HERE / "campaigns_2019_list.csv").read_text()))
    rest[0][first.index(title)] = cell
    with (tmp_path / "file.csv").open("w", newline="") as file:
        csv.writer(file).writerows([first, *rest])
    rows = read(tmp_path / "file.csv")
    found = [(reject.line, reject.reason, dict(reject.holes)) for reject in of(rows, Reject)]
    assert found == [(2, "number_too_large", {"column": title, "value": cell})]
    assert len(of(rows, Row)) == len(rest) - 1


def test_a_list_of_campaigns_gives_what_it_claims_word_for_word():
    rows = read(HERE / "campaigns_2019_list.csv")
    first = claims(rows[:1])
    assert len(first) == 19
    assert first["recipients"] == (200, "200")
    assert first["open_rate"] == (0.3, "30.00%")
    assert first["gross_sales"] == (80, "80")
    assert first["revenue"] == (72.5, "72.5")
    assert first["facebook_likes"] == (0, "0")


def test_a_rate_above_one_hundred_percent_is_kept():
    assert claims(read(HERE / "campaigns_2019_list.csv")[1:])["open_rate"] == (1.2, "120.00%")


def test_the_date_of_a_campaign_is_in_the_zone_of_the_account():
    rows = read(HERE / "campaigns_2019_list.csv", Given("Europe/Paris"))
    campaigns = items(rows, Campaign)
    assert [campaign.sent_at for campaign in campaigns] == [
        datetime(2018, 6, 9, 19, 30, tzinfo=UTC),
        datetime(2018, 6, 17, 22, 5, tzinfo=UTC),
    ]
    assert campaigns[0].zone == "Europe/Paris"


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("campaigns_")])
def test_each_variant_of_the_header_names_the_same_campaigns(name):
    campaigns = items(read(HERE / name), Campaign)
    assert [(c.native_id, c.audience, c.subject) for c in campaigns] == [
        ("a1b2c3d4e5", "Tea friends", "Spring is here ☀"),
        ("b2c3d4e5f6", "Tea friends", "Second steep, same leaves"),
    ]
    assert [c.folder for c in campaigns] == [None, "7001"]


def test_a_figure_that_is_not_available_is_unknown_and_not_zero():
    rows = read(HERE / "campaigns_2018_analytics.csv")
    assert claims(rows[1:2])["ga_visits"] == (None, "n/a")
    assert claims(rows[:1])["ga_roi"] == (1.2, "120.00%")
    assert claims(rows[:1])["ga_time_on_site"] == (None, "00:01:10")


def test_columns_are_matched_by_name_in_any_order_and_case(tmp_path):
    header = "UNIQUE ID;Total recipients;send date;SUBJECT;title;Open Rate\n"
    text = header + "abc;7;Jun 09, 2018 09:30 pm;S;T;27,78%\n"
    rows = read_text(tmp_path, text)
    assert items(rows, Campaign)[0].native_id == "abc"
    assert claims(rows) == {"recipients": (7, "7"), "open_rate": (0.2778, "27,78%")}


def test_a_column_that_is_new_is_kept_under_its_own_name_and_said(tmp_path):
    text = "Title,Subject,Send Date,Total Recipients,Unique Id,Total Smiles\nT,S,,7,abc,5\n"
    rows = read_text(tmp_path, text)
    assert claims(rows)["total_smiles"] == (5, "5")
    assert reasons(rows) == ["new_columns"]


def test_the_list_comes_zipped_as_well(tmp_path):
    with zipfile.ZipFile(tmp_path / "2_reports.zip", "w") as archive:
        archive.write(HERE / "campaigns_audience.csv", "campaigns.csv")
    assert len(items(read(tmp_path / "2_reports.zip"), Campaign)) == 2


def test_the_real_export_comes_in_whole():
    path = SHARED / "datasets/mailchimp_campaigns_deepnews_2018_2019.csv"
    if not path.exists():
        pytest.skip("only where the real files are")
    rows = read(path)
    assert len(of(rows, Row)) == len(rows) == 872
    assert sum(item.value for item in items(rows, Reported) if item.metric == "recipients") == 602_777
    assert "120.00%" in [item.claimed for item in items(rows, Reported) if item.metric == "open_rate"]


# --- Mailchimp: one report -----------------------------------------------------------------------


def test_a_report_gives_its_counts_and_the_rates_in_brackets():
    rows = read(HERE / "report.csv")
    figures = claims(rows)
    assert figures["recipients"] == (1751, "1,751")
    assert figures["unique_opens"] == (141, "141")
    assert figures["open_rate"] == (141 / 1742, "8.1%")
    assert figures["bounces"] == (9, "9")
    assert figures["bounce_rate"] == (9 / 1751, "0.5%")
    assert figures["last_open"] == (None, "1/7/26 17:40")
    assert len(rows) == 1


def test_a_report_is_of_the_campaign_that_all_its_links_name():
    campaign = items(read(HERE / "report.csv"), Campaign)[0]
    assert campaign.id == items(read(HERE / "campaigns_2019_list.csv"), Campaign)[0].id
    assert campaign.sent_at == datetime(2021, 4, 26, 12, 25, tzinfo=UTC)


def test_a_report_gives_the_clicks_of_each_link():
    url = "https://tea.example/spring?utm_source=letter&mc_cid=a1b2c3d4e5&mc_eid=UNIQID"
    clicks = claims(read(HERE / "report.csv"), "link", url)
    assert clicks == {"clicks": (27, "27"), "unique_clicks": (18, "18")}


def test_a_line_of_a_report_that_cannot_be_read_is_rejected_alone(tmp_path):
    text = (HERE / "report.csv").read_text().replace("141 (8.1%)", "141 (8.1%").replace('"27"', '"2.7"')
    rows = read_text(tmp_path, text)
    rejected = [(reject.line, reject.reason) for reject in of(rows, Reject)]
    assert rejected == [(12, "bad_number"), (24, "bad_number")]
    assert "unique_opens" not in claims(rows)
    assert claims(rows)["opens"] == (201, "201")


def test_a_report_that_a_spreadsheet_saved_again_reads_the_same(tmp_path):
    padded = "\r\n".join(_padded(line) for line in (HERE / "report.csv").read_text().splitlines())
    assert claims(read_text(tmp_path, padded)) == claims(read(HERE / "report.csv"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
@pytest.mark.parametrize("name", ["report.csv", "ab_report.csv"])
def test_a_report_that_a_french_excel_saved_reads_the_same(tmp_path, name, encoding):
    """Semicolons, no quotes but where needed, every line padded to three columns."""
    path = tmp_path / name
    path.write_bytes(_by_excel((HERE / name).read_text(), 3).encode(encoding))
    assert of(read(path), Row)[0].items == of(read(HERE / name), Row)[0].items


def test_a_report_that_a_french_excel_saved_as_old_text_reads_the_same_but_for_its_suns(tmp_path):
    path = tmp_path / "report.csv"
    text = (HERE / "report.csv").read_text().replace("☀", "été")
    path.write_bytes(_by_excel(text, 3).encode("cp1252"))
    rows = read(path)
    assert claims(rows) == claims(read(HERE / "report.csv"))
    assert items(rows, Campaign)[0].subject == "Spring is here été"


def test_a_rate_that_its_counts_do_not_round_to_is_kept_as_claimed(tmp_path):
    text = (HERE / "report.csv").read_text().replace("141 (8.1%)", "141 (9.9%)")
    assert claims(read_text(tmp_path, text))["open_rate"] == (0.099, "9.9%")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_a_list_of_campaigns_that_a_french_excel_saved_reads_the_same(tmp_path, encoding):
    text = (HERE / "campaigns_2019_list.csv").read_text().replace("☀", "é").replace(",200,", ',"1,200",')
    path, comma = tmp_path / "campaigns.csv", tmp_path / "comma.csv"
    comma.write_text(text)
    path.write_bytes(re.sub(r"(\d)\.(\d+%)", r"\1,\2", _by_excel(text)).encode(encoding))
    rows = read(path)
    assert items(rows, Campaign) == items(read(comma), Campaign)
    expected = [item.value for item in items(read(comma), Reported)]
    assert [item.value for item in items(rows, Reported)] == expected
    assert "30,00%" in [item.claimed for item in items(rows, Reported)]


def _by_excel(text: str, columns: int = 0) -> str:
    lines = list(csv.reader(io.StringIO(text)))
    made = io.StringIO()
    csv.writer(made, delimiter=";").writerows(line + [""] * (columns - len(line)) for line in lines)
    return made.getvalue()


def _padded(line: str) -> str:
    missing = 3 - line.count('","') - 1
    return line + "," * missing if line else ",,"


# --- Mailchimp: A/B report -----------------------------------------------------------------------


def test_an_ab_report_keeps_each_combination():
    rows = read(HERE / "ab_report.csv")
    first = claims(rows, "variant", "Combination 1")
    assert first["recipients"] == (1751, "1,751")
    assert first["open_rate"] == (141 / 1742, "8.1%")
    assert first["subject"] == (None, "Black tea?")
    assert claims(rows, "variant", "Combination 2")["subject"] == (None, "Green tea?")


def test_an_ab_report_adds_up_what_may_be_added():
    figures = claims(read(HERE / "ab_report.csv"))
    assert figures["recipients"] == (3501, "1,751 + 1,750")
    assert figures["unique_opens"] == (266, "141 + 125")
    assert figures["open_rate"] == (266 / 3484, "")
    assert figures["total_sales"] == (10.5, "CA$10.50 + CA$0.00")
    assert "bounce_rate" not in figures


def test_a_link_of_both_combinations_is_one_link():
    url = "https://tea.example/a?mc_eid=UNIQID"
    assert claims(read(HERE / "ab_report.csv"), "link", url) == {
        "clicks": (68, "28 + 40"),
        "unique_clicks": (46, "19 + 27"),
    }


def test_an_ab_test_has_the_subject_of_no_combination_but_the_sender_of_both():
    campaign = items(read(HERE / "ab_report.csv"), Campaign)[0]
    assert (campaign.subject, campaign.from_name, campaign.currency) == (None, "Tea House", "CAD")


# --- Mailchimp: account export -------------------------------------------------------------------


def test_an_account_export_joins_activity_to_the_campaign_of_that_title(tmp_path):
    rows = read(zipped(HERE / "account", tmp_path / "export.zip"))
    found = Counter((event.campaign, event.kind) for event in items(rows, Event))
    joined = {kind: count for (campaign, kind), count in found.items() if campaign == "mailchimp-a1b2c3d4e5"}
    assert joined == {
        Kind.SENT: 4,
        Kind.OPENED: 1,
        Kind.CLICKED: 1,
        Kind.BOUNCED: 2,
    }


def test_an_account_export_never_guesses_a_campaign(tmp_path):
    rows = read(zipped(HERE / "account", tmp_path / "export.zip"))
    assert {"campaign_ambiguous", "campaign_unmatched", "unused_folders", "times_utc"} == set(reasons(rows))
    own = {campaign.native_id: campaign.title for campaign in items(rows, Campaign)}
    assert own["902"] == "tea letter copy"
    assert own["903"] == "forgotten"


def test_an_account_export_covers_what_it_has_folders_for(tmp_path):
    rows = read(zipped(HERE / "account", tmp_path / "export.zip"))
    covered = {item.campaign: item.kinds for item in items(rows, Covers)}
    assert covered["mailchimp-a1b2c3d4e5"] == {Kind.SENT, Kind.OPENED, Kind.CLICKED, Kind.BOUNCED}
    assert covered["mailchimp-903"] == {Kind.OPENED, Kind.CLICKED}


def test_an_account_export_holds_the_mails(tmp_path):
    rows = read(zipped(HERE / "account", tmp_path / "export.zip"))
    pages = [campaign for campaign in items(rows, Campaign) if campaign.html]
    assert [(page.id, page.html) for page in pages] == [("mailchimp-a1b2c3d4e5", "<p>Spring is here</p>\n")]


# --- Mailchimp: Export API -----------------------------------------------------------------------


def test_subscriber_activity_is_read_action_by_action():
    rows = read(HERE / "activity.ndjson", Given(title="Tea letter"))
    happened = [(event.recipient[:3], event.kind, event.subtype) for event in items(rows, Event)]
    assert happened == [
        ("ann", Kind.SENT, None),
        ("ann", Kind.OPENED, None),
        ("ann", Kind.CLICKED, None),
        ("bob", Kind.SENT, None),
        ("bob", Kind.BOUNCED, Bounce.HARD),
        ("cid", Kind.SENT, None),
    ]
    assert items(rows, Event)[1].at == datetime(2018, 4, 1, 22, 23, 21, tzinfo=UTC)


def test_subscriber_activity_is_called_as_told_or_like_its_file():
    told = read(HERE / "activity.ndjson", Given(title="Tea letter"))
    assert items(told, Campaign)[0].title == "Tea letter"
    assert reasons(told) == ["title_given"]
    assert reasons(read(HERE / "activity.ndjson")) == ["title_from_file_name"]


def test_subscriber_activity_called_by_an_id_is_of_that_campaign():
    rows = read(HERE / "activity.ndjson", Given(title="a1b2c3d4e5"))
    assert items(rows, Campaign) == [Campaign("mailchimp", "a1b2c3d4e5")]


def test_without_idle_recipients_subscriber_activity_does_not_know_who_was_sent_it(tmp_path):
    text = '{"ann@tea.example":[{"action":"open","timestamp":"2018-04-01 22:23:21"}]}\n'
    rows = read_text(tmp_path, text)
    assert items(rows, Covers)[0].kinds == {Kind.OPENED, Kind.CLICKED}
    assert [event.kind for event in items(rows, Event)] == [Kind.OPENED]


def test_broken_lines_of_subscriber_activity_are_rejected_one_by_one(tmp_path):
    good = '{"ann@tea.example":[{"action":"open","timestamp":"2018-04-01 22:23:21"}]}\n'
    bad = (
        '{"ann@tea.example":[{"action":"open"\n'
        '{"ann@tea.example":[{"action":"sneeze","timestamp":"2018-04-01 22:23:21"}]}\n'
        '{"not an address@":[{"action":"open","timestamp":"2018-04-01 22:23:21"}]}\n'
        '{"ann@tea.example":[{"action":"open","timestamp":"yesterday"}]}\n'
        '{"ann@tea.example":[{"action":"open","timestamp":"2018-04-01 22:23:21","ip":"1.2.3"}]}\n'
    )
    rows = read_text(tmp_path, good + bad)
    assert [(reject.line, reject.reason) for reject in of(rows, Reject)] == [
        (2, "bad_json"),
        (3, "unknown_kind"),
        (4, "bad_address"),
        (5, "bad_date"),
        (6, "bad_ip"),
    ]


# --- Vitrine -------------------------------------------------------------------------------------


def test_our_own_format_carries_a_campaign_with_its_page():
    rows = read(HERE / "vitrine")
    spring = items(rows, Campaign)[0]
    assert (spring.id, spring.title, spring.tags, spring.currency) == (
        "vitrine-spring",
        "Spring letter",
        ("tea", "spring"),
        "EUR",
    )
    assert spring.sent_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    assert spring.html == "<p>Spring is here</p>\n"


def test_our_own_events_carry_all_that_happened():
    sent, _, bounced, opened_, clicked, ordered, machine = items(read(HERE / "vitrine"), Event)
    assert (sent.recipient, sent.kind, sent.variant) == ("ann@tea.example", Kind.SENT, "A")
    assert (bounced.subtype, bounced.reason) == ("hard", "550, no such user")
    assert (opened_.at, opened_.machine, opened_.native_id) == (
        datetime(2026, 3, 2, 9, tzinfo=UTC),
        False,
        "o-1",
    )
    assert (clicked.url, clicked.link_position, clicked.ip) == ("https://tea.example/a", 1, "192.0.2.1")
    bought = (ordered.revenue, ordered.currency, ordered.order, ordered.product)
    assert bought == (12.5, "EUR", "77", "First flush")
    assert (machine.at, machine.machine, machine.machine_reason) == (None, True, "proxy")


def test_program_and_device_come_from_the_user_agent_where_the_file_does_not_name_them():
    events = items(read(HERE / "vitrine"), Event)
    assert (events[3].client, events[3].device) == ("Thunderbird", "desktop")
    assert (events[4].client, events[4].device) == ("Firefox", "desktop")


def test_a_described_campaign_covers_every_kind_unless_it_says_which():
    covered = items(read(HERE / "vitrine"), Covers)
    assert {(item.campaign, item.kinds) for item in covered} == {
        ("vitrine-spring", frozenset(Kind)),
        ("vitrine-flash", frozenset({Kind.OPENED, Kind.CLICKED})),
    }


def test_bare_events_cover_the_kinds_they_show(tmp_path):
    text = "campaign,recipient,kind\nspring,ann@x.example,opened\nspring,ann@x.example,sent\n"
    covered = items(read_text(tmp_path, text), Covers)
    assert set().union(*(item.kinds for item in covered)) == {
        Kind.OPENED,
        Kind.SENT,
        Kind.BOUNCED,
        Kind.UNSUBSCRIBED,
        Kind.COMPLAINED,
    }


def test_our_own_format_is_the_same_as_folder_and_as_zip(tmp_path):
    assert read(zipped(HERE / "vitrine", tmp_path / "ours.zip")) == read(HERE / "vitrine")


def test_events_may_lie_in_several_files(tmp_path):
    for month in ("jan", "feb"):
        (tmp_path / "events").mkdir(exist_ok=True)
        (tmp_path / "events" / f"{month}.csv").write_text("campaign,recipient,kind\nc,ann@x.example,sent\n")
    assert len(items(read(tmp_path), Event)) == 2


def test_campaigns_of_our_own_format_may_be_of_another_sender():
    rows = read(HERE / "vitrine", Given(sender="brevo"))
    assert {event.campaign for event in items(rows, Event)} == {"brevo-spring", "brevo-flash"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",ann@x.example,sent,,,", "missing_campaign"),
        ("c,ann at x,sent,,,", "bad_address"),
        ("c,ann@x.example,sneezed,,,", "unknown_kind"),
        ("c,ann@x.example,sent,02/03/2026,,", "bad_date"),
        ("c,ann@x.example,sent,2026-13-01T00:00:00Z,,", "bad_date"),
        ("c,ann@x.example,bounced,,mild,", "bad_subtype"),
        ("c,ann@x.example,ordered,,,12 apples", "bad_number"),
        ("c,ann@x.example,ordered,,,10000000000", "number_too_large"),
        ("c,ann@x.example,sent,", "ragged"),
        ("c,ann@x.example,sent,,,,,", "ragged"),
        ('c,"ann@x.example"x,sent,,,', "bad_quotes"),
        ("c,ann@x.example\0,sent,,,", "control_sign"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_place_and_reason(tmp_path, row, reason):
    good = "c,ann@x.example,sent,,,"
    rows = read_text(tmp_path, f"campaign,recipient,kind,at,subtype,revenue\n{good}\n{row}\n{good}\n")
    assert [(reject.line, reject.reason) for reject in of(rows, Reject)] == [(3, reason)]
    assert len(of(rows, Row)) == 2

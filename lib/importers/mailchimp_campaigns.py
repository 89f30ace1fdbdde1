"""Mailchimp: campaigns.csv, the list of all campaigns with their figures, alone or in `<n>_reports.zip`.

Format: docs/importers/mailchimp.md#campaigns. Header variants: 2018 with Google Analytics columns, 2019 with
«List», newer with «Audience».
"""

from collections.abc import Callable, Iterator

from lib.importers import table, values
from lib.importers.protocol import Given, Read
from lib.importers.source import Member, Source
from lib.importers.table import Header, Record
from lib.importers.values import BadCell
from lib.model import Campaign, Note, Reject, Reported, Row

SENDER = "mailchimp"
FORM = "mailchimp_campaigns"

NEEDED = ("title", "subject", "send_date", "total_recipients", "unique_id")

TABLES = (".csv", ".tsv")

Parser = Callable[[str, bool], float]


def _amount(text: str, comma: bool) -> float:
    return values.money(text, comma).amount


FIGURES: dict[str, tuple[str, Parser]] = {  # their column: our metric
    "total_recipients": ("recipients", values.count),
    "successful_deliveries": ("deliveries", values.count),
    "soft_bounces": ("soft_bounces", values.count),
    "hard_bounces": ("hard_bounces", values.count),
    "total_bounces": ("bounces", values.count),
    "times_forwarded": ("forwards", values.count),
    "forwarded_opens": ("forward_opens", values.count),
    "unique_opens": ("unique_opens", values.count),
    "open_rate": ("open_rate", values.rate),
    "total_opens": ("opens", values.count),
    "unique_clicks": ("unique_clicks", values.count),  # people who clicked: 0 exceptions in 899 real rows
    "click_rate": ("click_rate", values.rate),
    "total_clicks": ("clicks", values.count),
    "unsubscribes": ("unsubscribes", values.count),
    "abuse_complaints": ("complaints", values.count),
    "times_liked_on_facebook": ("facebook_likes", values.count),
    "total_orders": ("orders", values.count),
    "total_gross_sales": ("gross_sales", _amount),
    "total_revenue": ("revenue", _amount),
}
ANALYTICS = {  # their column: our name; of the linked Google Analytics account, so of another count of visits
    "analytics_roi": "ga_roi",
    "campaign_cost": "ga_campaign_cost",
    "revenue_created": "ga_revenue_created",
    "visits": "ga_visits",
    "new_visits": "ga_new_visits",
    "pages_visit": "ga_pages_per_visit",
    "bounce_rate": "ga_bounce_rate",
    "time_on_site": "ga_time_on_site",
    "goal_conversion_rate": "ga_goal_conversion_rate",
    "per_visit_goal_value": "ga_per_visit_goal_value",
    "transactions": "ga_transactions",
    "ecommerce_conversion_rate": "ga_ecommerce_conversion_rate",
    "per_visit_value": "ga_per_visit_value",
    "average_value": "ga_average_value",
}
MONEY = ("total_revenue", "total_gross_sales")
DESCRIBING = {"title", "subject", "list", "audience", "send_date", "send_weekday", "folder_id", "unique_id"}


def recognises(source: Source) -> bool:
    """Nothing but such lists: an account export holds one too, beside folders of activity."""
    tables = _tables(source)
    strangers = [m for m in source.members if not m.name.lower().endswith((*TABLES, ".txt", ".md"))]
    return bool(tables) and not (source.packed and strangers) and all(map(is_list, tables))


def _tables(source: Source) -> list[Member]:
    return source.endings(*TABLES) if source.packed else list(source.members)


def read(source: Source, given: Given) -> Read:
    for member in _tables(source):
        yield from read_list(member, given)


def read_list(member: Member, given: Given) -> Read:
    """The rows of one campaigns.csv; also that of an account export."""
    header = _header(member)
    if header is None:
        return
    yield from _unknown_columns(member, header)
    for record in table.records(member, header):
        yield _row(record, given) if isinstance(record, Record) else record


def is_list(member: Member) -> bool:
    return _header(member) is not None


def _header(member: Member) -> Header | None:
    return table.header_of(member, *NEEDED)


def _unknown_columns(member: Member, header: Header) -> Iterator[Note]:
    known = DESCRIBING | FIGURES.keys() | ANALYTICS.keys()
    unknown = [
        title for title, name in zip(header.titles, header.columns, strict=True) if name and name not in known
    ]
    if unknown:
        yield Note(member.name, "new_columns", (("columns", ", ".join(unknown)),))


def _row(record: Record, given: Given) -> Row | Reject:
    if not record["unique_id"]:
        return record.reject("missing_campaign")
    try:
        campaign = _campaign(record, given)
        return Row(record.file, record.line, (campaign, *_figures(record, campaign.id)))
    except BadCell as problem:
        return record.bad(problem)


def _campaign(record: Record, given: Given) -> Campaign:
    date = record["send_date"]
    return Campaign(
        sender=SENDER,
        native_id=record["unique_id"],
        title=record["title"] or None,
        subject=record["subject"] or None,
        audience=record["audience"] or record["list"] or None,
        sent_at=values.named("send_date", values.account_time, date, given.zone) if date else None,
        zone=given.zone if date else None,
        currency=_currency(record),
        folder=record["folder_id"] if record["folder_id"] not in ("", "0") else None,
    )


def _currency(record: Record) -> str | None:
    for column in MONEY:
        if record[column] and record[column].lower() not in values.NOTHING:
            currency = values.named(column, values.money, record[column], record.header.comma).currency
            if currency:
                return currency
    return None


def _figures(record: Record, campaign: str) -> Iterator[Reported]:
    """Every figure that the row claims; an empty cell claims nothing."""
    for column, claimed in record.cells.items():
        if claimed and column not in DESCRIBING:
            metric, value = _figure(column, claimed, record.header.comma)
            yield Reported(campaign, metric, value, claimed)


def _figure(column: str, claimed: str, comma: bool) -> tuple[str, float | None]:
    if column not in FIGURES:
        return ANALYTICS.get(column, column), _if_number(claimed, comma)
    metric, parse = FIGURES[column]
    if claimed.lower() in values.NOTHING:
        return metric, None
    return metric, values.named(column, parse, claimed, comma)


def _if_number(claimed: str, comma: bool) -> float | None:
    """Of a column whose form is not known: the claim is kept, its value only when there is no doubt."""
    for parse in (values.number, values.rate, _amount):
        try:
            return parse(claimed, comma)
        except BadCell:
            continue
    return None

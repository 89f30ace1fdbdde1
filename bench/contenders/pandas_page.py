"""The pandas page that people write instead: the campaign's file is read, then grouped for each chart."""

from itertools import cycle

import pandas as pd

from bench.questions import (
    APPLE,
    APPLE_AGENT,
    COUNTRIES,
    DEVICE,
    SCANNER,
    SCANNER_NAME,
    TOP,
    Answers,
    Given,
    Rows,
)

OF_A_REPORT = [
    *("message", "kind", "happened_at", "subtype", "link", "domain", "country", "device", "client"),
    *("variant", "user_agent", "order_id", "revenue", "product"),
]
NARROWED = ["message", "kind", "link", "country", "device", "client"]


class Contender:
    """Nothing is held between questions."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.countries = cycle(COUNTRIES)

    def report(self) -> Answers:
        place = self.given.reference
        events = pd.read_parquet(place.path, columns=OF_A_REPORT)
        active = events[events["kind"].isin(["opened", "clicked"])]
        opens, clicks = (active[active["kind"] == kind] for kind in ("opened", "clicked"))
        return {
            "totals": _totals(events, opens, clicks),
            "first_day": [row for row in _over_time(opens, clicks, place.sent_at, 3600) if row[0] < 24],
            "life": _over_time(opens, clicks, place.sent_at, 86400),
            "links": _links(clicks),
            "countries": _by(opens, clicks, "country", events_of_clicks=True),
            "domains": _domains(events, opens, clicks),
            "devices": _by(opens, clicks, "device"),
            "clients": _by(opens, clicks, "client"),
            "variants": _variants(events, opens, clicks),
            "machines": _machines(active),
            "active": _active(active),
            "commerce": _commerce(events[events["kind"] == "ordered"]),
        }

    def narrowed(self) -> Answers:
        events = pd.read_parquet(self.given.reference.path, columns=NARROWED)
        events = events[events["country"] == next(self.countries)]
        opens, clicks = (events[events["kind"] == kind] for kind in ("opened", "clicked"))
        return {
            "devices": _by(opens, clicks, "device", events_of_clicks=True),
            "clients": _by(opens, clicks, "client", events_of_clicks=True),
            "links": _links(clicks[clicks["device"] == DEVICE]),
        }

    def overview(self) -> Rows:
        return [[place.id, *_counted(place.path)] for place in self.given.campaigns]

    def trend(self) -> Rows:
        kinds = ["delivered", "opened", "clicked"]
        rows = []
        for place in self.given.campaigns:
            events = pd.read_parquet(place.path, columns=["message", "kind"], filters=[("kind", "in", kinds)])
            people = events.groupby("kind")["message"].nunique().reindex(kinds, fill_value=0)
            rows.append([place.month, 1, *people])
        frame = pd.DataFrame(rows, columns=["month", "campaigns", *kinds])
        return _rows(frame.groupby("month").sum().sort_index().reset_index())


def _counted(path: str) -> list[int]:
    events = pd.read_parquet(path, columns=["message", "kind"])
    by_kind = events.groupby("kind")["message"]
    people, times = by_kind.nunique(), by_kind.size()
    told = [people.get(kind, 0) for kind in ("sent", "delivered", "bounced")]
    for kind in ("opened", "clicked"):
        told += [people.get(kind, 0), times.get(kind, 0)]
    return [int(number) for number in (*told, people.get("unsubscribed", 0))]


def _totals(events: pd.DataFrame, opens: pd.DataFrame, clicks: pd.DataFrame) -> Rows:
    people = events.groupby("kind")["message"].nunique()
    bounces = events[events["kind"] == "bounced"].groupby("subtype")["message"].nunique()
    row = [people.get("sent", 0), people.get("delivered", 0), bounces.get("hard", 0), bounces.get("soft", 0)]
    row += [people.get("opened", 0), len(opens), people.get("clicked", 0), len(clicks)]
    row += [people.get("unsubscribed", 0), people.get("complained", 0), (events["kind"] == "forwarded").sum()]
    return [[int(number) for number in row]]


def _over_time(opens: pd.DataFrame, clicks: pd.DataFrame, sent_at: int, span: int) -> Rows:
    columns = {}
    start = pd.Timestamp(sent_at, unit="s")
    for name, rows in (("opens", opens), ("clicks", clicks)):
        step = (rows["happened_at"] - start).dt.total_seconds().floordiv(span).astype(int)
        columns[name] = step.value_counts()
        columns[f"first_{name}"] = step.groupby(rows["message"]).min().value_counts()
    frame = pd.DataFrame(columns).fillna(0).astype(int).sort_index()
    return _rows(frame[["opens", "clicks", "first_opens", "first_clicks"]].reset_index())


def _links(clicks: pd.DataFrame) -> Rows:
    frame = clicks.groupby("link")["message"].agg(["size", "nunique"]).reset_index()
    return _rows(frame.sort_values(["size", "link"], ascending=[False, True]).head(TOP))


def _by(opens: pd.DataFrame, clicks: pd.DataFrame, name: str, events_of_clicks: bool = False) -> Rows:
    opened, clicked = (rows.groupby(name)["message"] for rows in (opens, clicks))
    columns = {"opens": opened.size(), "unique_opens": opened.nunique()}
    columns |= {"clicks": clicked.size()} if events_of_clicks else {}
    frame = pd.DataFrame(columns | {"unique_clicks": clicked.nunique()})
    return _rows(frame.fillna(0).astype(int).sort_index().reset_index())


def _domains(events: pd.DataFrame, opens: pd.DataFrame, clicks: pd.DataFrame) -> Rows:
    sent = events[events["kind"] == "sent"]
    frame = _people("domain", recipients=sent, opens=opens, clicks=clicks).reset_index()
    return _rows(frame.sort_values(["recipients", "domain"], ascending=[False, True]).head(TOP))


def _variants(events: pd.DataFrame, opens: pd.DataFrame, clicks: pd.DataFrame) -> Rows:
    sent, left = (events[events["kind"] == kind] for kind in ("sent", "unsubscribed"))
    return _rows(
        _people("variant", sent=sent, opens=opens, clicks=clicks, left=left).sort_index().reset_index()
    )


def _people(name: str, **rows: pd.DataFrame) -> pd.DataFrame:
    columns = {column: part.groupby(name)["message"].nunique() for column, part in rows.items()}
    return pd.DataFrame(columns).fillna(0).astype(int).rename_axis(name)


def _machines(active: pd.DataFrame) -> Rows:
    scanner = active["user_agent"].str.lower().str.contains(SCANNER_NAME, regex=False, na=False)
    apple = (active["user_agent"] == APPLE_AGENT) & (active["kind"] == "opened")
    rows: Rows = []
    for reason, chosen in ((APPLE, active[apple & ~scanner]), (SCANNER, active[scanner])):
        if len(chosen):
            rows.append([reason, *(int((chosen["kind"] == kind).sum()) for kind in ("opened", "clicked"))])
    return rows


def _active(active: pd.DataFrame) -> Rows:
    frame = active.assign(opens=active["kind"] == "opened", clicks=active["kind"] == "clicked")
    frame = frame.groupby("message").agg(
        opens=("opens", "sum"), clicks=("clicks", "sum"), last_at=("happened_at", "max")
    )
    frame["both"] = frame["opens"] + frame["clicks"]
    ranked = frame.reset_index().sort_values(
        ["both", "clicks", "last_at", "message"], ascending=[False, False, False, True]
    )
    return _rows(ranked.head(TOP)[["message", "opens", "clicks"]])


def _commerce(orders: pd.DataFrame) -> Rows:
    frame = orders.groupby("product").agg(
        orders=("order_id", "nunique"), revenue=("revenue", "sum"), buyers=("message", "nunique")
    )
    ranked = frame.reset_index().sort_values(["orders", "product"], ascending=[False, True]).head(TOP)
    return _rows(ranked.assign(revenue=ranked["revenue"].round(2)))


def _rows(frame: pd.DataFrame) -> Rows:
    return [list(row) for row in frame.astype(object).itertuples(index=False, name=None)]

"""Polars: lazy scans of the events files, all questions of a report collected together."""

from itertools import cycle

import polars as pl

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

KIND, MESSAGE = pl.col("kind"), pl.col("message")


def events(kind: str) -> pl.Expr:
    return (KIND == kind).sum()


def messages(kind: str) -> pl.Expr:
    return MESSAGE.filter(KIND == kind).n_unique()


CLICKS = events("clicked").alias("clicks")


class Contender:
    """Nothing is held between questions but the scans."""

    def __init__(self, given: Given) -> None:
        self.countries = cycle(COUNTRIES)
        self.reference = given.reference
        self.source = pl.scan_parquet(given.reference.path)
        self.everything = pl.scan_parquet(
            [place.path for place in given.campaigns], include_file_paths="path"
        )
        self.places = pl.DataFrame(
            [(place.path, place.id, place.month) for place in given.campaigns],
            schema=["path", "id", "month"],
            orient="row",
        ).lazy()

    def report(self) -> Answers:
        return _collected(self._report())

    def narrowed(self) -> Answers:
        active = self.source.filter(
            KIND.is_in(["opened", "clicked"]), pl.col("country") == next(self.countries)
        )
        mobile = active.filter(pl.col("device") == DEVICE)
        return _collected(
            {
                "devices": _by(active, "device", CLICKS),
                "clients": _by(active, "client", CLICKS),
                "links": _links(mobile),
            }
        )

    def overview(self) -> Rows:
        counted = self.everything.group_by("path").agg(
            messages("sent").alias("recipients"),
            messages("delivered").alias("deliveries"),
            messages("bounced").alias("bounces"),
            messages("opened").alias("unique_opens"),
            events("opened").alias("opens"),
            messages("clicked").alias("unique_clicks"),
            events("clicked").alias("clicks"),
            messages("unsubscribed").alias("unsubscribes"),
        )
        named = counted.join(self.places, on="path").sort("id")
        return _rows(named.select("id", pl.exclude("id", "path", "month")).collect())

    def trend(self) -> Rows:
        counted = self.everything.group_by("path").agg(
            messages("delivered").alias("deliveries"),
            messages("opened").alias("openers"),
            messages("clicked").alias("clickers"),
        )
        months = counted.join(self.places, on="path").group_by("month")
        summed = months.agg(pl.len(), pl.sum("deliveries"), pl.sum("openers"), pl.sum("clickers"))
        return _rows(summed.sort("month").collect())

    def _report(self) -> dict[str, pl.LazyFrame]:
        source = self.source
        active = source.filter(KIND.is_in(["opened", "clicked"]))
        return {
            "totals": source.select(
                messages("sent").alias("recipients"),
                messages("delivered").alias("deliveries"),
                MESSAGE.filter((KIND == "bounced") & (pl.col("subtype") == "hard")).n_unique().alias("hard"),
                MESSAGE.filter((KIND == "bounced") & (pl.col("subtype") == "soft")).n_unique().alias("soft"),
                messages("opened").alias("unique_opens"),
                events("opened").alias("opens"),
                messages("clicked").alias("unique_clicks"),
                events("clicked").alias("clicks"),
                messages("unsubscribed").alias("unsubscribes"),
                messages("complained").alias("complaints"),
                events("forwarded").alias("forwards"),
            ),
            "first_day": self._over_time(active, 3600).filter(pl.col("step") < 24),
            "life": self._over_time(active, 86400),
            "links": _links(source),
            "countries": _by(active, "country", CLICKS),
            "domains": source.group_by("domain")
            .agg(
                messages("sent").alias("recipients"),
                messages("opened").alias("unique_opens"),
                messages("clicked").alias("unique_clicks"),
            )
            .sort(["recipients", "domain"], descending=[True, False])
            .head(TOP),
            "devices": _by(active, "device"),
            "clients": _by(active, "client"),
            "variants": source.group_by("variant")
            .agg(
                messages("sent").alias("recipients"),
                messages("opened").alias("unique_opens"),
                messages("clicked").alias("unique_clicks"),
                messages("unsubscribed").alias("unsubscribes"),
            )
            .sort("variant"),
            "machines": _machines(active),
            "active": active.group_by("message")
            .agg(
                events("opened").alias("opens"),
                events("clicked").alias("clicks"),
                pl.len().alias("both"),
                pl.max("happened_at").alias("last_at"),
            )
            .sort(["both", "clicks", "last_at", "message"], descending=[True, True, True, False])
            .head(TOP)
            .select("message", "opens", "clicks"),
            "commerce": source.filter(KIND == "ordered")
            .group_by("product")
            .agg(
                pl.col("order_id").n_unique().alias("orders"),
                pl.sum("revenue").round(2),
                MESSAGE.n_unique().alias("buyers"),
            )
            .sort(["orders", "product"], descending=[True, False])
            .head(TOP),
        }

    def _over_time(self, active: pl.LazyFrame, span: int) -> pl.LazyFrame:
        step = (pl.col("happened_at").dt.epoch("s") - self.reference.sent_at) // span
        happened = active.select("message", "kind", step.alias("step"))
        counted = happened.group_by("step").agg(
            events("opened").alias("opens"), events("clicked").alias("clicks")
        )
        firsts = happened.group_by("message", "kind").agg(pl.min("step"))
        first = firsts.group_by("step").agg(
            events("opened").alias("first_opens"), events("clicked").alias("first_clicks")
        )
        return counted.join(first, on="step", how="left").fill_null(0).sort("step")


def _collected(asked: dict[str, pl.LazyFrame]) -> Answers:
    found = pl.collect_all(list(asked.values()))
    return {name: _rows(frame) for name, frame in zip(asked, found, strict=True)}


def _links(source: pl.LazyFrame) -> pl.LazyFrame:
    return (
        source.filter(KIND == "clicked")
        .group_by("link")
        .agg(pl.len().alias("clicks"), MESSAGE.n_unique().alias("unique_clicks"))
        .sort(["clicks", "link"], descending=[True, False])
        .head(TOP)
    )


def _by(active: pl.LazyFrame, name: str, *more: pl.Expr) -> pl.LazyFrame:
    return (
        active.filter(pl.col(name).is_not_null())
        .group_by(name)
        .agg(
            events("opened").alias("opens"),
            messages("opened").alias("unique_opens"),
            *more,
            messages("clicked").alias("unique_clicks"),
        )
        .sort(name)
    )


def _machines(active: pl.LazyFrame) -> pl.LazyFrame:
    agent = pl.col("user_agent")
    scanner = agent.str.to_lowercase().str.contains(SCANNER_NAME, literal=True)
    apple = (agent == APPLE_AGENT) & (KIND == "opened")
    reason = pl.when(scanner).then(pl.lit(SCANNER)).when(apple).then(pl.lit(APPLE)).alias("reason")
    named = active.with_columns(reason).filter(pl.col("reason").is_not_null())
    counts = (events("opened").alias("opens"), events("clicked").alias("clicks"))
    return named.group_by("reason").agg(*counts).sort("reason")


def _rows(frame: pl.DataFrame) -> Rows:
    return [list(row) for row in frame.iter_rows()]

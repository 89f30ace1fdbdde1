"""What the live imports say about a campaign, merged into its row of the records.

The row is a function of the list of live imports alone, so taking one back restores what the others said.
Words that an earlier live import already said are duplicates and decide nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.model import Campaign, Reported

FIELDS = [name for name in Campaign.__slots__ if name not in ("sender", "native_id")]


@dataclass(frozen=True)
class Claim:
    """The words of one import, in order: fields of model.Campaign and figures [scope, key, metric,
    value, claimed].
    """

    import_id: int
    fingerprint: str
    fields: dict[str, Any]
    figures: list[list[Any]]


def fields_of(campaign: Campaign) -> dict[str, Any]:
    """The fields that a row gives, ready for JSON; what it does not say is left out."""
    given = {name: getattr(campaign, name) for name in ("sender", "native_id", *FIELDS)}
    words = {name: value for name, value in given.items() if value not in (None, ())}
    if campaign.sent_at is not None:
        words["sent_at"] = campaign.sent_at.isoformat()
    return words


def figure_of(reported: Reported) -> list[Any]:
    return [reported.scope, reported.key, reported.metric, reported.value, reported.claimed]


def merged(claims: Iterable[Claim]) -> dict[str, Any]:
    """The columns of `campaigns` that come from claims, given in the order of the imports.

    A later import wins field by field and metric by metric. Figures of the parts of a campaign (links,
    variants, hours) belong together: for each scope those of the latest import that says something new about
    it.
    """
    everything = list(claims)
    new = _without_repetitions(everything)
    words: dict[str, Any] = {}
    for claim in new:
        words |= claim.fields
    if "sent_at" in words:
        words["sent_at"] = datetime.fromisoformat(words["sent_at"])
    whole = [figure for claim in new for figure in claim.figures if figure[0] == "campaign"]
    return words | {
        "reported": {metric: value for _scope, _key, metric, value, _claimed in whole},
        "claimed": {metric: claimed for _scope, _key, metric, _value, claimed in whole},
        "reported_parts": _parts(everything, new),
    }


def _without_repetitions(claims: list[Claim]) -> list[Claim]:
    first: dict[str, Claim] = {}
    for claim in claims:
        first.setdefault(claim.fingerprint, claim)
    return list(first.values())


def _parts(everything: list[Claim], new: list[Claim]) -> list[list[Any]]:
    latest = {
        figure[0]: claim.import_id for claim in new for figure in claim.figures if figure[0] != "campaign"
    }
    return [
        figure for claim in everything for figure in claim.figures if latest.get(figure[0]) == claim.import_id
    ]

"""An installation of many campaigns of which only the records are made: what the overview reads."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from bench.mailings import SEED, VERSION, mailings
from bench.stores import COVERED, DATA, alone, begun, opened, settle
from lib.reports.metrics import COUNTS
from lib.reports.rules import RULES_VERSION
from lib.store.analytics import Analytics
from lib.store.library import Rolled, Uncounted
from lib.store.records import reading
from lib.store.tables import campaigns

CAMPAIGNS = 10_000
ENOUGH = 40_000
"""Events per planned campaign that certainly make so many campaigns."""
PER_IMPORT = 500


def overviewed(count: int = CAMPAIGNS) -> Path:
    """The data folder of an installation with so many campaigns, made at most once. Their counts are
    invented and they have no files: only their list can be asked for.
    """
    folder = DATA / f"v{VERSION}-seed{SEED}" / f"campaigns-{count}"
    with alone(folder):
        analytics = opened(folder)
        with reading(analytics.records) as db:
            known = int(db.scalar(sa.select(sa.func.count()).select_from(campaigns)) or 0)
        for first in range(known, count, PER_IMPORT):
            _bring(analytics, first, min(first + PER_IMPORT, count), count)
    return folder


def _bring(analytics: Analytics, first: int, last: int, count: int) -> None:
    plan = mailings(count * ENOUGH)[first:last]
    import_id = begun(analytics.records, f"campaigns from {first}")
    sizes = {mailing.id: mailing.recipients for mailing in plan}

    def invented(_analytics: Analytics, uncounted: Sequence[Uncounted], *_how: object) -> list[Rolled]:
        return [_rolled(one.campaign, sizes[one.campaign]) for one in uncounted]

    adds = {
        mailing.id: {
            "import_id": import_id,
            "campaign_id": mailing.id,
            "path": analytics.events.place(mailing.id, f"{import_id}.parquet"),
            "rows": 0,
            "covers": COVERED,
        }
        for mailing in plan
    }
    settle(analytics, import_id, [mailing.campaign for mailing in plan], adds, invented)


def _rolled(campaign: str, recipients: int) -> Rolled:
    rng = np.random.default_rng([SEED, 5, int(campaign[-6:]) if campaign[-1].isdigit() else 0])
    return Rolled(_counts(rng, recipients), f"{campaign}/rollup-none.parquet", RULES_VERSION)


def _counts(rng: np.random.Generator, recipients: int) -> dict[str, float]:
    """Counts that fit together in size, one of each metric that a rollup holds."""
    bounces = int(recipients * rng.uniform(0.002, 0.03))
    openers = int(recipients * rng.uniform(0.2, 0.6))
    clickers = int(openers * rng.uniform(0.02, 0.2))
    known = {
        "recipients": recipients,
        "deliveries": recipients - bounces,
        "bounces": bounces,
        "hard_bounces": bounces,
        "unique_opens": openers,
        "opens": openers * 2,
        "unique_clicks": clickers,
        "clicks": clickers * 2,
        "unsubscribes": clickers // 50,
        "revenue": clickers * 1.5,
    }
    people = {f"{name}_people": value // 2 for name, value in known.items()}
    return {name: float((known | people).get(name, 0)) for name in COUNTS}

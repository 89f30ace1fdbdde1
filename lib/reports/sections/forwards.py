"""What was passed on: forwards and social networks."""

import numpy as np
import pandas as pd

from lib.reports.sections.base import Section, World

PASSED_ON = ("forwards", "forward_opens")
SOCIAL = (
    "facebook_likes",
    "facebook_unique_likes",
    "facebook_recipient_likes",
    "tweets",
    "retweets",
    "eepurl_clicks",
)
"""What senders claim of social networks."""


def make(world: World) -> Section:
    """One row per figure: `name`, `count`, `claimed` (the sender's own text, or ""); unknown is NaN."""
    row = world.row
    counts = {name: world.value(name) for name in PASSED_ON}
    social = [name for name in SOCIAL if row.claimed.get(name)]
    if not social and all(np.isnan(count) for count in counts.values()):
        return Section("forwards", None, "missing.forwards")
    for name in social:
        stated = row.reported.get(name)
        counts[name] = np.nan if stated is None else float(stated)
    table = pd.DataFrame({"name": list(counts), "count": list(counts.values())})
    table["claimed"] = [row.claimed.get(name, "") for name in counts]
    return Section("forwards", table, note="" if social else "forwards.no_social")

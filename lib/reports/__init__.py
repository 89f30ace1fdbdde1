"""Every metric, once, and the answers made of them."""

from lib.reports.answers import DIMENSIONS, answer
from lib.reports.few import FEWEST
from lib.reports.metrics import METRICS, REACH, Count, Rate
from lib.reports.overview import campaigns
from lib.reports.report import (
    SECTION_NAMES,
    CampaignView,
    Figure,
    Report,
    Section,
    UnknownCampaign,
    as_json,
    report,
)
from lib.reports.rollup import OTHER

__all__ = [
    "DIMENSIONS",
    "FEWEST",
    "METRICS",
    "OTHER",
    "REACH",
    "SECTION_NAMES",
    "CampaignView",
    "Count",
    "Figure",
    "Rate",
    "Report",
    "Section",
    "UnknownCampaign",
    "answer",
    "as_json",
    "campaigns",
    "report",
]

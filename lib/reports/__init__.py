"""Every metric, once, and the answers made of them."""

from lib.reports.answers import DIMENSIONS, answer
from lib.reports.few import FEWEST
from lib.reports.metrics import METRICS, REACH, Count, Rate
from lib.reports.narrowed import FilterRefused, events, keys
from lib.reports.overview import campaigns
from lib.reports.report import CampaignView, Figure, Report, UnknownCampaign, as_json, report, sections_of
from lib.reports.rollup import OTHER
from lib.reports.sections import SECTION_NAMES, Section
from lib.reports.side_by_side import SideBySide, side_by_side

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
    "FilterRefused",
    "Rate",
    "Report",
    "Section",
    "SideBySide",
    "UnknownCampaign",
    "answer",
    "as_json",
    "campaigns",
    "events",
    "keys",
    "report",
    "sections_of",
    "side_by_side",
]

"""The report in a sentence or two and three large figures, above the full analysis."""

import streamlit as st

from lib.model import Scope
from lib.paper import story
from lib.reports import Report
from lib.ui.i18n import language, plain, t

# As large as the card allows: these three are what a reader sees from afar. The empty span keeps the style
# from being put where dialogs stand.
STYLE = (
    "<span></span><style>"
    ".st-key-story [data-testid=stMetricValue]"
    "{ font-size: clamp(2.25rem, 1.6rem + 1.8vw, 3rem); font-weight: 600; line-height: 1.2; }"
    ".st-key-story [data-testid=stMetricValue] *"
    "{ white-space: normal; overflow-wrap: anywhere; text-overflow: clip; }"
    ".st-key-story [data-testid=stMetricLabel] p { font-size: 1rem; }"
    "</style>"
)


def draw(report: Report, scope: Scope) -> None:
    """Draw what a reader needs who stops here; without revenue in `scope` none is among the figures."""
    first, *others = story.sentences(report, language())
    with st.container(key="story", gap="small"):
        st.html(STYLE)
        st.markdown(f"**{plain(first)}**")
        if others:
            st.markdown(plain(" ".join(others)))
        with st.grid(3, min_column_width=200, gap="small"):
            for large in story.figures(report, language()):
                if large.name != "revenue" or scope.revenue:
                    st.metric(
                        t(f"metric.{large.name}"),
                        large.value,
                        delta_description=large.words,
                        border=True,
                        height="stretch",
                    )

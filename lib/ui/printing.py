"""A report on paper by the browser's own printing: black on white, whole sections, nothing to press."""

import streamlit as st

PAPER = """<style>
@media print {
  @page { size: A4; margin: 14mm 13mm; }
  :root, body, .stApp, [data-testid=stAppViewContainer], [data-testid=stMain] {
    color-scheme: light; background: white !important; }
  .stApp, .stApp :is(h1, h2, h3, h4, p, li, label, span, div, td, th, strong) { color: black !important; }
  header, [data-testid=stSidebar], [data-testid=stHeader], [data-testid=stToolbar],
  [data-testid=stDecoration], [data-testid=stStatusWidget], [data-testid=stElementToolbar],
  [data-testid=stToast],
  .stButton, .stMenuButton, .stPopover, .stDownloadButton, .stPageLink, .stSegmentedControl, .stSelectbox,
  .stTextInput, .stPagination, .stToggle, .stCheckbox, .stFileUploader, .stPills, .stButtonGroup,
  [data-testid=stPopover], [data-testid=stMenuButton], [data-testid=stButtonGroup], [data-testid=stPageLink],
  [data-testid=stTooltipIcon], [class*=st-key-passport-], [class*=st-key-errand-], [class*=st-key-jumps],
  [class*=st-key-take-], [class*=st-key-explore-] { display: none !important; }
  .stApp, [data-testid=stAppViewContainer], [data-testid=stMain], [data-testid=stMainBlockContainer],
  .stApp > div, section {
    position: static !important; display: block !important; height: auto !important;
    overflow: visible !important; }
  [data-testid=stMainBlockContainer] {
    padding: 0 !important; max-width: none !important; width: 100% !important; }
  [class*=st-key-section-] { break-inside: avoid-page; }
  [class*=st-key-section-] h3, h2, h3 { break-after: avoid-page; }
  [data-testid=stPlotlyChart], [data-testid=stPlotlyChart] .js-plotly-plot,
  [data-testid=stPlotlyChart] .plot-container, [data-testid=stPlotlyChart] .svg-container,
  [data-testid=stIFrame], [data-testid=stDataFrame], [data-testid=stMetric] {
    break-inside: avoid; max-width: 100% !important; }
  [data-testid=stPlotlyChart] .main-svg { max-width: 100% !important; }
  details:not([open]) > *:not(summary) { display: none; }
}
</style>"""
"""Drawn into an element that holds more than a style, else it would be put where dialogs stand."""

IN_THE_DARK = (
    "<style>@media print { .stPlotlyChart, .stDataFrame"
    "{ filter: invert(1) hue-rotate(180deg) brightness(1.15); } }</style>"
)
"""Charts and tables that were drawn light on dark: their ground turns white, their hues stay."""


def style() -> str:
    """What a page of a report needs to be printed, for the theme it is read in."""
    return PAPER + (IN_THE_DARK if st.context.theme.type == "dark" else "")

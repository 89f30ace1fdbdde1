"""The section «history» in the reader's language."""

from lib.paper.charted import Draw
from lib.paper.tables import Table

TABLES: dict[str, Table] = {}

CHARTS: dict[str, Draw] = {}

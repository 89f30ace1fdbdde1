"""How much a file may ask of us, checked while it streams (docs/security.md, X3)."""

from dataclasses import dataclass

MB = 1024 * 1024
GB = 1024 * MB


@dataclass(frozen=True)
class Limits:
    """What depends on the door by which a file comes in."""

    raw: int
    """Bytes of one file as it was given, packed or not."""
    inflated: int
    """Bytes of everything in an archive or a folder together."""
    rows: int


UPLOADED = Limits(raw=50 * MB, inflated=200 * MB, rows=2_000_000)
"""By a browser: what one analyst may ask of a server that others use."""

OPERATED = Limits(raw=20 * GB, inflated=20 * GB, rows=200_000_000)
"""On the command line, where who runs the server reads from their own disk. Files are read in blocks
and kept on it, so that memory grows with the largest campaign, which is counted whole, and hardly with the
file."""

MAX_RATIO = 100
"""Inflated size to packed size. Real activity lists reach 20 to 1."""

RATIO_COUNTS_ABOVE = 5 * MB
"""Below this a member is harmless however well it packs: forty equal lines pack better than 100 to 1."""

MAX_MEMBERS = 20_000
"""Of an archive. An account export holds several files per campaign (opened, not opened, bounces, opens,
clicks, HTML and text), so that five years of daily mailings come to 13,000; twenty would admit none. What
harms is the work per member, and that is bounded by Limits.inflated and MAX_DIRECTORY."""

MAX_DIRECTORY = 8 * MB
"""Of an archive's table of contents, which is read into memory whole."""

MAX_COLUMNS = 200

MAX_LINE = 4 * MB
"""Of one physical line, so that a file without line ends is not read into memory. The longest honest ones are
one recipient's activity in the Export API, 2,000 actions at most."""

MAX_RECORD_LINES = 500
"""Physical lines in one quoted record. A quote that is still open by then was never closed."""

MAX_HTML = 2 * MB
MAX_REJECT_TEXT = 1_000
"""Characters of a rejected row that are kept beside its reason."""

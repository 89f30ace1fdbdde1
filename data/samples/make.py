"""Makes the sample campaigns beside it, or with --check tells whether they are what it would make.

    python data/samples/make.py [--check]

Only the standard library; the same bytes on every machine (see generator/dice.py).
"""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from generator import letters
from generator.happenings import Happening
from generator.plan import CURRENCY, FROM_EMAIL, REPLY_TO, Mailing
from generator.world import MAILINGS, happenings

HERE = Path(__file__).parent

CAMPAIGN_COLUMNS = (
    "campaign", "title", "subject", "preview_text", "from_name", "from_email", "reply_to", "audience",
    "sent_at", "zone", "currency", "folder", "tags", "html",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the sample campaigns.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    made = everything()
    if not parser.parse_args(arguments).check:
        _write(made)
        return 0
    differing = [name for name, content in made.items() if not _same(HERE / name, content)]
    for name in differing:
        sys.stderr.write(f"{name} is not what the generator makes\n")
    return 1 if differing else 0


def everything() -> dict[str, bytes]:
    """The content of every file by its name."""
    made = {
        "campaigns.csv": _table(CAMPAIGN_COLUMNS, map(_campaign, MAILINGS)),
        "events.csv": _events(happenings()),
    }
    for mailing in MAILINGS:
        made[f"html/{mailing.page}.html"] = letters.page(mailing).encode()
    return made


def _campaign(mailing: Mailing) -> tuple[str, ...]:
    return (
        mailing.id,
        mailing.title,
        mailing.subject,
        mailing.preview,
        mailing.from_name,
        FROM_EMAIL,
        REPLY_TO,
        mailing.audience.name,
        mailing.sent_at,
        mailing.audience.zone,
        CURRENCY,
        mailing.folder,
        "|".join(mailing.tags),
        f"{mailing.page}.html",
    )


def _events(events: list[Happening]) -> bytes:
    columns = [field.name for field in fields(Happening)]
    rows = [(*astuple(event)[:3], f"{event.at:%Y-%m-%dT%H:%M:%S}Z", *astuple(event)[4:]) for event in events]
    return _table(columns, rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _write(made: dict[str, bytes]) -> None:
    (HERE / "html").mkdir(exist_ok=True)
    for name, content in made.items():
        (HERE / name).write_bytes(content)


def _same(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content


if __name__ == "__main__":
    sys.exit(main())

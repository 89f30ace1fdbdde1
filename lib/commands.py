"""The commands of `python -m lib`: the same services that the pages call."""

import argparse
import difflib
import getpass
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NoReturn
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lib import contacts, doctor, importers, reports, wiring, words
from lib.config import ROOT, SettingsRefused
from lib.importers import ImportRefused
from lib.mail import tried
from lib.mail.worker import Worker
from lib.model import COMMAND_LINE, Form, Question, Scope
from lib.reports import DIMENSIONS, METRICS, REACH, FilterRefused, UnknownCampaign, rollup
from lib.shares import analysts, audit, policy, shares
from lib.shares.refusal import ShareRefused
from lib.shares.shares import Draft, Invited, ViewerLine
from lib.store import epoch, library
from lib.words import t

LANGUAGE = words.best(os.environ.get("LC_ALL") or os.environ.get("LANG"))
BY = "command line"
SOME_REJECTED = 3
"""Exit code of an import that is in but had rows that are not."""

NEVER: Literal["never"] = "never"
"""In the place of a last day: no end."""

COUNTS = ("read", "imported", "duplicate", "rejected")

USUALLY_ASKED = ("unique_opens", "opens", "unique_clicks", "clicks")
KNOWN_EMPTY = sorted(rollup.ANYWHERE)
"""Dimensions in which «not known» can be asked for."""


class CommandRefused(Exception):
    """What the command was asked for cannot be done; the message says why."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 all went well, 1 refused, 2 wrong usage, 3 some rows were rejected."""
    options = _parser().parse_args(arguments)
    try:
        sys.exit(options.run(options) or 0)
    except (CommandRefused, SettingsRefused, UnknownCampaign) as refusal:
        _fail(str(refusal))
    except ImportRefused as refusal:
        _fail(refusal.sentence(LANGUAGE))
    except ShareRefused as refusal:
        _fail(t(LANGUAGE, refusal.reason, **refusal.holes))
    except sa.exc.SQLAlchemyError as problem:
        _fail(t(LANGUAGE, "command.records_failed", problem=doctor.in_words(problem)))


def _fail(message: str) -> NoReturn:
    _warn(message)
    sys.exit(1)


def _warn(message: str) -> None:
    print(message, file=sys.stderr)  # noqa: T201 - a command speaks on the terminal


def _say(options: argparse.Namespace, result: dict[str, Any], lines: Sequence[str]) -> None:
    text = json.dumps(result, default=_plain, ensure_ascii=False) if options.json else "\n".join(lines)
    print(text)  # noqa: T201 - a command speaks on the terminal


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, StrEnum | Path):
        return str(value)
    raise TypeError(type(value).__name__)


# --- the server ------------------------------------------------------------------------------------


def serve(_options: argparse.Namespace) -> int:
    """Prepare everything, say where it is, and become the server."""
    parts = wiring.app()
    wiring.prepare(parts)
    settings = parts.settings
    print(t(LANGUAGE, "command.serving", address=settings.base_url), flush=True)  # noqa: T201 - see _say
    environment = os.environ | {"FORWARDED_ALLOW_IPS": ""}  # the peer's word is taken only as settings say
    os.chdir(ROOT)
    arguments = ["-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
    arguments += [f"--server.port={settings.port}", f"--server.address={settings.bind}"]
    parts.records.dispose()
    os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606 - our own interpreter
    return 0


def work(options: argparse.Namespace) -> int:
    """Send what is due, once or for good."""
    parts = _ready()
    worker = wiring.worker(parts)
    if options.once:
        return _work_once(options, parts, worker)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: worker.stop())
    worker.run()
    return 0


def _work_once(options: argparse.Namespace, parts: wiring.App, worker: Worker) -> int:
    """Exit 1 when a mail that was tried has not left the house."""
    before = tried.look(parts.records)
    count = 0
    while handled := worker.run_once(wiring.now()):
        count += handled
    states = tried.states(parts.records, before)
    lines = [t(LANGUAGE, "command.worked", count=count)]
    lines += [f"  {state}  {number}" for state, number in states.items()]
    _say(options, {"tried": count, "states": states}, lines)
    return 1 if states.keys() & tried.STUCK else 0


def check(options: argparse.Namespace) -> int:
    """Test every setting; exit 0 only when nothing has to be mended."""
    findings = doctor.examine(wiring.app(), LANGUAGE)
    lines = [
        f"{'ok  ' if not item.problem else 'MEND'}  {item.setting}  {item.problem or item.value}"
        for item in findings
    ]
    _say(options, {"checks": [asdict(item) for item in findings]}, lines)
    return 1 if any(item.problem for item in findings) else 0


def verify_audit(options: argparse.Namespace) -> int:
    """Read the whole audit log; exit 1 naming the first entry that is not as it was written."""
    parts = _ready()
    try:
        found = epoch.verify(parts.records, parts.epoch)
    except OSError as problem:
        told = t(LANGUAGE, "command.epoch_unreadable", file=parts.epoch.path, problem=problem.strerror)
        raise CommandRefused(told) from problem
    said = audit.verdict_said(found, LANGUAGE, parts.settings.timezone)
    verdict: dict[str, Any] = {
        "entries": found.rows,
        "unbroken": not found.reason,
        "compared": found.compared,
    }
    where = {"entry": found.broken, "at": found.at, "kind": found.kind, "reason": found.reason}
    _say(options, verdict | (where if found.reason else {}) | {"said": said}, [said])
    return 1 if found.reason else 0


# --- bringing in -----------------------------------------------------------------------------------


def bring(options: argparse.Namespace) -> int:
    """Bring files in; one that is refused keeps none of the others out."""
    for path in options.path:
        if not Path(path).exists():
            raise CommandRefused(t(LANGUAGE, "command.no_file", path=path))
    outcomes, refused = _brought(_ready(), options)
    result = _totals(outcomes)
    result["imports"] = [{"path": path} | _outcome(outcome) for path, outcome in outcomes.items()]
    result["refused"] = [{"path": path, "reason": reason} for path, reason in refused.items()]
    if outcomes or options.json:
        _say(options, result, [line for path, outcome in outcomes.items() for line in _told(path, outcome)])
    for path, reason in refused.items():
        _warn(f"{path}: {reason}")
    if refused:
        return 1
    return SOME_REJECTED if result["rejected"] else 0


def _brought(
    parts: wiring.App, options: argparse.Namespace
) -> tuple[dict[str, library.Outcome], dict[str, str]]:
    """What came of each path, and why the others were refused. Raises ImportRefused for an only path."""
    outcomes, refused = {}, {}
    for path in dict.fromkeys(options.path):
        try:
            outcomes[path] = _imported(parts, Path(path), options)
        except ImportRefused as refusal:
            if len(options.path) == 1:
                raise
            refused[path] = refusal.sentence(LANGUAGE)
    return outcomes, refused


def _imported(parts: wiring.App, path: Path, options: argparse.Namespace) -> library.Outcome:
    with _progress_of(path) as progress:
        return importers.bring_in(
            parts.analytics,
            path,
            by=BY,
            now=wiring.now(),
            sender=options.sender,
            title=options.campaign_title,
            zone=options.zone or parts.settings.timezone,
            language=LANGUAGE,
            limits=importers.OPERATED,
            progress=progress,
        )


@contextmanager
def _progress_of(path: Path) -> Iterator[Callable[[float, library.Reached], None]]:
    """What shows how far an import is: one line that is written over, and only where somebody looks on."""

    def show(part: float, reached: library.Reached) -> None:
        counts = {"rows": reached.rows, "number": reached.at, "campaigns": reached.campaigns}
        _write_over(f"{part:4.0%}  " + t(LANGUAGE, f"command.{reached.stage}", path=path.name, **counts))

    try:
        yield show
    finally:
        _write_over("")


def _write_over(line: str) -> None:
    if sys.stderr.isatty():
        shown = line[: shutil.get_terminal_size().columns - 1]
        print(f"\r\x1b[K{shown}", end="", file=sys.stderr, flush=True)  # noqa: T201 - see _say


def _totals(outcomes: dict[str, library.Outcome]) -> dict[str, Any]:
    """All counts together; the number and the rejects of the last import."""
    result: dict[str, Any] = {key: sum(getattr(each, key) for each in outcomes.values()) for key in COUNTS}
    last = next(reversed(outcomes.values()), None)
    return result | {"import": last and last.id, "rejects_file": last and last.rejects_file}


def _told(path: str, outcome: library.Outcome) -> list[str]:
    counts = {key: getattr(outcome, key) for key in COUNTS}
    lines = [f"{path}: " + t(LANGUAGE, "command.brought", number=outcome.id, **counts)]
    lines += [
        f"  {note.file}: " + t(LANGUAGE, f"note.{note.reason}", **dict(note.holes)) for note in outcome.notes
    ]
    lines += [t(LANGUAGE, "command.rejects", file=outcome.rejects_file)] if outcome.rejects_file else []
    return lines


def _outcome(outcome: library.Outcome) -> dict[str, Any]:
    keys = ("read", "imported", "duplicate", "rejected", "rejects_file", "campaigns")
    notes = [
        {"file": n.file, "note": t(LANGUAGE, f"note.{n.reason}", **dict(n.holes))} for n in outcome.notes
    ]
    return {key: getattr(outcome, key) for key in keys} | {"import": outcome.id, "notes": notes}


def undo(options: argparse.Namespace) -> int:
    """Take one import back, whole."""
    parts = _ready()
    try:
        touched = library.undo(parts.analytics, options.number, rollup.make, wiring.now())
    except library.UndoRefused as refusal:
        raise CommandRefused(t(LANGUAGE, "command.no_import", number=options.number)) from refusal
    _say(
        options,
        {"import": options.number, "campaigns": touched},
        [t(LANGUAGE, "command.undone", count=len(touched))],
    )
    return 0


def list_imports(options: argparse.Namespace) -> int:
    """What was brought in, newest first."""
    rows = _records(library.imports_list(_ready().records))
    lines = [f"{r['id']:>5}  {r['state']:<8}  {r['imported']:>8}  {r['file_name']}" for r in rows]
    _say(options, {"imports": rows}, lines or [t(LANGUAGE, "command.nothing")])
    return 0


def list_campaigns(options: argparse.Namespace) -> int:
    """All campaigns with their figures."""
    rows = _records(reports.campaigns(_ready().analytics, Scope()))
    lines = [f"{r['id']}  {r['sent_at'] or '-'}  {r['title']}" for r in rows]
    _say(options, {"campaigns": rows}, lines or [t(LANGUAGE, "command.nothing")])
    return 0


def report(options: argparse.Namespace) -> int:
    """One campaign's full report, or some figures of it by one dimension, under filters."""
    parts = _ready()
    campaign = _campaign(parts, options.campaign)
    if options.by or options.where or options.metric:
        return _say_answer(options, parts, campaign)
    made = reports.report(parts.analytics, Scope(), campaign, Form(options.opens))
    result = reports.as_json(made)
    figures = made.figures.values()
    lines = [
        f"{t(LANGUAGE, f'metric.{f.name}')}: {'-' if f.value is None else f'{f.value:g}'}" for f in figures
    ]
    _say(options, result, [made.campaign.title, *lines])
    return 0


def _say_answer(options: argparse.Namespace, parts: wiring.App, campaign: str) -> int:
    question = _question(options)
    try:
        found = reports.answer(parts.analytics, Scope(campaigns=(campaign,)), question)
    except FilterRefused as refusal:  # of one campaign, and with everything to be seen
        raise CommandRefused(t(LANGUAGE, "command.no_empty_key", known=", ".join(KNOWN_EMPTY))) from refusal
    rows = _records(found)
    columns = [question.by or "campaign", *question.metrics]
    lines = _aligned([columns, *([_cell(row[name], name) for name in columns] for row in rows)])
    asked = {"campaign": campaign, "by": question.by, "where": question.where, "opens": question.form}
    _say(options, asked | {"rows": rows}, lines if rows else [t(LANGUAGE, "command.nothing_there")])
    return 0


def _question(options: argparse.Namespace) -> Question:
    """Raises CommandRefused for what does not exist, with what is called most alike."""
    narrowed = bool(options.by or options.where)
    metrics = tuple(dict.fromkeys(options.metric or USUALLY_ASKED))
    for name in metrics:
        _know("command.no_metric", name, [*METRICS, *(REACH if narrowed else ())])
    for name in (options.by, *(name for name, _ in options.where)):
        _know("command.no_dimension", name, DIMENSIONS)
    return Question(metrics, options.by, Form(options.opens), tuple(options.where))


def _know(refusal: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        alike = difflib.get_close_matches(given, known, cutoff=0.5) or filter(None, known)
        raise CommandRefused(t(LANGUAGE, refusal, given=given, known=", ".join(alike)))


def _filter(text: str) -> tuple[str, str | None]:
    """DIMENSION=KEY; no key is «not known». For argparse, which says a ValueError as wrong usage."""
    dimension, equals, key = text.partition("=")
    if not (dimension and equals):
        raise ValueError(text)
    return dimension, key or None


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _cell(value: Any, name: str) -> str:
    if value is None:
        return "-"
    form = (METRICS | REACH)[name].format if name in METRICS | REACH else "key"
    return {"count": "{:.0f}", "money": "{:.2f}", "rate": "{:.4f}", "key": "{}"}[form].format(value)


def _records(frame: Any) -> list[dict[str, Any]]:
    """The rows of a table with None where a value is unknown and times as datetimes."""
    table = frame.astype(object).where(frame.notna(), None)
    rows: list[dict[str, Any]] = table.to_dict("records")
    return rows


def _campaign(parts: wiring.App, given: str) -> str:
    """The id of a campaign given by its id or by the sender's own id, when only one has it."""
    table = reports.campaigns(parts.analytics, Scope())
    exact = table[table["id"] == given]
    found = exact if len(exact) else table[table["native_id"] == given]
    if len(found) != 1:
        reason = "command.many_campaigns" if len(found) else "command.no_campaign"
        raise CommandRefused(t(LANGUAGE, reason, given=given))
    return str(found["id"].iloc[0])


# --- sharing ---------------------------------------------------------------------------------------


def share(options: argparse.Namespace) -> int:
    """Share one or more campaigns with viewers."""
    parts = _ready()
    draft = Draft(
        analyst_id=None,
        campaigns=tuple(_campaign(parts, given) for given in options.campaign),
        viewers=tuple(options.to),
        password=options.password or "",
        message=options.message or "",
        language=options.language,
        expires_on=_last_day(parts, options.expires),
        zone=parts.settings.timezone,
        road=options.road,
        history=not options.no_history,
        form=Form(options.opens),
    )
    created = shares.create(parts.records, parts.vault, parts.settings, draft, wiring.now(), by=COMMAND_LINE)
    return _say_invited(options, {"share": created.share_id}, created.viewers)


def _last_day(parts: wiring.App, asked: date | Literal["never"] | None) -> date | None:
    """As asked for; without a word the day that the share dialog proposes too."""
    if asked == NEVER:
        return None
    today = wiring.now().astimezone(ZoneInfo(parts.settings.timezone)).date()
    return asked or policy.load(parts.records).usual(today)


def _day_or_never(text: str) -> date | Literal["never"]:
    """For argparse, which says a ValueError as wrong usage."""
    return NEVER if text == NEVER else date.fromisoformat(text)


def add_viewer(options: argparse.Namespace) -> int:
    """Give an existing share to more viewers."""
    parts = _ready()
    created = shares.add_viewers(
        parts.records,
        parts.vault,
        parts.settings,
        options.share,
        tuple(options.to),
        options.password,
        options.message,
        wiring.now(),
        by=COMMAND_LINE,
        road=options.road,
    )
    return _say_invited(options, {"share": options.share}, created.viewers)


def _say_invited(options: argparse.Namespace, result: dict[str, Any], invited: Sequence[Invited]) -> int:
    viewers = [asdict(viewer) for viewer in invited]
    lines = [f"{v.id}  {v.address}  {v.link}  {v.password}".rstrip() for v in invited]
    _say(options, result | {"viewers": viewers}, lines)
    return 0


def list_viewers(options: argparse.Namespace) -> int:
    """Who was invited, mail by mail and visit by visit."""
    parts, now = _ready(), wiring.now()
    known = [line.id for line in shares.shares_of(parts.records, None, now)]
    if options.share is not None:
        if options.share not in known:
            raise ShareRefused("", "refusal.share.unknown")
        known = [options.share]
    rows = [asdict(line) for number in known for line in shares.viewers_of(parts.records, number, now)]
    lines = [
        f"{r['id']:>5}  share {r['share_id']}  {r['state']:<9}  {r['mail'] or '-':<9}  {r['address']}"
        for r in rows
    ]
    _say(options, {"viewers": rows}, lines or [t(LANGUAGE, "command.nothing")])
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Take access away from one viewer; the others keep theirs."""
    parts = _ready()
    shares.revoke(parts.records, options.viewer, wiring.now(), by=COMMAND_LINE)
    _say(options, {"viewer": options.viewer, "state": "revoked"}, [t(LANGUAGE, "command.revoked")])
    return 0


def set_password(options: argparse.Namespace) -> int:
    """Change the password of some viewers of a share, or of all."""
    parts = _ready()
    chosen = tuple(options.viewer) if options.viewer else None
    invited = shares.set_password(
        parts.records,
        parts.vault,
        parts.settings,
        options.share,
        chosen,
        options.password,
        options.road or ("same" if options.mail else "hand"),
        wiring.now(),
        by=COMMAND_LINE,
    )
    return _say_invited(options, {"share": options.share}, invited)


def renew_link(options: argparse.Namespace) -> int:
    """A new link for one viewer, by mail; the password stays."""
    parts = _ready()
    line = _viewer(parts, options.viewer)
    invited = shares.renew_links(
        parts.records,
        parts.vault,
        parts.settings,
        line.share_id,
        (line.id,),
        not options.no_mail,
        wiring.now(),
        by=COMMAND_LINE,
    )
    return _say_invited(options, {"share": line.share_id}, invited)


def send_again(options: argparse.Namespace) -> int:
    """The mail that perhaps arrived, once more."""
    parts = _ready()
    shares.send_again(parts.records, parts.settings, options.viewer, wiring.now(), by=COMMAND_LINE)
    _say(options, {"viewer": options.viewer, "mail": "queued"}, [t(LANGUAGE, "command.sent_again")])
    return 0


def _viewer(parts: wiring.App, number: int) -> ViewerLine:
    """Raises ShareRefused."""
    now = wiring.now()
    for share in shares.shares_of(parts.records, None, now):
        for line in shares.viewers_of(parts.records, share.id, now):
            if line.id == number:
                return line
    raise ShareRefused("", "refusal.share.nobody")


def analyst(options: argparse.Namespace) -> int:
    """Manage who signs in."""
    parts = _ready()
    if options.action != "list" and not options.email:
        raise CommandRefused(t(LANGUAGE, "command.no_address"))
    ANALYST_ACTIONS[options.action](parts, options)
    rows = [asdict(line) for line in analysts.list_all(parts.records)]
    lines = [
        f"{r['address']}  {'admin' if r['admin'] else 'analyst'}{'  disabled' if r['disabled'] else ''}"
        for r in rows
    ]
    _say(options, {"analysts": rows}, lines or [t(LANGUAGE, "command.nothing")])
    return 0


def _add_analyst(parts: wiring.App, options: argparse.Namespace) -> None:
    name = options.name or analysts.name_of(options.email)
    password = options.password or getpass.getpass()
    minimum = parts.settings.password_minimum
    analysts.add(
        parts.records, name, options.email, password, options.admin, wiring.now(), minimum, by=COMMAND_LINE
    )


def _set_analysts_password(parts: wiring.App, options: argparse.Namespace) -> None:
    found = _analyst(parts, options)
    password = options.password or getpass.getpass()
    minimum = parts.settings.password_minimum
    analysts.set_password(parts.records, found.id, password, wiring.now(), minimum, by=COMMAND_LINE)


def _disable_analyst(parts: wiring.App, options: argparse.Namespace) -> None:
    """Google's tokens go with the account; revoked there, too, when Google answers."""
    analyst, now = _analyst(parts, options), wiring.now()
    analysts.refuse_last_admin(parts.records, analyst.id)
    if contacts.find(parts.records, analyst.id):  # first: once disabled, nobody knows what to revoke
        at = contacts.configured(parts.settings)
        contacts.unlink(parts.records, parts.vault, at, analyst.id, now, by=COMMAND_LINE)
    analysts.disable(parts.records, analyst.id, now, by=COMMAND_LINE)


def _enable_analyst(parts: wiring.App, options: argparse.Namespace) -> None:
    analysts.enable(parts.records, _analyst(parts, options).id, wiring.now(), by=COMMAND_LINE)


def _analyst(parts: wiring.App, options: argparse.Namespace) -> analysts.Analyst:
    found = analysts.by_address(parts.records, options.email)
    if found is None:
        raise CommandRefused(t(LANGUAGE, "command.no_analyst", address=options.email))
    return found


ANALYST_ACTIONS: dict[str, Callable[[wiring.App, argparse.Namespace], None]] = {
    "add": _add_analyst,
    "list": lambda _parts, _options: None,
    "set-password": _set_analysts_password,
    "disable": _disable_analyst,
    "enable": _enable_analyst,
}


# --- the words of the command line -------------------------------------------------------------------


def _ready() -> wiring.App:
    parts = wiring.app()
    wiring.migrate(parts)
    return parts


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib", description=t(LANGUAGE, "command.about"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        about = t(LANGUAGE, f"command.help.{name.replace('-', '_')}")
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run, json=False)
        if run is not serve:
            made.add_argument("--json", action="store_true", help=t(LANGUAGE, "command.help.json"))
        return made

    command("serve", serve)
    _bringing_in(command)
    _sharing(command)
    command("worker", work).add_argument("--once", action="store_true")
    command("doctor", check)
    command("verify-audit", verify_audit)
    return parser


Command = Callable[[str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def _bringing_in(command: Command) -> None:
    made = command("import", bring)
    made.add_argument("path", nargs="+", metavar="PATH")
    made.add_argument("--sender", metavar="NAME")
    made.add_argument("--campaign-title", "--title", metavar="T")
    made.add_argument("--zone", metavar="ZONE")
    command("undo", undo).add_argument("number", type=int, metavar="IMPORT")
    command("imports", list_imports)
    command("campaigns", list_campaigns)
    made = command("report", report)
    made.add_argument("campaign", metavar="CAMPAIGN")
    made.add_argument("--opens", choices=[form.value for form in Form], default=Form.ALL.value)
    known = ", ".join(filter(None, DIMENSIONS))
    made.add_argument("--by", default="", metavar="DIMENSION", help=t(LANGUAGE, "command.by", known=known))
    about = t(LANGUAGE, "command.where")
    made.add_argument(
        "--where", type=_filter, action="append", default=[], metavar="DIMENSION=KEY", help=about
    )
    about = t(LANGUAGE, "command.metric")
    made.add_argument("--metric", nargs="+", action="extend", default=[], metavar="METRIC", help=about)


def _sharing(command: Command) -> None:
    made = command("share", share)
    made.add_argument("campaign", nargs="+", metavar="CAMPAIGN")
    about = t(LANGUAGE, "command.expires")
    made.add_argument("--expires", type=_day_or_never, metavar="DATE", help=about)
    made.add_argument("--language", choices=words.LANGUAGES, default=LANGUAGE)
    counts = [form.value for form in Form]
    about = t(LANGUAGE, "command.opens")
    made.add_argument("--opens", choices=counts, default=Form.ALL.value, help=about)
    made.add_argument("--no-history", action="store_true", help=t(LANGUAGE, "command.no_history"))
    _invitation(made)
    made = command("add-viewer", add_viewer)
    made.add_argument("share", type=int, metavar="SHARE")
    _invitation(made)
    command("viewers", list_viewers).add_argument("share", type=int, nargs="?", metavar="SHARE")
    command("revoke", revoke).add_argument("viewer", type=int, metavar="VIEWER")
    made = command("set-password", set_password)
    made.add_argument("share", type=int, metavar="SHARE")
    made.add_argument("--viewer", type=int, nargs="+", action="extend", metavar="VIEWER")
    made.add_argument("--password", metavar="P")
    made.add_argument("--mail", action="store_true")
    made.add_argument("--road", choices=shares.ROADS)
    made = command("renew-link", renew_link)
    made.add_argument("viewer", type=int, metavar="VIEWER")
    made.add_argument("--no-mail", action="store_true")
    command("send-again", send_again).add_argument("viewer", type=int, metavar="VIEWER")
    made = command("analyst", analyst)
    made.add_argument("action", choices=ANALYST_ACTIONS)
    made.add_argument("email", nargs="?", metavar="EMAIL")
    made.add_argument("--name")
    made.add_argument("--password", metavar="P")
    made.add_argument("--admin", action="store_true")


def _invitation(made: argparse.ArgumentParser) -> None:
    made.add_argument("--to", nargs="+", action="extend", required=True, metavar="ADDRESS")
    made.add_argument("--password", metavar="P")
    made.add_argument("--message", metavar="M")
    made.add_argument("--road", choices=shares.ROADS, default=shares.ROADS[0])

"""`doctor`: every setting tried for real, with what to mend."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic.util import CommandError

from lib import wiring
from lib.mail.delivery import Smtp
from lib.shares import audit
from lib.shares.refusal import ShareRefused
from lib.store import epoch, schema
from lib.wiring import App
from lib.words import t

LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Finding:
    """One setting that was tried; `problem` is empty when there is nothing to mend."""

    setting: str
    value: str
    problem: str = ""


def examine(parts: App, language: str) -> tuple[Finding, ...]:
    """Try each setting: the folders, the database, the address in mailed links, the mails.

    Records that can be reached are brought to the newest schema. Raises nothing for what is wrong outside.
    """
    return tuple(_findings(parts, language))


def in_words(problem: sa.exc.SQLAlchemyError) -> str:
    """What the database said, on one line, where that holds nobody's data; else the kind of problem."""
    if isinstance(problem, sa.exc.OperationalError) or type(problem) is sa.exc.DatabaseError:
        return str(problem.orig).strip().partition("\n")[0]
    return type(problem).__name__


def _findings(parts: App, language: str) -> Iterator[Finding]:
    settings = parts.settings
    yield Finding("VITRINE_DATA", str(settings.data), _folder_problem(parts, language))
    url = sa.make_url(settings.records.text).render_as_string(hide_password=True)
    unreachable = _records_problem(parts, language)
    yield Finding("VITRINE_RECORDS", url, unreachable)
    if settings.admin_email and not unreachable:
        yield Finding("VITRINE_ADMIN_EMAIL", settings.admin_email, _admin_problem(parts, language))
    if not unreachable:
        yield _log(parts, language)
    yield Finding("VITRINE_EVENTS", settings.events, _events_problem(parts, language))
    yield Finding("VITRINE_BASE_URL", settings.base_url, _address_problem(parts, language))
    if settings.mail_from:
        yield Finding("VITRINE_MAIL_FROM", settings.mail_from, _sender_problem(parts, language))
    yield _mail(parts, language)


def _folder_problem(parts: App, language: str) -> str:
    folder = parts.settings.data
    if os.access(folder, os.W_OK | os.X_OK):
        return ""
    return t(language, "command.check.folder", problem=folder)


def _records_problem(parts: App, language: str) -> str:
    try:
        schema.migrate(parts.records)
    except sa.exc.SQLAlchemyError as problem:
        return t(language, "command.check.records", problem=in_words(problem))
    except CommandError as problem:
        return t(language, "command.check.schema", problem=problem)
    return ""


def _admin_problem(parts: App, language: str) -> str:
    try:
        wiring.migrate(parts)
    except ShareRefused as refusal:
        return t(language, refusal.reason, **refusal.holes)
    return ""


def _log(parts: App, language: str) -> Finding:
    """No setting, but what the records are worth as a proof."""
    try:
        found = epoch.verify(parts.records, parts.epoch)
    except OSError as problem:
        told = t(language, "command.epoch_unreadable", file=parts.epoch.path, problem=problem.strerror)
        return Finding("audit log", "", told)
    said = audit.verdict_said(found, language, parts.settings.timezone)
    return Finding("audit log", t(language, "audit.count", count=found.rows), said if found.reason else "")


def _events_problem(parts: App, language: str) -> str:
    folder = parts.analytics.events.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return ""
    except OSError as problem:
        return t(language, "command.check.folder", problem=f"{folder} ({problem.strerror})")


def _address_problem(parts: App, language: str) -> str:
    """Only an installation that really sends mail needs an address that others can open."""
    settings = parts.settings
    if not settings.smtp:
        return ""
    if urlsplit(settings.base_url).hostname in LOCAL:
        return t(language, "command.check.base_url_local", address=settings.base_url)
    return "" if settings.https else t(language, "command.check.base_url_plain")


def _sender_problem(parts: App, language: str) -> str:
    """As the letters read it, and a domain is wanted: it is the second half of each Message-ID."""
    name, address = parseaddr(parts.settings.mail_from)
    try:
        usable = bool(Address(display_name=name, addr_spec=address).domain)
    except (HeaderParseError, ValueError, IndexError):
        usable = False
    return "" if usable else t(language, "command.check.mail_from")


def _mail(parts: App, language: str) -> Finding:
    settings = parts.settings
    if not isinstance(parts.delivery, Smtp):
        return Finding(
            "VITRINE_SMTP", t(language, "command.check.smtp_none", folder=settings.data / "outbox")
        )
    answer = parts.delivery.check()
    host = urlsplit(settings.smtp.text).hostname or ""
    return Finding("VITRINE_SMTP", host, answer and t(language, "command.check.smtp", problem=answer))

"""`doctor`: every setting tried for real, with what to mend."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa

from lib.mail.delivery import Smtp
from lib.store.records import reading
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
    """Try each setting: the folder, the database, the address in mailed links, the mail server."""
    return tuple(_findings(parts, language))


def _findings(parts: App, language: str) -> Iterator[Finding]:
    settings = parts.settings
    yield Finding("VITRINE_DATA", str(settings.data), _folder_problem(parts, language))
    url = sa.make_url(settings.records.text).render_as_string(hide_password=True)
    yield Finding("VITRINE_RECORDS", url, _records_problem(parts, language))
    yield Finding("VITRINE_EVENTS", settings.events)
    yield Finding("VITRINE_BASE_URL", settings.base_url, _address_problem(parts, language))
    yield _mail(parts, language)


def _folder_problem(parts: App, language: str) -> str:
    folder = parts.settings.data
    if os.access(folder, os.W_OK | os.X_OK):
        return ""
    return t(language, "command.check.folder", problem=folder)


def _records_problem(parts: App, language: str) -> str:
    try:
        with reading(parts.records) as db:
            db.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError as problem:
        return t(language, "command.check.records", problem=problem.__class__.__name__)
    return ""


def _address_problem(parts: App, language: str) -> str:
    """Only an installation that really sends mail needs an address that others can open."""
    settings = parts.settings
    if not settings.smtp:
        return ""
    if urlsplit(settings.base_url).hostname in LOCAL:
        return t(language, "command.check.base_url_local", address=settings.base_url)
    return "" if settings.https else t(language, "command.check.base_url_plain")


def _mail(parts: App, language: str) -> Finding:
    settings = parts.settings
    if not isinstance(parts.delivery, Smtp):
        return Finding(
            "VITRINE_SMTP", t(language, "command.check.smtp_none", folder=settings.data / "outbox")
        )
    answer = parts.delivery.check()
    host = urlsplit(settings.smtp.text).hostname or ""
    return Finding("VITRINE_SMTP", host, answer and t(language, "command.check.smtp", problem=answer))

"""The one reader of the environment and of vitrine.toml -> frozen Settings. Secrets never print."""

import difflib
import ipaddress
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"


class SettingsRefused(Exception):
    """A setting that cannot be used; the message names it and the way out."""


@dataclass(frozen=True)
class Secret:
    """A text that does not print itself."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return "********" if self.text else ""

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True)
class Settings:
    """All settings, read once at the start; docs/operating.md describes each."""

    data: Path
    port: int = 8501
    bind: str = "127.0.0.1"
    base_url: str = ""
    """Without a slash at its end; used in every mailed link."""
    records: Secret = Secret("")
    """URL of the records; may hold a password."""
    events: str = ""
    smtp: Secret = Secret("")
    mail_from: str = ""
    secret_key: Secret = Secret("")
    admin_email: str = ""
    admin_password: Secret = Secret("")
    worker: str = "embedded"
    timezone: str = "UTC"
    """Of the senders' accounts: some exports give local times without a zone."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose X-Forwarded-For is believed; nobody's by default. All can be parsed."""
    samples: bool = True
    brand: str = "Vitrine"
    password_minimum: int = 8
    undo_seconds: int = 30
    """As long after sharing can everything be taken back; the mails wait for it."""
    mails_per_hour: int = 500
    """Of one analyst, to viewers (M9)."""
    google_client_id: str = ""
    google_client_secret: Secret = Secret("")
    google_address: str = ""
    """Another address for all of Google's interfaces, such as a proxy of one's own; empty: Google's."""

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")


ELSEWHERE = {"port": "PORT"}
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, never bound to
SHORTEST_KEY = 32
MINIMUMS = range(8, 65)
"""What `password_minimum` may be: NIST SP 800-63B wants 8 at least and 64 to be allowed."""
SMTP_SCHEMES = ("smtp", "smtps", "smtp+plain")
SECRETS = tuple(item.name for item in fields(Settings) if item.type is Secret)
SWITCHES = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment and `vitrine.toml` in the data folder; the environment wins.

    Makes the data folder and, at the first start, the secret key in it (mode 600). Raises SettingsRefused
    for an unknown name (naming the nearest known one) and for a value that cannot be used.
    """
    environment = os.environ if environment is None else environment
    data = Path(environment.get("VITRINE_DATA") or ROOT / "data").resolve()
    given = _from_file(data / "vitrine.toml") | _from_environment(environment)
    values: dict[str, Any] = {name: _value(name, text) for name, text in given.items()}
    values["data"] = data
    try:
        data.mkdir(parents=True, exist_ok=True)
        return _completed(Settings(**values))
    except OSError as problem:
        raise SettingsRefused(f"VITRINE_DATA: {problem.filename}: {problem.strerror}") from None


def names() -> tuple[str, ...]:
    """The names of all settings as they stand in the environment."""
    return tuple(_environment_name(item.name) for item in fields(Settings))


def _environment_name(name: str) -> str:
    return ELSEWHERE.get(name, f"VITRINE_{name.upper()}")


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    known = {_environment_name(item.name): item.name for item in fields(Settings)}
    for name in environment:
        if name.startswith("VITRINE_") and name not in known:
            raise SettingsRefused(_unknown(name, list(known)))
    return {known[name]: text for name, text in environment.items() if name in known and text.strip()}


def _from_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        told = f"{path}: {problem}" if isinstance(problem, tomllib.TOMLDecodeError) else f"{path}: not UTF-8"
        raise SettingsRefused(told) from None  # the problem itself carries the file, passwords and all
    known = [item.name for item in fields(Settings) if item.name != "data"]
    for name in table:
        if name not in known:
            raise SettingsRefused(f"{path}: {_unknown(name, known)}")
    return {name: ",".join(map(str, v)) if isinstance(v, list) else str(v) for name, v in table.items()}


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"unknown setting {name}" + (f"; did you mean {near[0]}?" if near else "")


def _value(name: str, text: str) -> object:
    text = text.strip()
    maker = MAKERS.get(name)
    if maker is None:
        return text
    try:
        return maker(text)
    except ValueError as problem:
        shown = "this value" if name in SECRETS else repr(text)
        raise SettingsRefused(f"{_environment_name(name)}: {shown} cannot be used: {problem}") from None


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return port


def _switch(text: str) -> bool:
    if text.lower() not in SWITCHES:
        raise ValueError(f"say one of {', '.join(SWITCHES)}")
    return SWITCHES[text.lower()]


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address such as https://reports.example.com is wanted")
    if parts.path not in ("", "/"):
        raise ValueError("a path behind the host is not supported")
    if parts.port == 0:  # one that is no number raises ValueError
        raise ValueError("a port is a number from 1 to 65535")
    return text.rstrip("/")


def _smtp(text: str) -> Secret:
    if not _is_smtp(text):
        raise ValueError(
            "smtp://user:password@host:587, smtps://... or smtp+plain://... is wanted, "
            "with signs such as / # ? in the password written as %2F %23 %3F"
        )
    return Secret(text)


def _is_smtp(text: str) -> bool:
    try:
        parts = urlsplit(text)
        beyond = parts.path.strip("/") or parts.query or parts.fragment
        return parts.scheme in SMTP_SCHEMES and bool(parts.hostname) and parts.port != 0 and not beyond
    except ValueError:  # its words would quote the address
        return False


def _timezone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError("an IANA time zone such as Europe/Paris is wanted")
    return str(ZoneInfo(text))


def _worker(text: str) -> str:
    if text not in ("embedded", "separate"):
        raise ValueError("say embedded or separate")
    return text


def _networks(text: str) -> tuple[str, ...]:
    """As they are written; raises ValueError for one that is no address and no network."""
    places = tuple(part.strip() for part in text.split(",") if part.strip())
    for place in places:
        ipaddress.ip_network(place, strict=False)
    return places


def _password_minimum(text: str) -> int:
    minimum = int(text)
    if minimum not in MINIMUMS:
        raise ValueError(f"a number from {MINIMUMS[0]} to {MINIMUMS[-1]} is wanted")
    return minimum


def _within(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not least <= int(text) <= most:
            raise ValueError(f"a number from {least} to {most} is wanted")
        return int(text)

    return number


MAKERS: dict[str, Callable[[str], object]] = {
    "port": _port,
    "base_url": _base_url,
    "records": Secret,
    "smtp": _smtp,
    "secret_key": Secret,
    "admin_password": Secret,
    "worker": _worker,
    "timezone": _timezone,
    "trusted_proxies": _networks,
    "samples": _switch,
    "password_minimum": _password_minimum,
    "undo_seconds": _within(0, 600),
    "mails_per_hour": _within(1, 100_000),
    "google_client_secret": Secret,
    "google_address": _base_url,
}


def _completed(settings: Settings) -> Settings:
    """Fill in what follows from other settings."""
    data = settings.data
    host = "localhost" if settings.bind in EVERYWHERE else settings.bind
    secret_key = settings.secret_key or Secret(_kept_key(data / "secret.key"))
    if len(secret_key.text) < SHORTEST_KEY:
        raise SettingsRefused(f"VITRINE_SECRET_KEY: at least {SHORTEST_KEY} characters are wanted")
    return replace(
        settings,
        base_url=settings.base_url or f"http://{host}:{settings.port}",
        records=settings.records or Secret(f"sqlite:///{data / 'records.sqlite'}"),
        events=settings.events or f"duckdb:{data / 'events'}",
        secret_key=secret_key,
    )


def _kept_key(path: Path) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii").strip()

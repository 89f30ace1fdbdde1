"""Before mails leave: which addresses may be wrong, who was shut out before, what has no end."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from lib.mail.letters import long_day
from lib.shares import addresses, letterbox
from lib.store.records import reading
from lib.store.tables import shares, viewers
from lib.words import t

COMMON = (
    "gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "hotmail.co.uk",
    "live.com", "live.fr", "msn.com", "yahoo.com", "yahoo.fr", "yahoo.co.uk", "ymail.com", "icloud.com",
    "me.com", "mac.com", "aol.com", "mail.com", "gmx.com", "gmx.fr", "gmx.de", "gmx.net", "web.de",
    "t-online.de", "proton.me", "protonmail.com", "zoho.com", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr",
    "laposte.net", "bbox.fr", "neuf.fr", "numericable.fr", "aliceadsl.fr", "club-internet.fr", "bluewin.ch",
    "skynet.be", "telenet.be", "videotron.ca", "comcast.net", "btinternet.com",
)  # fmt: skip
"""Domains of mailboxes that many people have, in English- and French-speaking countries and next to them."""

ONE_ENDING = {domain.partition(".")[0]: domain for domain in ("gmail.com", "icloud.com")}
"""Known with one ending only, so that gmail.fr is a mistake."""

ENDINGS_OF_COM = ("cm", "co", "om")
"""Endings of countries that mostly are a mistyped com."""

ROLES = frozenset(
    (
        "info", "infos", "contact", "hello", "office", "mail", "email", "sales", "marketing", "support",
        "help", "service", "team", "admin", "administrator", "webmaster", "postmaster", "hostmaster", "abuse",
        "root", "noreply", "donotreply", "billing", "invoices", "accounting", "accounts", "finance", "hr",
        "jobs", "careers", "press", "news", "newsletter", "legal", "privacy", "security", "enquiries",
        "inquiries", "reception", "all", "everyone", "staff",
        "nepasrepondre", "bonjour", "accueil", "ventes", "vente", "commercial", "serviceclient",
        "serviceclients", "clients", "assistance", "aide", "equipe", "administration", "direction",
        "secretariat", "compta", "comptabilite", "facturation", "factures", "rh", "recrutement", "emploi",
        "presse", "communication", "actualites", "juridique", "mairie", "tous",
    )
)  # fmt: skip
"""What stands before the @ where several people, or none, read; without dots and hyphens."""


@dataclass(frozen=True)
class Warning:  # noqa: A001 - read as preflight.Warning
    """One thing to look at before sending; nothing is forbidden.

    `kind`: typo (with the hole `meant`, the address it probably should be), role, new_domain (`domain`),
    revoked (`at`, a time, and `title`), no_expiry. `address` is empty where it is about none. `reason` is a
    locale key, `holes` its values; `said` writes a time as a day.
    """

    kind: str
    address: str
    reason: str
    holes: Mapping[str, Any] = field(default_factory=dict)

    def said(self, language: str, zone: str, plain: Callable[[object], str] = str) -> str:
        """The warning in a sentence. `plain` writes names so that the screen shows them as they are."""
        holes = {"address": plain(self.address)}
        for name, value in self.holes.items():
            if isinstance(value, datetime):
                day = value.astimezone(ZoneInfo(zone)).date()
                holes[name] = long_day(day, language)
            else:
                holes[name] = plain(value)
        return t(language, self.reason, **holes)


def warnings(
    records: sa.Engine,
    invited: tuple[str, ...],
    expires_on: date | None,
    now: datetime,
    campaigns: tuple[str, ...] = (),
) -> tuple[Warning, ...]:
    """What to look at before these addresses are invited, by address in their order; the missing end last.

    `campaigns` are those to be shared: whoever was shut out of one of them is named as such. The records are
    asked the same few questions however many addresses there are.
    """
    with reading(records) as db:
        used = _domains(db, now)
        revoked = _revoked(db, invited, campaigns)
    found = [*_of_domains(invited, used), *_roles(invited), *revoked]
    order = {address: number for number, address in enumerate(invited)}
    found.sort(key=lambda warning: order[warning.address])
    if expires_on is None:
        found.append(Warning("no_expiry", "", "preflight.no_expiry"))
    return tuple(found)


def _domains(db: sa.Connection, now: datetime) -> frozenset[str]:
    """Those to which somebody was invited before; who was taken back at once was perhaps a mistake."""
    kept = viewers.c.taken_back_at.is_(None), viewers.c.created_at <= now
    known = db.scalars(sa.select(viewers.c.address_key).where(*kept).distinct())
    return frozenset(_domain(address) for address in known)


def _of_domains(invited: tuple[str, ...], used: frozenset[str]) -> Iterator[Warning]:
    """A domain that looks mistyped is warned of at each address, a new one once."""
    new: set[str] = set()
    meant: dict[str, str] = {}
    for address in invited:
        domain = _domain(address)
        if domain in used:
            continue
        if domain not in meant:
            meant[domain] = _meant(domain, used)
        if meant[domain]:
            told = f"{address.rpartition('@')[0]}@{meant[domain]}"
            yield Warning("typo", address, "preflight.typo", {"meant": told})
        elif used and domain not in new:
            new.add(domain)
            yield Warning("new_domain", address, "preflight.new_domain", {"domain": domain})


def _meant(domain: str, used: frozenset[str]) -> str:
    """The domain that was probably meant; empty when this one is as good as any."""
    if domain in COMMON:
        return ""
    label = domain.partition(".")[0]
    if label in ONE_ENDING:
        return ONE_ENDING[label]
    choices = (*COMMON, *sorted(used))
    near = process.extract(
        domain, choices, scorer=DamerauLevenshtein.distance, score_cutoff=2, limit=len(choices)
    )
    close = [
        (distance, number, known) for known, distance, number in near if distance <= _allowed(domain, known)
    ]
    return min(close)[2] if close else ""


def _allowed(domain: str, known: str) -> int:
    """How many signs of a mistyped `known` may differ.

    Short names differ by one sign from too many good ones: there only a sign too few or too many counts, or
    two swapped. client1.com is no misspelt client2.com, and hotmail.de no misspelt hotmail.fr.
    """
    (label, _, ending), (name, _, _) = domain.partition("."), known.partition(".")
    if len(name) < 4 or re.sub(r"\d", "", label) == re.sub(r"\d", "", name) != label:
        return 0
    if label == name:
        return int(len(ending) != 2 or ending in ENDINGS_OF_COM)
    if len(name) == 4:
        return int(len(domain) != len(known) or sorted(domain) == sorted(known))
    return 2 if len(name) >= 7 and known in COMMON else 1


def _roles(invited: tuple[str, ...]) -> Iterator[Warning]:
    for address in invited:
        local = address.rpartition("@")[0].partition("+")[0].casefold()
        if re.sub(r"[._-]", "", local) in ROLES:
            yield Warning("role", address, "preflight.role")


def _revoked(db: sa.Connection, invited: tuple[str, ...], campaigns: tuple[str, ...]) -> Iterator[Warning]:
    """Whoever lost access before, with the last time; out of these campaigns if it was one of them."""
    keys = {addresses.key(address): address for address in invited}
    known = (
        sa.select(viewers.c.address_key, viewers.c.revoked_at, shares.c.campaigns)
        .join(shares, shares.c.id == viewers.c.share_id)
        .where(viewers.c.address_key.in_(keys), viewers.c.revoked_at.is_not(None))
        .where(viewers.c.taken_back_at.is_(None))
        .order_by(viewers.c.revoked_at)
    )
    last: dict[str, tuple[bool, Any]] = {}
    for row in db.execute(known):
        here = bool(set(row.campaigns) & set(campaigns))
        if here or not last.get(row.address_key, (False,))[0]:
            last[row.address_key] = (here, row)
    shown = {one for _, row in last.values() for one in row.campaigns}
    titles = letterbox.titles(db, tuple(shown))
    return iter([_was_revoked(keys[key], here, row, titles) for key, (here, row) in last.items()])


def _was_revoked(address: str, here: bool, row: Any, titles: Mapping[str, str]) -> Warning:
    title = next((titles[one] for one in row.campaigns if one in titles), "–")
    reason = "preflight.revoked_here" if here else "preflight.revoked"
    return Warning("revoked", address, reason, {"at": row.revoked_at, "title": title})


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()

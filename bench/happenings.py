"""What happens to one mailing: sent, delivered, opened by proxies within minutes and by people for days.

What plain counting gives is here what Vitrine counts in the form *all*: whoever clicks has opened before, a
message bounces or arrives, and an image proxy has no country. So that engines can be held side by side.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.mailings import POOL, Mailing
from bench.people import Audience, Codes, audience
from lib.reports.rules import APPLE_PROXY
from lib.store.spool import STORED

MINUTE, HOUR, DAY = 60, 3600, 86400

# fmt: off
COUNTRIES = {
    "FR": 30, "DE": 18, "US": 14, "GB": 8, "BE": 5, "CH": 5, "ES": 4, "IT": 4, "NL": 3, "CA": 3,
    "AT": 2, "IE": 1, "PT": 1, "PL": 1, "SE": 1, "DK": 0.7, "NO": 0.6, "FI": 0.5, "CZ": 0.5, "LU": 0.4,
    "JP": 0.3, "AU": 0.3, "BR": 0.3, "MX": 0.2, "IN": 0.2, "MA": 0.2, "TN": 0.2, "GR": 0.1, "RO": 0.1,
}
# fmt: on
REGIONS = ("North", "South", "East", "West", "Centre", "Coast")
READERS = {  # (client, device, user agent with a hole for a version): weight
    (
        "Gmail",
        "mobile",
        "Mozilla/5.0 (Linux; Android {}; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)",
    ): 22,
    ("Apple Mail", "mobile", "Mozilla/5.0 (iPhone; CPU iPhone OS {}_0 like Mac OS X) Mobile/15E148"): 26,
    ("Apple Mail", "desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X {}) AppleWebKit/605.1.15"): 10,
    ("Outlook", "desktop", "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT {}; Microsoft Outlook 16)"): 18,
    ("Outlook", "mobile", "Outlook-iOS/{}.0 (iPhone)"): 6,
    ("Thunderbird", "desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Thunderbird/{}.0"): 4,
    ("Yahoo Mail", "desktop", "Mozilla/5.0 (Windows NT 10.0) YMail/{}"): 5,
    ("Samsung Mail", "mobile", "Mozilla/5.0 (Linux; Android {}; SM-S911B) SamsungMail"): 5,
    ("Apple Mail", "tablet", "Mozilla/5.0 (iPad; CPU OS {}_0 like Mac OS X) AppleWebKit"): 4,
}
VERSIONS = tuple(range(10, 18))
GOOGLE_PROXY = "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)"
SCANNER = "Mozilla/5.0 (compatible; BarracudaCentral/1.0)"
BOUNCES = {  # (subtype, reason): weight
    ("hard", "550 5.1.1 No such user here"): 40,
    ("hard", "550 5.1.2 Host unknown"): 15,
    ("hard", "554 5.7.1 Rejected by policy"): 8,
    ("soft", "452 4.2.2 Mailbox full"): 20,
    ("soft", "421 4.7.0 Try again later"): 12,
    ("soft", "451 4.3.0 Temporary failure"): 5,
}
LEAVING = ("Too many e-mails", "Not for me any more", "I never signed up", "The letters are too long")
PRODUCTS = tuple(f"Tea number {number}" for number in range(1, 61))
LINKS = 40
ADDRESSES = 1 << 17
"""IP addresses of 198.18.0.0/15, which is set apart for measurements (RFC 2544)."""

Mask = npt.NDArray[np.bool_]
AGENTS = (
    *(agent.format(version, version) for (_, _, agent) in READERS for version in VERSIONS),
    *(APPLE_PROXY, GOOGLE_PROXY, SCANNER),
)
BY_APPLE, BY_GOOGLE, BY_SCANNER = (len(AGENTS) - left for left in (3, 2, 1))


@dataclass
class Happened:
    """Rows of one kind: who (a place in the list of recipients), when (seconds after sending), and codes
    into the words of some columns; a column that is missing is unknown.
    """

    kind: str
    who: Codes
    at: Codes
    codes: dict[str, Codes] = field(default_factory=dict)


def events_of(mailing: Mailing) -> pa.Table:
    """All events of a mailing in the order of their arrival: campaign (its id), address, and the columns of
    an events file (lib.store.spool.STORED). Times are whole seconds.
    """
    rng = np.random.default_rng([mailing.seed, 3, mailing.number])
    people = audience(mailing.audience, mailing.seed, max(POOL, mailing.recipients))
    chosen = rng.choice(len(people.message), mailing.recipients, replace=False)
    happened = _happened(mailing, rng, people, chosen)
    return _table(mailing, happened, people, chosen, rng)


def links(mailing: Mailing) -> list[str]:
    return [f"https://shop.example/{mailing.native_id}/page-{number}" for number in range(1, LINKS + 1)]


# --- what happens ---------------------------------------------------------------------------------


def _happened(mailing: Mailing, rng: np.random.Generator, people: Audience, chosen: Codes) -> list[Happened]:
    count = mailing.recipients
    every = np.arange(count)
    sent = np.sort(rng.integers(0, 20 * MINUTE, count))
    bounced = rng.random(count) < 0.012
    arrived = sent + 1 + rng.exponential(8, count).astype(np.int64)
    reached = every[~bounced]
    late = reached[rng.random(len(reached)) < 0.005]
    dead = every[bounced]
    told = rng.choice(len(BOUNCES), len(dead), p=_shares(BOUNCES.values()))
    rows = [
        Happened("sent", every, sent),
        Happened("delivered", reached, arrived[reached]),
        Happened("deferred", late, sent[late]),
        Happened("bounced", dead, sent[dead] + rng.integers(1, 90, len(dead)), {"bounce": told}),
    ]
    proxied = reached[people.apple[chosen[reached]] & (rng.random(len(reached)) < 0.9)]
    within = 20 + rng.lognormal(np.log(6 * MINUTE), 0.8, len(proxied)).astype(np.int64)
    rows.append(_machine("opened", proxied, arrived[proxied] + within, BY_APPLE))
    rows += _scanned(rng, reached, arrived)
    opens = _opens(rng, people, chosen, reached, arrived)
    clicks = _clicks(rng, opens)
    return [*rows, opens, clicks, *_afterwards(rng, opens, clicks)]


def _machine(kind: str, who: Codes, at: Codes, agent: int) -> Happened:
    return Happened(kind, who, at, {"user_agent": np.full(len(who), agent), "ip": who % 64})


def _scanned(rng: np.random.Generator, reached: Codes, arrived: Codes) -> list[Happened]:
    """Scanners open and follow the first links of the mail within seconds."""
    who = reached[rng.random(len(reached)) < 0.008]
    at = arrived[who] + rng.integers(1, 4, len(who))
    clicks = _machine(
        "clicked", np.repeat(who, 3), np.repeat(at, 3) + np.tile([0, 1, 2], len(who)), BY_SCANNER
    )
    clicks.codes["url"] = np.tile([0, 1, 2], len(who))
    return [_machine("opened", who, at, BY_SCANNER), clicks]


def _opens(
    rng: np.random.Generator, people: Audience, chosen: Codes, reached: Codes, arrived: Codes
) -> Happened:
    """Few people open often, many never; most within hours, some after weeks."""
    eager = rng.beta(0.55, 1.5, len(reached))
    times = rng.poisson(eager * 1.6)
    who = np.repeat(reached, times)
    delay = rng.lognormal(np.log(3.5 * HOUR), 1.7, len(who))
    at = arrived[who] + 30 + np.minimum(delay, 60 * DAY).astype(np.int64)
    reader = _reader(rng, len(arrived))
    agent = reader[who] * len(VERSIONS) + (who * 7 % len(VERSIONS))
    by_google = people.google[chosen[who]] & (rng.random(len(who)) < 0.6)
    place = rng.choice(len(COUNTRIES), len(arrived), p=_shares(COUNTRIES.values()))
    codes = {
        "user_agent": np.where(by_google, BY_GOOGLE, agent),
        "reader": np.where(by_google, -1, reader[who]),
        "country": np.where(by_google, -1, place[who]),
        "region": np.where(by_google, -1, (place[who] + who) % len(REGIONS)),
        "ip": chosen[who] % ADDRESSES,
    }
    return Happened("opened", who, at, codes)


def _reader(rng: np.random.Generator, count: int) -> Codes:
    return rng.choice(len(READERS), count, p=_shares(READERS.values()))


def _clicks(rng: np.random.Generator, opens: Happened) -> Happened:
    """After one open in six some links, by Zipf."""
    opened = np.flatnonzero(rng.random(len(opens.who)) < 0.16)
    which = np.repeat(opened, rng.geometric(0.6, len(opened)))
    codes = {name: values[which] for name, values in opens.codes.items()}
    own = codes["reader"] * len(VERSIONS) + opens.who[which] % len(VERSIONS)
    codes["user_agent"] = np.where(codes["reader"] < 0, 0, own)  # a click comes from the browser itself
    codes["url"] = (rng.zipf(1.5, len(which)) - 1) % LINKS
    return Happened(
        "clicked", opens.who[which], opens.at[which] + rng.integers(2, 10 * MINUTE, len(which)), codes
    )


def _afterwards(rng: np.random.Generator, opens: Happened, clicks: Happened) -> list[Happened]:
    left = np.flatnonzero(rng.random(len(opens.who)) < 0.002)
    angry = np.flatnonzero(rng.random(len(opens.who)) < 0.0003)
    friendly = np.flatnonzero(rng.random(len(opens.who)) < 0.001)
    bought = np.flatnonzero(rng.random(len(clicks.who)) < 0.04)
    return [
        Happened(
            "unsubscribed",
            opens.who[left],
            opens.at[left] + 40,
            {"why": rng.integers(len(LEAVING), size=len(left))},
        ),
        Happened("complained", opens.who[angry], opens.at[angry] + 60),
        Happened("forwarded", opens.who[friendly], opens.at[friendly] + 90),
        Happened(
            "ordered",
            clicks.who[bought],
            clicks.at[bought] + 5 * MINUTE,
            {
                "product": (rng.zipf(1.4, len(bought)) - 1) % len(PRODUCTS),
                "cents": rng.lognormal(np.log(4500), 0.6, len(bought)).astype(np.int64),
            },
        ),
    ]


def _shares(weights: Any) -> npt.NDArray[np.float64]:
    """Weights as probabilities."""
    given = np.array(list(weights), dtype=np.float64)
    shares: npt.NDArray[np.float64] = given / given.sum()
    return shares


# --- as a table -----------------------------------------------------------------------------------


def _table(
    mailing: Mailing, happened: list[Happened], people: Audience, chosen: Codes, rng: np.random.Generator
) -> pa.Table:
    at = np.concatenate([one.at for one in happened])
    order = np.argsort(at, kind="stable")
    who = np.concatenate([one.who for one in happened])[order]
    kinds = np.repeat(np.arange(len(happened)), [len(one.who) for one in happened])[order]
    codes = {name: _codes(happened, name)[order] for name in CODED}
    sent_at = np.datetime64(mailing.sent_at.replace(tzinfo=None), "us")
    columns = _worded(codes, mailing, rng) | {
        "campaign": pa.array([mailing.id]).take(pa.array(np.zeros(len(who), np.int8))),
        "address": people.address.take(chosen[who]),
        "message": pa.array(people.message[chosen[who]]),
        "domain": people.domain.take(chosen[who]).cast(pa.string()),
        "kind": pa.array([one.kind for one in happened]).take(kinds),
        "happened_at": pa.array(sent_at + at[order].astype("timedelta64[s]")),
        "variant": pa.array(["A", "B"]).take((chosen[who] % 2).astype(np.int8)),
    }
    names = ["campaign", "address", *STORED]
    missing = {name: pa.nulls(len(who), kind) for name, kind in STORED.items() if name not in columns}
    return pa.table({name: (columns | missing)[name] for name in names})


CODED = ("url", "user_agent", "reader", "country", "region", "ip", "bounce", "why", "product", "cents")


def _codes(happened: list[Happened], name: str) -> Codes:
    return np.concatenate([one.codes.get(name, np.full(len(one.who), -1)) for one in happened])


def _worded(codes: dict[str, Codes], mailing: Mailing, rng: np.random.Generator) -> dict[str, pa.Array]:
    """Columns of words and numbers, made of codes."""
    links_ = _words(links(mailing), codes["url"])
    reasons = [reason for _, reason in BOUNCES] + list(LEAVING)
    why = np.where(codes["why"] < 0, codes["bounce"], codes["why"] + len(BOUNCES))
    bought = codes["cents"] >= 0
    numbers = np.cumsum(bought) + int(rng.integers(1000, 9000))
    return {
        "url": links_,
        "link": links_,
        "link_position": pa.array(codes["url"] + 1, pa.int32(), mask=codes["url"] < 0),
        "user_agent": _words(AGENTS, codes["user_agent"]),
        "client": _words([client for client, _, _ in READERS], codes["reader"]),
        "device": _words([device for _, device, _ in READERS], codes["reader"]),
        "country": _words(list(COUNTRIES), codes["country"]),
        "region": _words(REGIONS, codes["region"]),
        "ip": _words(_ADDRESSES, codes["ip"]),
        "subtype": _words([subtype for subtype, _ in BOUNCES], codes["bounce"]),
        "reason": _words(reasons, why),
        "machine": pa.nulls(len(why), pa.bool_()),
        "implied": pa.array(np.zeros(len(why), bool)),
        "product": _words(PRODUCTS, codes["product"]),
        "revenue": pa.array(codes["cents"] / 100, pa.float64(), mask=~bought),
        "currency": _words(["EUR"], np.where(bought, 0, -1)),
        "order_id": pa.array(numbers, mask=~bought).cast(pa.string()),
    }


def _words(words: Any, codes: Codes) -> pa.Array:
    """The words at their places; a code below zero is unknown."""
    return pa.array(words, pa.string()).take(pa.array(codes, mask=codes < 0))


_ADDRESSES = pa.array([f"198.{18 + (n >> 16)}.{n >> 8 & 255}.{n & 255}" for n in range(ADDRESSES)])

"""The readers: invented names at domains that cannot exist, each with a place, a mail program and a habit."""

# ruff: noqa: SIM905 - forty names are easier to read as words than as a list

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from generator.dice import Dice
from generator.plan import LETTER, LETTRE, TRADE, Audience


@dataclass(frozen=True)
class Program:
    """What a reader reads mail with, and what the sender's servers see of it."""

    client: str
    device: str
    browser: str
    """The client of a click."""
    proxy: str = ""
    """apple: the proxy opens for the reader, at once; google: it fetches images when the reader opens."""


@dataclass(frozen=True)
class Place:
    country: str
    region: str
    hours: int
    """Ahead of UTC in winter."""


@dataclass(frozen=True)
class Scanner:
    """A company's mail filter that follows every link of what comes in."""

    user_agent: str
    ip: str
    reason: str = ""
    """Given where the sender has flagged it; empty where Vitrine must find it by itself."""
    loads_images: bool = True


@dataclass(frozen=True)
class Person:
    address: str
    place: Place
    program: Program
    habit: float
    """The chance of reading an ordinary mailing."""
    since: datetime
    scanner: Scanner | None = None
    list: str = ""
    """Where the address came from, if not by the form on the site."""

    @property
    def domain(self) -> str:
        return self.address.split("@")[1]


IPHONE = Program("Apple Mail", "mobile", "Safari", proxy="apple")
MAC = Program("Apple Mail", "desktop", "Safari", proxy="apple")
GMAIL_PHONE = Program("Gmail", "mobile", "Chrome", proxy="google")
GMAIL_DESK = Program("Gmail", "desktop", "Chrome", proxy="google")
OUTLOOK = Program("Outlook", "desktop", "Edge")
OUTLOOK_PHONE = Program("Outlook", "mobile", "Chrome")
SAMSUNG = Program("Samsung Mail", "mobile", "Samsung Internet")
THUNDERBIRD = Program("Thunderbird", "desktop", "Firefox")
TABLET = Program("Web mail", "tablet", "Safari")
WEBMAIL = Program("Web mail", "desktop", "Firefox")

MUNSTER, LEINSTER = Place("IE", "Munster", 0), Place("IE", "Leinster", 0)
CONNACHT, ULSTER = Place("IE", "Connacht", 0), Place("IE", "Ulster", 0)
ENGLAND, SCOTLAND = Place("GB", "England", 0), Place("GB", "Scotland", 0)
WALES, NORTH = Place("GB", "Wales", 0), Place("GB", "Northern Ireland", 0)
HOLLAND, BERLIN = Place("NL", "Noord-Holland", 1), Place("DE", "Berlin", 1)
NEW_YORK = Place("US", "New York", -5)
PARIS, RHONE = Place("FR", "Île-de-France", 1), Place("FR", "Auvergne-Rhône-Alpes", 1)
BRITTANY, OCCITANIE = Place("FR", "Bretagne", 1), Place("FR", "Occitanie", 1)
AQUITAINE, NORD = Place("FR", "Nouvelle-Aquitaine", 1), Place("FR", "Hauts-de-France", 1)
BRUSSELS, WALLONIA = Place("BE", "Bruxelles", 1), Place("BE", "Wallonie", 1)
GENEVA, LUXEMBOURG = Place("CH", "Genève", 1), Place("LU", "Luxembourg", 1)

ISLANDS = (
    (MUNSTER, 27.0), (LEINSTER, 24.0), (CONNACHT, 9.0), (ULSTER, 4.0), (ENGLAND, 15.0), (SCOTLAND, 6.0),
    (WALES, 3.0), (NORTH, 5.0), (HOLLAND, 3.0), (BERLIN, 2.5), (NEW_YORK, 1.5),
)  # fmt: skip
FRENCH_SPEAKING = (
    (PARIS, 29.0), (RHONE, 16.0), (BRITTANY, 13.0), (OCCITANIE, 9.0), (AQUITAINE, 8.0), (NORD, 6.0),
    (BRUSSELS, 7.0), (WALLONIA, 6.0), (GENEVA, 4.0), (LUXEMBOURG, 2.0),
)  # fmt: skip

AT_HOME: dict[str, tuple[tuple[Program, float], ...]] = {
    "mail.example": ((GMAIL_PHONE, 50.0), (GMAIL_DESK, 30.0), (IPHONE, 12.0), (MAC, 3.0)),
    "inbox.example": ((IPHONE, 54.0), (MAC, 21.0), (TABLET, 15.0), (WEBMAIL, 10.0)),
    "post.example": ((OUTLOOK, 40.0), (OUTLOOK_PHONE, 25.0), (SAMSUNG, 17.0), (IPHONE, 18.0)),
    "letterbox.example": ((WEBMAIL, 42.0), (SAMSUNG, 30.0), (THUNDERBIRD, 18.0), (TABLET, 10.0)),
    "courrier.example": ((WEBMAIL, 45.0), (SAMSUNG, 25.0), (THUNDERBIRD, 12.0), (IPHONE, 18.0)),
}
AT_WORK = ((OUTLOOK, 52.0), (OUTLOOK_PHONE, 18.0), (THUNDERBIRD, 6.0), (MAC, 10.0), (GMAIL_DESK, 14.0))

WORDS_OF_A_FILTER = "Mozilla/5.0 (compatible; Barracuda Link Protection)"
WORDS_OF_ANOTHER = "Mozilla/5.0 (compatible; proofpoint-urldefense)"
WORDS_OF_A_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36"

SCANNED = {
    "harbour-hotel.example": Scanner(WORDS_OF_A_FILTER, "198.51.100.20", "scanner"),
    "quay-partners.example": Scanner(WORDS_OF_ANOTHER, "203.0.113.77"),
    "studio-nord.example": Scanner(WORDS_OF_A_BROWSER, "198.51.100.140", loads_images=False),
}
FIRMS = (
    "bakehouse.example ferry-cafe.example northlight.example saltmarket.example the-old-mill.example "
    "corner-kitchen.example greenway-offices.example lantern-books.example millrace.example "
    "pier-nine.example slate-and-sons.example two-herons.example village-stores.example"
).split()

HABITS = ((0.92, 12.0), (0.7, 10.0), (0.4, 22.0), (0.22, 22.0), (0.06, 34.0))
"""Regulars, occasional readers, and those whom the letter hardly reaches."""

FIRST = (
    "aidan aoife brigid cara ciara conor declan dora edith elin emer esme fergus finn greta hanna ines "
    "isla jonah kit lena liam lorcan maeve mara milo nell niall nuala orla owen petra rhona rory "
    "saoirse senan tess una wren zara"
).split()
LAST_START = (
    "amber barrow bright cold copper drift fallow fern gorse hollow kettle lark moss oat pebble quill "
    "reed salt thistle wick"
).split()
LAST_END = ("brook by croft dale fold garth gate ley mere stead thorpe well").split()
FRENCH_FIRST = (
    "adele alix anouk basile camille celeste clement colette elise emile fanny gaspard ines jules lea "
    "leon lou maelle margot maxime noemie odile oscar pauline remi romane sacha solene theo zelie"
).split()
FRENCH_LAST_START = (
    "beau blanc bois brise champ chante clair franche grand haute mire neuf pierre roche val verte"
).split()
FRENCH_LAST_END = ("brume cendre colline corde fougere lande lune mer noisette pont ruche").split()

OPENED_SHOP = datetime(2025, 6, 1, tzinfo=UTC)


def everybody(seed: str) -> dict[Audience, tuple[Person, ...]]:
    """The people of each audience, those who join in the course of the year included."""
    return {
        LETTER: _islanders(Dice(f"{seed} letter")),
        LETTRE: _french(Dice(f"{seed} lettre")),
        TRADE: _trade(Dice(f"{seed} trade")),
    }


def _islanders(dice: Dice) -> tuple[Person, ...]:
    domains = (
        ("mail.example", 40.0), ("inbox.example", 19.0), ("post.example", 21.0), ("letterbox.example", 13.0),
        ("studio-nord.example", 1.0), ("quay-partners.example", 1.0),
    )  # fmt: skip
    names = _names(dice, FIRST, LAST_START, LAST_END)
    readers = [_person(dice, next(names), dice.weighted(domains), ISLANDS) for _ in range(820)]
    from_fairs = [
        Person(
            f"{next(names)}@oldpost.example", dice.weighted(ISLANDS), WEBMAIL, 0.12, OPENED_SHOP, list="fair"
        )
        for _ in range(72)
    ]
    return (*readers, *from_fairs)


def _french(dice: Dice) -> tuple[Person, ...]:
    domains = (
        ("mail.example", 38.0), ("courrier.example", 27.0), ("inbox.example", 16.0), ("post.example", 18.0),
        ("studio-nord.example", 1.0),
    )  # fmt: skip
    names = _names(dice, FRENCH_FIRST, FRENCH_LAST_START, FRENCH_LAST_END)
    return tuple(_person(dice, next(names), dice.weighted(domains), FRENCH_SPEAKING) for _ in range(550))


def _trade(dice: Dice) -> tuple[Person, ...]:
    domains = (
        *((firm, 5.0) for firm in FIRMS), ("mail.example", 14.0), ("post.example", 6.0),
        ("harbour-hotel.example", 7.0), ("quay-partners.example", 6.0), ("studio-nord.example", 6.0),
    )  # fmt: skip
    names = _names(dice, FIRST, LAST_START, LAST_END)
    return tuple(_person(dice, next(names), dice.weighted(domains), ISLANDS[:8]) for _ in range(510))


def _person(dice: Dice, name: str, domain: str, places: tuple[tuple[Place, float], ...]) -> Person:
    return Person(
        address=f"{name}@{domain}",
        place=dice.weighted(places),
        program=dice.weighted(AT_HOME.get(domain, AT_WORK)),
        habit=dice.weighted(HABITS),
        since=_joined(dice),
        scanner=SCANNED.get(domain),
    )


def _joined(dice: Dice) -> datetime:
    """Four of five were there before the first sample; the others come in over the year."""
    if dice.happens(0.8):
        return OPENED_SHOP
    return datetime(2025, 12, 1, tzinfo=UTC) + timedelta(days=dice.whole(0, 330))


def _names(dice: Dice, first: list[str], start: list[str], end: list[str]) -> Iterator[str]:
    """Names such as orla.fernwell, none twice, without end as far as anybody asks."""
    given: set[str] = set()
    while True:
        name = f"{dice.one(first)}.{dice.one(start)}{dice.one(end)}"
        if name not in given:
            given.add(name)
            yield name

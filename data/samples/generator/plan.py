"""The nouns of the sample world: the company, its audiences, its mailings and the blocks of a mail."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

COMPANY = "Corriveen Coffee"
SITE = "https://corriveen.example"
FROM_EMAIL = "news@corriveen.example"
REPLY_TO = "hello@corriveen.example"
CURRENCY = "EUR"
TODAY = datetime(2026, 11, 23, tzinfo=UTC)
"""Nothing happens on this day or after it."""


@dataclass(frozen=True)
class Audience:
    name: str
    medium: str
    """The word of this audience in utm_source."""
    zone: str
    language: str


LETTER = Audience("Letter from the roastery", "letter", "Europe/Dublin", "en")
LETTRE = Audience("La lettre de l’atelier", "lettre", "Europe/Paris", "fr")
TRADE = Audience("Cafés and offices", "trade", "Europe/Dublin", "en")


@dataclass(frozen=True)
class Block:
    """One part of a mail; with a label it ends in a link to `path` on the company's site."""

    look: str
    """hero, story, product or note: how it is drawn."""
    title: str
    text: str
    label: str = ""
    path: str = ""
    price: str = ""


@dataclass(frozen=True)
class Product:
    name: str
    price: float


@dataclass(frozen=True)
class Fate:
    """How a mailing does. Shares are of its recipients, counts are people."""

    appeal: float = 1.0
    """Multiplies everybody's habit of opening."""
    clicks: float = 0.10
    """Of those who read it, the share that clicks."""
    orders: float = 0.12
    """Of those who click, the share that buys."""
    hard: float = 0.006
    soft: float = 0.007
    unsubscribes: int = 3
    complaints: int = 0
    forwards: int = 2
    variants: tuple[tuple[str, float], ...] = ()
    """The variants of an A/B test, each with its own appeal."""


@dataclass(frozen=True)
class Mailing:
    id: str
    page: str
    """The name of its HTML file, without the ending."""
    title: str
    subject: str
    preview: str
    from_name: str
    audience: Audience
    sent_at: str
    """UTC, ISO 8601."""
    folder: str
    tags: tuple[str, ...]
    colours: tuple[str, str, str]
    """Dark, middle and light tone of the mail."""
    blocks: tuple[Block, ...]
    segment: str = "all"
    products: tuple[Product, ...] = ()
    fate: Fate = field(default_factory=Fate)

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.sent_at)

    @property
    def links(self) -> tuple[str, ...]:
        """The tracked links in the order of the mail; the same address may stand in several places."""
        return tuple(self.link(block) for block in self.blocks if block.label)

    def link(self, block: Block) -> str:
        return (
            f"{SITE}/{block.path}?utm_source={self.audience.medium}&utm_medium=email&utm_campaign={self.page}"
        )

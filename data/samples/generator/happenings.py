"""What happens to each message of a mailing, from the sending to the order.

Opens follow a measured-looking curve (half of them within some three hours, a long tail), sleep at night,
and a click follows an open. Links are chosen by Zipf's law over their places in the mail.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from generator.dice import Curve, Dice
from generator.people import Person, Scanner
from generator.plan import CURRENCY, TODAY, Mailing

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SUMMER_BEGINS, SUMMER_ENDS = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)

OPENS_AFTER: Curve = (
    (0.0, 0.5), (0.04, 2.0), (0.10, 6.0), (0.20, 19.0), (0.30, 44.0), (0.40, 92.0), (0.50, 175.0),
    (0.60, 330.0), (0.70, 610.0), (0.80, 1150.0), (0.90, 2500.0), (0.97, 6200.0), (1.0, 11500.0),
)  # fmt: skip
"""Minutes from delivery to the first open of a person."""
PROXY_OPENS_AFTER: Curve = ((0.0, 0.1), (0.3, 0.9), (0.6, 2.5), (0.85, 7.0), (0.97, 20.0), (1.0, 55.0))
OPENS_AGAIN_AFTER: Curve = ((0.0, 3.0), (0.3, 40.0), (0.6, 420.0), (0.85, 1900.0), (1.0, 7000.0))
"""Minutes between two opens of the same person."""
ARRIVES_AFTER: Curve = ((0.0, 1.0), (0.8, 5.0), (0.97, 15.0), (1.0, 75.0))
"""Seconds from sending to delivery."""

APPLE_PROXY = "Mozilla/5.0"
GOOGLE_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"

HARD_REASONS = (
    ("550 5.1.1 No such user here", 6.0),
    ("550 5.1.6 Mailbox has moved", 2.0),
    ("550 5.2.1 Mailbox closed", 2.0),
)
SOFT_REASONS = (
    ("452 4.2.2 Mailbox full", 5.0),
    ("421 4.4.2 Server does not answer", 2.0),
    ("554 5.7.1 Refused by our mail policy", 3.0),
)
GREYLISTED = "451 4.7.1 Please try again later"
GOODBYES = {
    "en": (
        ("No longer interested", 5.0),
        ("Too many e-mails", 4.0),
        ("None given", 3.0),
        ("I never signed up", 1.5),
        ("I buy my coffee nearby now", 1.0),
        ("I have stopped drinking coffee", 0.7),
    ),
    "fr": (
        ("Plus intéressé", 5.0),
        ("Trop d’e-mails", 4.0),
        ("Sans raison", 3.0),
        ("Je ne me suis pas inscrit", 1.0),
        ("J’ai changé de torréfacteur", 1.0),
    ),
}


@dataclass(frozen=True)
class Happening:
    """One row of events.csv; an empty value is an empty cell."""

    campaign: str
    recipient: str
    kind: str
    at: datetime
    subtype: str = ""
    reason: str = ""
    url: str = ""
    link_position: str = ""
    ip: str = ""
    user_agent: str = ""
    client: str = ""
    device: str = ""
    country: str = ""
    region: str = ""
    variant: str = ""
    machine: str = ""
    machine_reason: str = ""
    revenue: str = ""
    currency: str = ""
    order: str = ""
    product: str = ""


class Post:
    """One mailing on its way: `happenings` grows as the people do things, `gone` are those who have left."""

    def __init__(self, mailing: Mailing, people: tuple[Person, ...], dice: Dice) -> None:
        self.mailing = mailing
        self.people = people
        self.dice = dice
        self.happenings: list[Happening] = []
        self.gone: set[str] = set()
        self._orders = 0
        self._variants = self._split()

    def goes_out(self) -> None:
        hard, soft = self._unreachable()
        readers: list[tuple[Person, datetime]] = []
        for number, person in enumerate(self.people):
            at = self.mailing.at + number * SECOND // 4
            self._add(person, "sent", at)
            if person.address in hard or person.address in soft:
                self._bounces(person, at, hard=person.address in hard)
                continue
            arrived = self._arrives(person, at)
            self._machines_look(person, arrived)
            if self.dice.happens(self._chance(person)):
                readers.append((person, self._reads(person, arrived)))
        self._leave(readers)
        self._forward(readers)

    def _add(self, person: Person, kind: str, at: datetime, **more: str) -> None:
        if at >= TODAY:
            return
        variant = self._variants.get(person.address, "")
        self.happenings.append(
            Happening(
                self.mailing.id, person.address, kind, at.replace(microsecond=0), variant=variant, **more
            )
        )

    def _split(self) -> dict[str, str]:
        names = [name for name, _ in self.mailing.fate.variants]
        if not names:
            return {}
        order = self.dice.some(len(self.people), self.people)
        return {person.address: names[place % len(names)] for place, person in enumerate(order)}

    def _chance(self, person: Person) -> float:
        appeals = dict(self.mailing.fate.variants)
        appeal = appeals.get(self._variants.get(person.address, ""), self.mailing.fate.appeal)
        return min(person.habit * appeal, 0.97)

    # --- the way there ---------------------------------------------------------------------------

    def _unreachable(self) -> tuple[set[str], set[str]]:
        """Whose address is dead and whose is only full; most addresses of the old fair list are dead."""
        ordinary = [person for person in self.people if person.list != "fair"]
        old = [person for person in self.people if person.list == "fair"]
        fate = self.mailing.fate
        hard = self.dice.some(_share(fate.hard, ordinary), ordinary) + self.dice.some(_share(0.62, old), old)
        taken = {person.address for person in hard}
        rest = [person for person in self.people if person.address not in taken]
        soft = self.dice.some(_share(fate.soft, self.people), rest)
        return taken, {person.address for person in soft}

    def _bounces(self, person: Person, at: datetime, *, hard: bool) -> None:
        later = at + self.dice.whole(1, 20 if hard else 300) * SECOND
        reasons = HARD_REASONS if hard else SOFT_REASONS
        subtype = "hard" if hard else "soft"
        self._add(person, "bounced", later, subtype=subtype, reason=self.dice.weighted(reasons))
        if hard:
            self.gone.add(person.address)

    def _arrives(self, person: Person, at: datetime) -> datetime:
        if self.dice.happens(0.012):
            first_try = at + self.dice.whole(1, 4) * SECOND
            self._add(person, "deferred", first_try, reason=GREYLISTED)
            at = first_try + self.dice.whole(5, 40) * MINUTE
        arrived = _later(at, self.dice.along(ARRIVES_AFTER), SECOND)
        self._add(person, "delivered", arrived)
        return arrived

    # --- machines --------------------------------------------------------------------------------

    def _machines_look(self, person: Person, arrived: datetime) -> None:
        if person.scanner and self.dice.happens(0.7):
            self._scan(person, person.scanner, arrived)
        if person.program.proxy == "apple" and self.dice.happens(0.93):
            at = _later(arrived, self.dice.along(PROXY_OPENS_AFTER), MINUTE)
            self._proxy_opens(person, at)
            if self.dice.happens(0.06):
                self._proxy_opens(person, _later(at, self.dice.along(OPENS_AGAIN_AFTER), MINUTE))

    def _proxy_opens(self, person: Person, at: datetime) -> None:
        self._add(
            person,
            "opened",
            at,
            user_agent=APPLE_PROXY,
            client=person.program.client,
            machine="true",
            machine_reason="apple_proxy",
        )

    def _scan(self, person: Person, scanner: Scanner, arrived: datetime) -> None:
        """A filter fetches the pixel, perhaps, and then every link, all within seconds of the delivery."""
        flag = {"machine": "true", "machine_reason": scanner.reason} if scanner.reason else {}
        seen = {"ip": scanner.ip, "user_agent": scanner.user_agent, **flag}
        if scanner.loads_images:
            self._add(person, "opened", arrived + SECOND, **seen)
        for position, url in enumerate(self.mailing.links, start=1):
            at = arrived + (1 + position // 2) * SECOND
            self._add(person, "clicked", at, url=url, link_position=str(position), **seen)

    # --- people ----------------------------------------------------------------------------------

    def _reads(self, person: Person, arrived: datetime) -> datetime:
        """Opens, perhaps again, perhaps a click; the time of the first open."""
        first = _awake(_later(arrived, self.dice.along(OPENS_AFTER), MINUTE), person, self.dice)
        clicks = self.dice.happens(self.mailing.fate.clicks * (0.7 + 0.6 * person.habit))
        if clicks and self.dice.happens(0.08):  # images are off: only the click proves the open
            self._clicks(person, first)
            return first
        self._opens(person, first)
        if clicks:
            self._clicks(person, first)
        again = first
        while self.dice.happens(0.12 + 0.4 * person.habit):
            again = _awake(_later(again, self.dice.along(OPENS_AGAIN_AFTER), MINUTE), person, self.dice)
            self._opens(person, again)
        return first

    def _opens(self, person: Person, at: datetime) -> None:
        program = person.program
        if program.proxy == "apple":  # comes from the cache of the proxy: nobody sees it
            return
        if program.proxy == "google":
            self._add(person, "opened", at, user_agent=GOOGLE_PROXY, client=program.client)
            return
        self._add(person, "opened", at, client=program.client, device=program.device, **_place(person))

    def _clicks(self, person: Person, opened: datetime) -> None:
        at = opened + self.dice.whole(6, 140) * SECOND
        places = list(enumerate(self.mailing.links, start=1))
        zipf = [((position, url), 1.0 / position) for position, url in places]
        for _ in range(1 + self.dice.happens(0.28) + self.dice.happens(0.12)):
            position, url = self.dice.weighted(zipf)
            program = person.program
            self._add(
                person,
                "clicked",
                at,
                url=url,
                link_position=str(position),
                client=program.browser,
                device=program.device,
                **_place(person),
            )
            at += self.dice.whole(15, 400) * SECOND
        if self.mailing.products and self.dice.happens(self.mailing.fate.orders):
            self._orders_something(person, at + self.dice.whole(3, 35) * MINUTE)

    def _orders_something(self, person: Person, at: datetime) -> None:
        self._orders += 1
        falling = [(product, 1.0 / place) for place, product in enumerate(self.mailing.products, start=1)]
        product = self.dice.weighted(falling)
        count = self.dice.weighted(((1, 7.0), (2, 2.5), (3, 0.8)))
        self._add(
            person,
            "ordered",
            at,
            revenue=f"{product.price * count:.2f}",
            currency=CURRENCY,
            order=f"{self.mailing.id.upper()}-{self._orders:03}",
            product=product.name,
            **_place(person),
        )

    def _leave(self, readers: list[tuple[Person, datetime]]) -> None:
        fate = self.mailing.fate
        leaving = self.dice.some(fate.unsubscribes + fate.complaints, readers)
        for number, (person, opened) in enumerate(leaving):
            at = opened + self.dice.whole(20, 900) * SECOND
            self.gone.add(person.address)
            if number < fate.complaints:
                self._add(person, "complained", at + self.dice.whole(1, 30) * MINUTE)
            else:
                goodbyes = GOODBYES[self.mailing.audience.language]
                self._add(person, "unsubscribed", at, reason=self.dice.weighted(goodbyes))

    def _forward(self, readers: list[tuple[Person, datetime]]) -> None:
        staying = [reader for reader in readers if reader[0].address not in self.gone]
        for person, opened in self.dice.some(self.mailing.fate.forwards, staying):
            self._add(person, "forwarded", opened + self.dice.whole(1, 25) * MINUTE)


def _place(person: Person) -> dict[str, str]:
    return {"country": person.place.country, "region": person.place.region}


def _share(share: float, people: tuple[Person, ...] | list[Person]) -> int:
    return int(share * len(people) + 0.5)


def _later(at: datetime, count: float, unit: timedelta) -> datetime:
    """Whole seconds, so that no machine's rounding can show."""
    return at + int(count * (unit // SECOND)) * SECOND


def _awake(at: datetime, person: Person, dice: Dice) -> datetime:
    """Most of what would fall into the reader's night happens on the next morning."""
    summer = SUMMER_BEGINS <= at < SUMMER_ENDS
    local = at + (person.place.hours + summer) * timedelta(hours=1)
    if local.hour >= 7 or dice.happens(0.12):
        return at
    midnight = at - timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return midnight + dice.whole(6 * 60 + 20, 9 * 60 + 30) * MINUTE + dice.whole(0, 59) * SECOND

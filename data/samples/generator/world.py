"""The whole sample world: every mailing to those who are subscribed on its day, in the order of the year."""

from collections.abc import Callable

from generator import english, french
from generator.dice import Dice
from generator.happenings import Happening, Post
from generator.people import Person, everybody
from generator.plan import Audience, Mailing

SEED = "Corriveen 2026"

MAILINGS: tuple[Mailing, ...] = tuple(
    sorted((*english.MAILINGS, *french.MAILINGS), key=lambda one: one.sent_at)
)

SEGMENTS: dict[str, Callable[[Person], bool]] = {
    "all": lambda person: person.list != "fair",
    "with the old fair list": lambda _: True,
    "ireland": lambda person: person.list != "fair" and person.place.country == "IE",
    "quiet": lambda person: person.list != "fair" and person.habit < 0.3,
}


def happenings() -> list[Happening]:
    """All events of all mailings, by time."""
    people = everybody(SEED)
    gone: set[str] = set()
    events: list[Happening] = []
    for mailing in MAILINGS:
        post = Post(mailing, _recipients(mailing, people, gone), Dice(f"{SEED} {mailing.id}"))
        post.goes_out()
        gone |= post.gone
        events += post.happenings
    return sorted(events, key=lambda event: event.at)


def _recipients(
    mailing: Mailing, people: dict[Audience, tuple[Person, ...]], gone: set[str]
) -> tuple[Person, ...]:
    belongs = SEGMENTS[mailing.segment]
    return tuple(
        person
        for person in people[mailing.audience]
        if person.since <= mailing.at and person.address not in gone and belongs(person)
    )

"""Countries by name."""

from babel import Locale

from lib.reports import OTHER
from lib.words import REGIONS, t


def country(code: object, language: str) -> str:
    """The name of a country by its ISO 3166-1 code of two letters; a code without a name as it stands.

    The long tail stays what it is, for a table has its own words for it.
    """
    if not isinstance(code, str) or not code:
        return t(language, "locations.unknown")
    if code == OTHER:
        return code
    return str(Locale.parse(REGIONS[language]).territories.get(code.upper(), code))


def region(name: object, language: str) -> str:
    """A region as the sender names it; in words where only the country is known."""
    return t(language, "locations.rest") if name == "" else str(name) if isinstance(name, str) else ""

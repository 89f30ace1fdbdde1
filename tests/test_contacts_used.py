"""Addresses used before: each once, the newest first."""

from lib import contacts
from tests.sharing import house


def test_addresses_used_before_come_once_and_the_most_recent_first(tmp_path):
    home = house(tmp_path)
    home.share("ann@x.example", "bo@x.example", campaigns=("spring",))
    home.share("Ann@X.example", "cy@x.example", campaigns=("summer",))
    assert contacts.used(home.records, 10) == ("cy@x.example", "Ann@x.example", "bo@x.example")
    assert contacts.used(home.records, 2) == ("cy@x.example", "Ann@x.example")


def test_a_new_installation_has_used_none(tmp_path):
    assert contacts.used(house(tmp_path).records, 10) == ()

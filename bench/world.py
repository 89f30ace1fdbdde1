"""A seeded world of campaigns, of any size: its plan, its events, a file of them, an installation's store."""

from bench.happenings import events_of
from bench.mailings import SEED, Mailing, mailings
from bench.stores import home, store, write_csv

__all__ = ["SEED", "Mailing", "events_of", "home", "mailings", "store", "write_csv"]

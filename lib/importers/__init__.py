"""Files in, rows out: one module per format, recognised by content; and the one way in, `bring_in`."""

from lib.importers.bringing import IMPORTERS, bring_in
from lib.importers.limits import OPERATED
from lib.importers.refused import ImportRefused

__all__ = ["IMPORTERS", "OPERATED", "ImportRefused", "bring_in"]

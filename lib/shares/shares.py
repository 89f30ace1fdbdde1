"""Shares: made, widened, narrowed, ended, listed. The public face of this room for pages and commands."""

from lib.shares.credentials import Invited, passed_on, renew_links, revoke, send_again, set_password
from lib.shares.invitations import Created, Draft, add_viewers, create
from lib.shares.letterbox import ROADS
from lib.shares.limits import AT_ONCE
from lib.shares.overview import ShareLine, ViewerLine, find, shares_of, viewers_of, viewers_of_many
from lib.shares.refusal import ShareRefused
from lib.shares.revision import Difference, StaleShare
from lib.shares.standing import State
from lib.shares.switching import extend, off, on
from lib.shares.undoing import take_back

__all__ = [
    "AT_ONCE",
    "ROADS",
    "Created",
    "Difference",
    "Draft",
    "Invited",
    "ShareLine",
    "ShareRefused",
    "StaleShare",
    "State",
    "ViewerLine",
    "add_viewers",
    "create",
    "extend",
    "find",
    "off",
    "on",
    "passed_on",
    "renew_links",
    "revoke",
    "send_again",
    "set_password",
    "shares_of",
    "take_back",
    "viewers_of",
    "viewers_of_many",
]

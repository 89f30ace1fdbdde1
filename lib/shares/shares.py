"""Shares: made, widened, narrowed, ended, listed. The public face of this room for pages and commands."""

from lib.shares.credentials import Invited, revoke, set_password
from lib.shares.invitations import AT_ONCE, Created, Draft, add_viewers, create
from lib.shares.overview import ShareLine, ViewerLine, find, shares_of, viewers_of
from lib.shares.refusal import ShareRefused
from lib.shares.standing import State
from lib.shares.switching import extend, off, on

__all__ = [
    "AT_ONCE",
    "Created",
    "Draft",
    "Invited",
    "ShareLine",
    "ShareRefused",
    "State",
    "ViewerLine",
    "add_viewers",
    "create",
    "extend",
    "find",
    "off",
    "on",
    "revoke",
    "set_password",
    "shares_of",
    "viewers_of",
]

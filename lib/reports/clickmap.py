"""The click map: the mail itself with a bubble at each of its links."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lxml.html
import sqlalchemy as sa

from lib.model import Scope
from lib.reports import mail_html
from lib.reports.mail_html import OURS
from lib.store.analytics import Analytics
from lib.store.records import reading
from lib.store.tables import campaigns

SECTION = "click_map"

STRENGTHS = (  # ground, letters; a link without clicks first
    ("#ffffff", "#3d4a57"),
    ("#dbe9f4", "#12202c"),
    ("#a6cbe5", "#12202c"),
    ("#5f9fcb", "#0a1722"),
    ("#1f5f8b", "#ffffff"),
    ("#0f344d", "#ffffff"),
)
"""Of bubbles, which lie on the mail and not on our page: the theme of the page does not reach them."""

BUBBLE = (  # said on the element itself and with weight, so that no rule of the mail is heard
    "all:initial!important;display:inline-block!important;box-sizing:border-box!important;"
    "margin:2px 4px!important;padding:1px 7px!important;border:1px solid #12202c!important;"
    "border-radius:10px!important;box-shadow:0 0 0 2px #ffffff!important;"
    "font:600 12px/16px system-ui, sans-serif!important;white-space:nowrap!important;"
    "vertical-align:middle!important;text-indent:0!important;"
)
ON_A_PICTURE = "position:absolute!important;z-index:9!important;"

SHEET = f"""
:root {{ color-scheme: light !important; background: #ffffff; }}
body {{ margin: 0; overflow-wrap: anywhere; }}
img {{ max-width: 100%; }}
.{OURS}picture {{ display: inline-block; max-width: 100%; box-sizing: border-box; padding: 6px;
  background: #eef1f4; color: #3d4a57; border: 1px dashed #93a3b1; font: 13px/1.3 system-ui, sans-serif;
  vertical-align: middle; text-align: left; }}
"""


@dataclass(frozen=True)
class Bubble:
    """What stands at one link: the text on it, what is read when pointing at it, and its strength, 0 to 1."""

    text: str
    title: str
    strength: float


@dataclass(frozen=True)
class Letter:
    """A mail as its campaign holds it; `own` are the addresses of its sender, in small letters."""

    page: str
    own: frozenset[str]


def letter(analytics: Analytics, scope: Scope, campaign: str) -> Letter | None:
    """The mail of a campaign, None where none is known or the scope does not show it."""
    if not (scope.allows(campaign) and scope.shows(SECTION)):
        return None
    wanted = (campaigns.c.html, campaigns.c.from_email, campaigns.c.reply_to)
    with reading(analytics.records) as db:
        row = db.execute(sa.select(*wanted).where(campaigns.c.id == campaign)).first()
    if row is None or not row.html:
        return None
    senders = (row.from_email, row.reply_to)
    return Letter(row.html, frozenset(one.strip().lower() for one in senders if one))


def drawn(
    mail: Letter, bubbles: Mapping[int, Bubble], *, title: str, language: str, pictures: bool = False
) -> str:
    """A whole page of HTML that can only be looked at: the mail, with `bubbles` by the place of the link.

    With `pictures` those of the web stay, but for trackers and addresses that name a recipient.
    """
    tree = mail_html.parsed(mail.page)
    on_pictures = {place for place, one in enumerate(tree.anchors, 1) if mail_html.is_a_picture(one)}
    mail_html.strip(tree, pictures=pictures, own=mail.own)
    for place, anchor in enumerate(tree.anchors, start=1):
        if place in bubbles:
            _add(anchor, bubbles[place], place in on_pictures)
    style, body = mail_html.written(tree, pictures=pictures)
    return (
        f'<!doctype html><html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{style}</style><style>{SHEET}</style></head>"
        f"<body>{body}</body></html>"
    )


def _add(anchor: Any, bubble: Bubble, on_a_picture: bool) -> None:
    """Behind the words of a link; on a picture into its corner, so that sliced pictures stay whole."""
    step = 0 if bubble.strength <= 0 else min(5, 1 + int(bubble.strength * 4.999))
    ground, letters = STRENGTHS[step]
    coloured = f"background:{ground}!important;color:{letters}!important;"
    span = lxml.html.Element("span", title=bubble.title)
    span.set("class", f"{OURS}bubble")
    span.set("style", BUBBLE + coloured + (ON_A_PICTURE if on_a_picture else ""))
    span.text = bubble.text
    if on_a_picture:
        span.tail, anchor.text = anchor.text, None
        anchor.insert(0, span)
    else:
        anchor.append(span)

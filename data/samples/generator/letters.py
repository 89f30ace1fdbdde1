"""The HTML of each mail: tables and inline style, no picture from elsewhere, as mail programs like it."""

from html import escape

from generator.plan import COMPANY, SITE, Block, Mailing

SERIF = "Georgia, 'Times New Roman', serif"
SANS = "Helvetica, Arial, sans-serif"

FOOTER = {
    "en": (
        "You receive this letter because you asked for it on our site.",
        "Unsubscribe",
        "View in the browser",
    ),
    "fr": (
        "Vous recevez cette lettre parce que vous l’avez demandée sur notre site.",
        "Se désabonner",
        "Voir dans le navigateur",
    ),
}


def page(mailing: Mailing) -> str:
    dark, middle, light = mailing.colours
    blocks = "\n".join(LOOKS[block.look](mailing, block) for block in mailing.blocks)
    return f"""<!DOCTYPE html>
<html lang="{mailing.audience.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(mailing.subject)}</title>
</head>
<body style="margin:0;padding:0;background:{light};">
<div style="display:none;max-height:0;overflow:hidden;">{escape(mailing.preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="background:{light};">
<tr><td align="center" style="padding:24px 12px;">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"
 style="width:100%;max-width:600px;background:#ffffff;border-radius:6px;overflow:hidden;">
<tr><td style="padding:22px 36px;background:{dark};">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
<td style="font:bold 20px {SERIF};letter-spacing:1px;color:#ffffff;">{COMPANY}</td>
<td align="right" style="font:13px {SANS};color:{light};">{escape(mailing.audience.name)}</td>
</tr></table>
</td></tr>
<tr><td height="8" style="height:8px;line-height:8px;font-size:0;background:{middle};">&nbsp;</td></tr>
{blocks}
{_footer(mailing)}
</table>
</td></tr>
</table>
</body>
</html>
"""


def _hero(mailing: Mailing, block: Block) -> str:
    dark, _, light = mailing.colours
    return f"""<tr><td style="padding:44px 36px 40px;background:{light};border-bottom:1px solid #e6e0d8;">
<h1 style="margin:0 0 16px;font:normal 34px/1.2 {SERIF};color:{dark};">{escape(block.title)}</h1>
<p style="margin:0 0 26px;font:17px/1.6 {SANS};color:#3a3632;">{escape(block.text)}</p>
{_button(mailing, block, dark)}
</td></tr>"""


def _story(mailing: Mailing, block: Block) -> str:
    dark, middle, _ = mailing.colours
    link = _link(mailing, block, f"color:{dark};border-bottom:2px solid {middle};")
    return f"""<tr><td style="padding:30px 36px 6px;">
<h2 style="margin:0 0 8px;font:normal 22px/1.3 {SERIF};color:{dark};">{escape(block.title)}</h2>
<p style="margin:0 0 10px;font:16px/1.6 {SANS};color:#3a3632;">{escape(block.text)}</p>
<p style="margin:0 0 14px;font:bold 15px {SANS};">{link}</p>
</td></tr>"""


def _product(mailing: Mailing, block: Block) -> str:
    dark, middle, light = mailing.colours
    return f"""<tr><td style="padding:22px 36px 8px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
 style="border:1px solid #e6e0d8;">
<tr>
<td width="96" align="center"
 style="width:96px;background:{middle};font:44px {SERIF};color:{light};">{_initial(block)}</td>
<td style="padding:18px 20px;background:#ffffff;">
<h3 style="margin:0 0 6px;font:normal 19px/1.3 {SERIF};color:{dark};">{escape(block.title)}</h3>
<p style="margin:0 0 12px;font:15px/1.5 {SANS};color:#3a3632;">{escape(block.text)}
<br><b>{escape(block.price)}</b></p>
{_button(mailing, block, dark)}
</td>
</tr>
</table>
</td></tr>"""


def _note(mailing: Mailing, block: Block) -> str:
    dark, _, light = mailing.colours
    said = f"{escape(block.title or block.text)} "
    return f"""<tr><td style="padding:26px 36px 32px;">
<p style="margin:0;padding:16px 20px;background:{light};font:15px/1.5 {SANS};color:#3a3632;">{said}{
        _link(mailing, block, f"color:{dark};font-weight:bold;")
    }</p>
</td></tr>"""


LOOKS = {"hero": _hero, "story": _story, "product": _product, "note": _note}


def _footer(mailing: Mailing) -> str:
    why, leave, browser = FOOTER[mailing.audience.language]
    style = "color:#6f6a64;"
    return f"""<tr><td align="center"
 style="padding:24px 36px 30px;border-top:1px solid #e6e0d8;font:13px/1.7 {SANS};color:#6f6a64;">
{COMPANY}, 7 Ropewalk, Corriveen<br>
{why}<br>
<a href="{SITE}/unsubscribe" style="{style}">{leave}</a> &nbsp;·&nbsp;
<a href="{SITE}/letters/{mailing.page}" style="{style}">{browser}</a>
</td></tr>"""


def _initial(block: Block) -> str:
    return escape(next(letter for letter in block.title if letter.isalpha()))


def _link(mailing: Mailing, block: Block, style: str) -> str:
    url, style = escape(mailing.link(block)), f"{style}text-decoration:none;"
    return f'<a href="{url}" style="{style}">{escape(block.label)}</a>'


def _button(mailing: Mailing, block: Block, colour: str) -> str:
    style = f"display:inline-block;padding:12px 22px;background:{colour};color:#ffffff;border-radius:4px;"
    return f'<div style="font:bold 15px {SANS};">{_link(mailing, block, style)}</div>'

"""The HTML of somebody else's mail, as far as it can only be looked at.

A mail that was imported is a stranger's page. What leaves here has no script, no form, no frame, no address
to go to or to load from, nothing that names a recipient, and, unless they are asked for, no pictures. The
tree is cut down first; nh3, which reads HTML as browsers do, then keeps only what stands on its lists, so
that a mail which two readers of HTML understand differently gains nothing by it. The route that sends it
forbids all of this once more (lib/web/mails.py).
"""

import html
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import lxml.html
import nh3

from lib.reports import mail_css, tokens
from lib.store.remembered import remembered

OURS = "vitrine-"
"""Begins the classes of what we add; the mail has none of them."""

TAGS = frozenset(
    {
        *("a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big"),
        *("blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd"),
        *("del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure"),
        *("font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
        *("hr", "i", "img", "ins", "kbd", "li", "main", "mark", "nav"),
        *("ol", "p", "pre", "q", "s", "samp", "section", "small", "span"),
        *("strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot"),
        *("th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
    }
)
WITHOUT_CONTENT = frozenset(
    {
        *("script", "style", "title", "noscript", "template", "iframe", "frame", "frameset", "noframes"),
        *("noembed", "object", "embed", "applet", "xmp", "plaintext", "listing", "svg", "math"),
        *("audio", "video", "source", "canvas", "map", "head", "textarea", "select"),
        *("datalist",),
    }
)
"""Gone with all that stands in them; of other unknown elements the content stays."""

ATTRIBUTES = {
    "*": {
        *("align", "valign", "bgcolor", "color", "dir", "lang", "width"),
        *("height", "class", "id", "style", "nowrap", "role"),
    },
    "table": {"cellpadding", "cellspacing", "border", "background", "rules", "frame"},
    "tr": {"background"},
    "td": {"colspan", "rowspan", "background"},
    "th": {"colspan", "rowspan", "background", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"face", "size"},
    "hr": {"size", "noshade"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "img": {"alt", "src", "border", "hspace", "vspace"},
    "span": {"title"},  # our own; the mail's are taken off before
}
ADDRESSES = frozenset({"src", "background"})
FREE = ADDRESSES | {"style"}
"""Looked at when nh3 writes them."""

LONGEST_NAMES = 2_000
MOST_ATTRIBUTES = 500
LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{2000,}")
HARMLESS = re.compile(r"[\w\s#%.,:()/'-]{0,200}")
EMBEDDED = re.compile(r"data:image/(png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=\s]*")

DEEPEST = 400
"""Elements within elements. No mail needs so many, and readers of HTML take ever longer over them."""

MOST_ELEMENTS = 50_000
LARGEST = 4_000_000
MOST_SIGNS = 100_000
"""Characters, and signs written as `&…;` in them: over more of these nh3 takes minutes."""

TRACKERS = re.compile(
    r"/(track|tracking|trk)/(open|o)\b|/wf/open|/open(\.(php|aspx?|gif|png)|/|\?|$)|/o\.gif|/pixel\b|/beacon\b"
    r"|/e3t/|/(mk|tr)/op/|spacer\.gif|1x1|/oo/|/trk\?t=|/wp/open",
    re.I,
)
"""Where senders count openings."""

UNSEEN = re.compile(
    r"display:none|visibility:hidden|opacity:0(\.0*)?(;|$|!)|max-(width|height):[0-2](px)?(;|$|!)", re.I
)
TINY = re.compile(r"(?:^|;)(?:width|height):([0-2])(?:\.\d+)?(?:px)?(?:;|$|!)", re.I)

CONTROLS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a tree cannot hold."""

DOMAIN = re.compile(r"[\w.-]*")
BEFORE_AN_ADDRESS = "<([{\"'«“„‘:;,"

WRITTEN_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


class TooLarge(Exception):
    """No mail is so large; drawing it would keep the server busy for minutes."""


@dataclass(frozen=True)
class Link:
    """One link of the mail; `place` counts all of them from 1, in the order of the mail."""

    place: int
    href: str
    text: str
    """What is read there, without anybody's address; the name of the picture, or ""."""


@dataclass(frozen=True)
class Mail:
    """A mail as a tree that may be cut and added to; `anchors` are its links in order."""

    root: Any
    anchors: tuple[Any, ...]
    style: str
    """What its `style` elements say, one after another."""
    ground: str
    """The style of its body."""


@remembered(64)  # a report names the links of its mail whenever it is drawn or exported
def links(page: str) -> tuple[Link, ...]:
    """The links of a mail: every `a` with an `href`."""
    return tuple(
        Link(place, str(anchor.get("href")).strip(), _read(anchor))
        for place, anchor in enumerate(parsed(page).anchors, start=1)
    )


def parsed(page: str) -> Mail:
    """Any text is a mail, however broken; one that is nested beyond DEEPEST loses what lies deeper."""
    root = _tree(page)
    _flatten(root)
    anchors = tuple(one for one in root.iter("a") if one.get("href") is not None)
    style = "\n".join(one.text or "" for one in root.iter("style"))
    return Mail(root, anchors, style, _ground(root))


def strip(mail: Mail, *, pictures: bool, own: Collection[str] = ()) -> None:
    """Take off the tree what loads, leads or runs, and what names somebody.

    `own` are the addresses of mail that may stand in the text: the sender's, in small letters. Not all of
    their domain: at a large provider's, recipients have theirs, too.
    """
    for element in [one for one in mail.root.iter() if one.tag in WITHOUT_CONTENT]:
        _drop(element)
    for image in _trackers(mail.root):
        _drop(image)
    names = frozenset(own)
    for element in mail.root.iter():
        _attributes(element)
        element.text, element.tail = (_anonymous(text, names) for text in (element.text, element.tail))
    for image in list(mail.root.iter("img")):
        address = (image.get("src") or "").strip()
        if not (EMBEDDED.fullmatch(address) or (pictures and _may_be_loaded(address))):
            _as_a_frame(image)


def written(mail: Mail, *, pictures: bool) -> tuple[str, str]:
    """The style and the body of a stripped mail, as nh3 lets them pass. Raises TooLarge."""
    inner = _inner(mail.root)
    if len(inner) > LARGEST or inner.count("&") > MOST_SIGNS:
        raise TooLarge
    may = _may_be_loaded if pictures else mail_css.no_pictures

    def filtered(_tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return mail_css.declarations(value, may) or None
        if name in ADDRESSES:
            return value if EMBEDDED.fullmatch(value) or may(value) else None
        return value

    clean = nh3.clean(
        inner,
        tags=set(TAGS),
        clean_content_tags=set(WITHOUT_CONTENT),
        attributes=ATTRIBUTES,
        attribute_filter=filtered,
        strip_comments=True,
        link_rel=None,
        generic_attribute_prefixes=set(),
        url_schemes={"http", "https", "data"} if pictures else {"data"},
        url_relative="deny",
    )
    ground = html.escape(mail_css.declarations(mail.ground, may))
    return mail_css.sheet(mail.style, may), f'<div style="{ground}">{clean}</div>'


def is_a_picture(anchor: Any) -> bool:
    """Whether this link is a picture and nothing to read."""
    return anchor.find(".//img") is not None and not "".join(anchor.itertext()).strip()


# --- the tree -------------------------------------------------------------------------------------


def _tree(page: str) -> Any:
    text = LONG_TAG.sub(_without_a_crowd, CONTROLS.sub("", page)).encode("utf-8", "replace")
    parser = lxml.html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True
    )
    try:
        return lxml.html.document_fromstring(text or b"<p></p>", parser=parser, ensure_head_body=True)
    except lxml.etree.LxmlError:  # nothing in it is an element
        return lxml.html.document_fromstring(b"<p></p>", ensure_head_body=True)


def _without_a_crowd(tag: re.Match[str]) -> str:
    """Nothing of a tag with more attributes than any mail has: readers of HTML take minutes over them."""
    names = re.split(r"[\s/]+", re.sub(r"\"[^\"]*\"|'[^']*'", "", tag[0]))
    return tag[0] if len(names) <= MOST_ATTRIBUTES else ""


def _flatten(root: Any) -> None:
    """Cut off what is nested deeper than DEEPEST, and what comes after MOST_ELEMENTS."""
    depth, count, deep = 0, 0, []
    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if event == "start" and (depth == DEEPEST or count == MOST_ELEMENTS):
            deep.append(element)
            if count == MOST_ELEMENTS:
                break
    for element in deep:
        for child in list(element):
            element.remove(child)
    if count == MOST_ELEMENTS:
        for above in (deep[-1], *deep[-1].iterancestors()):
            for behind in list(above.itersiblings()):
                behind.getparent().remove(behind)


def _ground(root: Any) -> str:
    body = next(root.iter("body"), None)
    if body is None:
        return ""
    colour = body.get("bgcolor", "")
    own = f"background-color:{colour};" if re.fullmatch(r"#?\w{3,20}", colour) else ""
    return f"{own}{body.get('style', '')}"


def _drop(element: Any) -> None:
    """The element and its content; the text behind it stays."""
    if element.getparent() is not None:
        element.drop_tree()


def _attributes(element: Any) -> None:
    """Only those that are drawn; all are taken off and some put back, as taking off one by one takes ever
    longer.
    """
    if not element.attrib:
        return
    allowed = (ATTRIBUTES["*"] | ATTRIBUTES.get(element.tag, set())) - {"title"}
    given = [(name, element.get(name)) for name in allowed if name in element.attrib]
    element.attrib.clear()
    for name, value in given:
        if name == "class":
            names = " ".join(one for one in value.split() if not one.startswith(OURS))
            if len(names) <= LONGEST_NAMES and not mail_css.tells(names):
                element.set(name, names)
        elif name == "alt":
            element.set(name, _anonymous(value, frozenset()) or "")
        elif name in FREE or (HARMLESS.fullmatch(value) and not mail_css.tells(value)):
            element.set(name, value)


def _as_a_frame(image: Any) -> None:
    width, height = (_pixels(image, name) for name in ("width", "height"))
    image.tag = "span"
    image.text = image.get("alt") or ""
    image.attrib.clear()
    image.set("class", f"{OURS}picture")
    sizes = (("width", width), ("min-height", height and min(height, 240)))
    image.set("style", "".join(f"{name}:{size}px;" for name, size in sizes if size))


def _pixels(image: Any, name: str) -> int | None:
    found = re.fullmatch(r"\s*(\d{1,4})(px)?\s*", image.get(name) or "")
    return int(found[1]) if found else None


def _trackers(root: Any) -> list[Any]:
    """Pictures that nobody is to see, and those whose address tells who opened."""
    hidden, found = 0, []
    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        if _is_unseen(element):
            hidden += 1 if event == "start" else -1
        if event == "start" and element.tag == "img" and (hidden or _is_a_tracker(element)):
            found.append(element)
    return found


def _is_a_tracker(image: Any) -> bool:
    sizes = [_pixels(image, name) for name in ("width", "height")]
    if any(size is not None and size <= 2 for size in sizes) or TINY.search(_tight(image)):
        return True
    address = (image.get("src") or "").strip()
    if EMBEDDED.fullmatch(address):
        return False
    return bool(TRACKERS.search(address)) or tokens.bare(address) != address


def _is_unseen(element: Any) -> bool:
    return "hidden" in element.attrib or bool(UNSEEN.search(_tight(element)))


def _tight(element: Any) -> str:
    return re.sub(r"\s+|/\*.*?\*/", "", element.get("style") or "")


def _may_be_loaded(address: str) -> bool:
    """A picture of the web whose address names nobody."""
    try:
        parts = urlsplit(address)
        web = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
    return web and not TRACKERS.search(address) and tokens.bare(address) == address


def _read(anchor: Any) -> str:
    text = " ".join("".join(_shown(anchor)).split())
    if not text:
        text = " ".join(" ".join(one.get("alt") or "" for one in anchor.iter("img")).split())
    return (_anonymous(text, frozenset()) or "")[:120]


def _shown(element: Any) -> Iterator[str]:
    for one in element.iter():
        if isinstance(one.tag, str) and one.tag not in WITHOUT_CONTENT:
            yield one.text or ""
        if one is not element:
            yield one.tail or ""


def _anonymous(text: str | None, own: frozenset[str]) -> str | None:
    """A text without recipients' addresses and tokens; the sender's own addresses stay."""
    text = text and CONTROLS.sub("", text)
    if not text or ("@" not in text and "://" not in text):
        return text
    bare = WRITTEN_ADDRESS.sub(lambda found: tokens.bare(found[0]), text)
    return tokens.ADDRESS.sub(lambda found: _cut(found[0], own), bare)


def _cut(address: str, own: frozenset[str]) -> str:
    """Behind the @ only what can be a domain stays: a comma there may be followed by the next address."""
    if address.lstrip(BEFORE_AN_ADDRESS).lower() in own:
        return address
    found = DOMAIN.match(address.rpartition("@")[2].lower())
    return f"{tokens.CUT}@{found[0] if found else ''}"


def _inner(root: Any) -> str:
    body = next(root.iter("body"), root)
    parts = [str(lxml.html.tostring(one, encoding="unicode")) for one in body]
    return html.escape(body.text or "") + "".join(parts)

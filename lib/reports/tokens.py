"""Recipients' own tokens in the addresses of links, and links without them.

Senders write into each recipient's copy of a link who the recipient is; whoever has such a link may read the
recipient's address in it, or stop the recipient's subscription. What is cut:

1. Parameters that a sender is known to fill in for each recipient or each click (PERSONAL).
2. Parameters whose name says that they name a recipient (NAMING).
3. On the senders' own pages (unsubscribe, profile, view in the browser) what names the recipient (PAGES), and
   the tokens in the path of their click counters (COUNTERS).
4. Any parameter, part of the path or anchor in which an e-mail address stands: plain, percent-encoded, in
   base64 or base64url; and a parameter of the size of a hash or a UUID, as a hashed address is. In the path
   such a part is cut on pages where one leaves a list only: elsewhere it is the article's own.
5. Any parameter that differs for each recipient, where events tell (`differing`).

utm_* stays unless rule 4 finds an address in it. A link inside a parameter is treated like a link. The list
of names follows the documentation of the senders and the query filter of Brave (brave/brave-browser, wiki
«Query String Filter»: parameters «specific to a user, an email address, or an individual click»); the pages
follow what links of Mailchimp look like:
https://NAME.usN.list-manage.com/unsubscribe?u=ACCOUNT&id=LIST&e=RECIPIENT&c=CAMPAIGN.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from lib.store.remembered import remembered

CUT = "…"
"""Stands where a part of a path was cut out."""

PERSONAL = frozenset(
    {
        *("mc_eid", "ct_params"),  # Mailchimp
        *("ml_subscriber", "ml_subscriber_hash"),  # MailerLite
        *("_se", "sib_id"),  # Brevo
        *("_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking"),  # HubSpot
        *("_kx", "_ke"),  # Klaviyo
        "vgo_ee",  # ActiveCampaign
        "upn",  # SendGrid
        "mkt_tok",  # Marketo
        *("oly_enc_id", "oly_anon_id"),  # Omeda
        *("vero_id", "vero_conv"),  # Vero
        "__s",  # Drip
        "ck_subscriber_id",  # Kit
        *("elqtrack", "elqtrackid", "elq", "elqcontactid"),  # Eloqua
        *("bsft_eid", "bsft_clkid", "bsft_uid", "bsft_ek"),  # Blueshift
        *("dm_i", "dm_t"),  # Dotdigital
        *("sc_eh", "sc_uid", "sc_llid"),  # Emarsys
        *("_bta_tid", "_bta_c"),  # Bronto
        *("trk_contact", "trk_msg", "trk_sid"),  # Listrak
        *("et_rid", "sfmc_sub", "sfmc_id", "subscriberkey"),  # Salesforce Marketing Cloud
        *("rb_clickid", "wickedid", "s_kwcid", "mi_u"),
        *(
            "fbclid",
            "gclid",
            "dclid",
            "msclkid",
            "yclid",
            "ttclid",
            "twclid",
            "igshid",
            "li_fat_id",
        ),  # a click
    }
)

NAMING = re.compile(
    r"e-?mail(_?address)?|mail|(subscriber|contact|recipient|user|member|customer)(_?(id|key|hash|uuid))?"
    r"|uid|euid|leid|token|sig(nature)?|unsub(scribe)?_?(id|key|token|hash)",
    re.I,
)

PAGES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (  # host: parameters
    (re.compile(r"(^|\.)list-manage\d*\.com$", re.I), frozenset({"e", "id", "c"})),  # Mailchimp
    (re.compile(r"(^|\.)(campaign-archive\d*\.com|mailchi\.mp)$", re.I), frozenset({"e"})),  # Mailchimp
    (re.compile(r"(^|\.)(kmail-lists|klclick\d*)\.com$", re.I), frozenset({"c", "k", "m", "r"})),  # Klaviyo
    (re.compile(r"(^|\.)hubspotemail\.net$", re.I), frozenset({"d", "v"})),  # HubSpot
    (re.compile(r"(^|\.)(acemln[a-z]|activehosted|emlnk\d*)\.(com|net)$", re.I), frozenset({"s", "c"})),
)

COUNTERS = re.compile(  # the part in brackets stays
    r"^(/(?:mk|tr)/(?:cl|un|mr|op)(?:/f)?(?:/sh)?)/.+"  # Brevo
    r"|^(/e3t/[A-Za-z]+)/.+"  # HubSpot
    r"|^(/(?:ls|wf)/(?:click|open|unsubscribe))/.+"  # SendGrid
    r"|^(/[cuo])/[A-Za-z0-9_=-]{24,}$"  # Mailgun
)

LEAVING = re.compile(r"unsub|opt-?out|preferences|profile|subscription|abmeld|desabonn|desinscri", re.I)
"""Words in the path of a page where one leaves a list."""

ADDRESS = re.compile(r"[^\s@/?&=#]{1,64}@[^\s@/?&=#]+\.[A-Za-z]{2,}")
"""No more than 64 signs stand before an @ (RFC 5321); without an end, long links would be read for hours."""
HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
ENCODED = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
KEPT = "utm_"

TRACKING = re.compile(  # names of parameters that tell where a visitor comes from, not where they go
    r"utm_\w*|mc_\w*|(mtm|pk|piwik|matomo)_\w*|hsa_\w*"  # Google and others, Mailchimp, Matomo, HubSpot
    r"|xtor|xtref|at_(medium|campaign|creation|variant|network|term|format|channel|emailtype|link|link_id"
    r"|send_date|type|recipient_id|recipient_list|ptr_name|custom\d+)"  # AT Internet, Piano
    r"|_ga|_gl|gbraid|wbraid|gad_source|gad_campaignid|srsltid|_openstat|igsh|epik|s_cid|wt_mc|sc_src|sc_cid"
    r"|cm_mmc|ns_(campaign|mchannel|source|linkname|fee)|spm|mkt_tok|trk|trkcampaign",
    re.I,
)

FEWEST_RECIPIENTS = 5
"""So many recipients with a value of their own make a parameter personal."""

Differing = frozenset[tuple[str, str]]
"""(host, or host and path; name of a parameter)."""

NONE: frozenset[str] = frozenset()


def bare(url: str, differing: Differing = frozenset()) -> str:
    """The address without what names a recipient; what is no address is cut where an e-mail stands in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ADDRESS.sub(CUT, url)
    if parts.scheme.lower() == "mailto":
        return _bare_mailto(url)
    personal = _personal(host, parts.path, differing)
    query = _bare_query(parts.query, personal, differing)
    fragment = parts.fragment
    if "=" in fragment:
        fragment = _bare_query(fragment, personal, differing)
    elif _tells(fragment):
        fragment = ""
    netloc = parts.netloc.rpartition("@")[2]
    cut = (parts.scheme, netloc, _bare_path(parts.path), query, fragment)
    return url if cut == tuple(parts) else urlunsplit(cut)  # else as it was written, to the last sign


def folded(url: str, differing: Differing = frozenset()) -> str:
    """The page that a link leads to: its address without what names a recipient, and without the parameters
    that only say where a visitor came from. What is left stands as it stood, in its order.
    """
    return _page(bare(url, differing))


def cut(urls: Iterable[str], differing: Differing = frozenset()) -> Iterator[tuple[str, str]]:
    """Each address as `bare` and as `folded` give it; links that only their recipients tell apart are taken
    apart once, for there may be a million of them.
    """
    known: dict[str, tuple[str, str]] = {}
    named: dict[str, frozenset[str] | None] = {}
    for url in urls:
        alike = _without_tokens(url, differing, named)
        if alike not in known:
            plain = bare(alike, differing)
            known[alike] = (plain, _page(plain))
        yield known[alike]


def _without_tokens(url: str, differing: Differing, named: dict[str, frozenset[str] | None]) -> str:
    """The address without the values of parameters that are cut for their names; `named` remembers which
    names those are, by what stands before the question mark, and None where that is no address.
    """
    head, _, rest = url.partition("?")
    if not rest or "#" in head or "&amp;" in rest or not head.startswith(("http://", "https://")):
        return url
    if head not in named:
        named[head] = _named_at(head, differing)
    personal = named[head]
    if personal is None:
        return url
    query, mark, fragment = rest.partition("#")
    pairs = [
        f"{name}=" if value and _is_named(name, personal) else pair
        for pair in query.split("&")
        for name, _, value in [pair.partition("=")]
    ]
    return f"{head}?{'&'.join(pairs)}{mark}{fragment}"


def _named_at(head: str, differing: Differing) -> frozenset[str] | None:
    try:
        parts = urlsplit(head)
        return _personal(parts.hostname or "", parts.path, differing)
    except ValueError:
        return None


def _personal(host: str, path: str, differing: Differing) -> frozenset[str]:
    """The parameters that are personal on a page of a host, whatever they are called."""
    by_place = _by_place(differing)
    return _of_host(host) | by_place.get(host, NONE) | by_place.get(host + path, NONE)


@remembered(4)
def _by_place(differing: Differing) -> dict[str, frozenset[str]]:
    names: dict[str, set[str]] = {}
    for place, name in differing:
        names.setdefault(place, set()).add(name)
    return {place: frozenset(found) for place, found in names.items()}


@lru_cache(maxsize=1000)
def _of_host(host: str) -> frozenset[str]:
    return NONE.union(*(names for pattern, names in PAGES if pattern.search(host)))


@remembered(10_000)
def _is_named(name: str, personal: frozenset[str]) -> bool:
    """A parameter that is cut whatever its value."""
    plain = unquote(name).lower()
    named = plain in PERSONAL or name in personal or NAMING.fullmatch(plain)
    return bool(named) and not plain.startswith(KEPT)


def _page(cut: str) -> str:
    try:
        parts = urlsplit(cut)
    except ValueError:
        return cut
    if parts.scheme.lower() not in ("http", "https"):
        return cut
    fragment = _without_tracking(parts.fragment) if "=" in parts.fragment else parts.fragment
    page = (parts.scheme, parts.netloc, parts.path, _without_tracking(parts.query), fragment)
    return cut if page == tuple(parts) else urlunsplit(page)


def _without_tracking(query: str) -> str:
    pairs = query.split("&")
    return "&".join(pair for pair in pairs if not TRACKING.fullmatch(_decoded(pair.partition("=")[0])))


def differing(links: Iterable[tuple[str, int, int]]) -> Differing:
    """The parameters that have a value of its own for each recipient.

    `links` are an address, one message that clicked it, and how many messages did. A parameter is personal
    when at least five values are known, each of one message only, and no message has two of them: whoever
    clicks on two products shows that the product's number is not theirs.
    """
    messages: dict[tuple[str, str], dict[int, str]] = {}
    values: dict[tuple[str, str], dict[str, int]] = {}
    shared: set[tuple[str, str]] = set()
    for url, message, clickers in links:
        for key, value in _parameters(url):
            if key in shared:
                continue
            one = messages.setdefault(key, {}).setdefault(message, value) == value
            own = values.setdefault(key, {}).setdefault(value, message) == message
            if clickers > 1 or not (one and own):
                shared.add(key)
                del messages[key], values[key]
    return frozenset(key for key, found in values.items() if len(found) >= FEWEST_RECIPIENTS)


def parameters(links: Iterable[str]) -> Differing:
    """The names of the links' parameters, each at its host and at its page."""
    return frozenset(key for url in links for key, _ in _parameters(url))


def _parameters(url: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Each parameter with its value, at its host and at its page."""
    if "?" not in url:
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if value and not name.lower().startswith(KEPT):
            yield (host, name), value
            yield (host + parts.path, name), value


def _bare_mailto(url: str) -> str:
    """Of the address only its domain: what stands before the @ may be a recipient's own."""
    address, _, query = url.partition("?")
    domain = unquote(address).rpartition("@")[2]
    kept = _bare_query(query, frozenset(), frozenset())
    return f"mailto:{CUT}@{domain}" + (f"?{kept}" if kept else "")


def _bare_query(query: str, personal: frozenset[str], differing: Differing) -> str:
    pairs = (_bare_pair(pair, personal, differing) for pair in query.replace("&amp;", "&").split("&"))
    return "&".join(pair for pair in pairs if pair)


def _bare_pair(pair: str, personal: frozenset[str], differing: Differing) -> str:
    """The parameter as it may be shown; "" when it is cut."""
    name, equals, value = pair.partition("=")
    if _is_named(name, personal):
        return ""
    if "://" in (inner := _decoded(value)):
        cut = bare(inner, differing)
        return f"{name}={quote(cut, safe='')}" if cut != inner else pair
    return "" if _tells(name) or _tells(value) else name + equals + value


def _bare_path(path: str) -> str:
    if found := COUNTERS.match(path):
        return f"{next(part for part in found.groups() if part)}/{CUT}"
    tells = _tells if LEAVING.search(path) else _holds_address
    return "/".join(CUT if tells(part) else part for part in path.split("/"))


@remembered(10_000)
def _tells(text: str) -> bool:
    """An e-mail address stands in it, or it has the size of a hash or a UUID."""
    return bool(HASH.fullmatch(_decoded(text))) or _holds_address(text)


@remembered(10_000)
def _holds_address(text: str) -> bool:
    plain = _decoded(text)
    return bool(ADDRESS.search(plain)) or any(
        ADDRESS.search(_from_base64(part)) for part in ENCODED.findall(plain)
    )


def _decoded(text: str) -> str:
    """Without percent-encoding, also where it was encoded twice or thrice."""
    for _ in range(3):
        if "%" not in text:
            break
        text = unquote(text)
    return text


def _from_base64(text: str) -> str:
    """The text inside, or "" when there is none."""
    standard = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""

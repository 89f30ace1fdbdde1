"""The rules that set machines apart, once: the SQL of the facts, the Definitions page and docs/metrics.md
read them here.

Each event is set apart for one reason: the first rule of RULES that applies. No rule deletes anything.
"""

from dataclasses import dataclass

RULES_VERSION = 4
"""Raised when a rule or a metric changes; older rollups are then remade."""


@dataclass(frozen=True)
class Rule:
    """One reason to set an open or a click apart; `window` is in seconds, None where time plays no part."""

    reason: str
    whose: str
    """«sender» or «ours»."""
    window: int | None = None


SENDER = "sender"
"""Whose word it is; where the sender gives a reason of its own, that stands behind a stroke."""

RULES: dict[str, Rule] = {
    rule.reason: rule
    for rule in (
        Rule(SENDER, SENDER),
        Rule("scanner_agent", "ours"),
        Rule("headless_agent", "ours"),
        Rule("apple_proxy", "ours"),
        Rule("too_fast", "ours", 5),
        Rule("all_links", "ours", 10),
        Rule("shared_address", "ours", 60),
    )
}
"""By reason, in the order in which they are asked. A sender's own word comes first, in both directions."""


def whose(reason: str) -> str:
    """«sender» or «ours»."""
    return SENDER if reason.partition("/")[0] == SENDER else RULES[reason].whose


def senders_own(reason: str) -> str:
    """The reason that the sender gave; "" where it gave none, or where the rule is ours."""
    first, _, own = reason.partition("/")
    return own if first == SENDER else ""


WINDOWS = (10, 60, 300)
"""Seconds of the band: how the figures would move if every window were so long."""

FEWEST_LINKS = 3
"""Links that `all_links` needs: two are clicked by people too."""

FEWEST_SHARING = 10
"""Recipients behind one address that `shared_address` needs."""

SCANNERS = ("Barracuda", "proofpoint", "Mimecast", "CiscoSecureEmail", "TMES")
"""Mail scanners that name themselves; they open and click before a person can."""

PROGRAMS = (
    *("HeadlessChrome", "PhantomJS", "Puppeteer", "Playwright", "Selenium"),
    *("python-requests", "python-urllib", "python-httpx", "aiohttp", "Scrapy"),
    *("curl/", "Wget/", "libwww-perl", "Go-http-client", "node-fetch", "axios/", "GuzzleHttp"),
    *("bot/", "bot;", "bot)", "bot-", "bot ", "crawler", "spider/", "spider;", "spider)"),
)
"""Browsers without a screen, programs and robots that name themselves. What phones and mail clients send
is not among them, though programs use it too: okhttp, Dalvik, Java, CFNetwork, Apache-HttpClient.
"""

NO_ROBOTS = ("cubot",)
"""Names that only look like a robot's: Cubot makes phones."""

IMAGE_PROXIES = ("GoogleImageProxy", "ggpht.com", "YahooMailProxy")
"""They load an image when a person opens; only the place and the device are the proxy's."""

APPLE_PROXY = "Mozilla/5.0"
"""The whole user agent of Apple's Mail Privacy Protection, which loads every image unasked, from a place
that is not the reader's.
"""

"""Which mail program and which device a user agent names."""

from functools import lru_cache

from ua_parser import Result, parse

CLIENTS = {  # their family: the program as people know it
    "GmailImageProxy": "Gmail",
    "YahooMailProxy": "Yahoo Mail",
    "Mobile Safari UI/WKWebView": "Apple Mail",  # a page in Safari itself would name Safari
    "Apple Mail": "Apple Mail",
    "AppleMail": "Apple Mail",
    "Outlook-iOS": "Outlook",
    "Outlook": "Outlook",
    "Windows Live Mail": "Windows Mail",
}
PROXIES = ("GmailImageProxy", "YahooMailProxy")
DESKTOPS = ("Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian")
PHONES = ("iOS", "Android", "Windows Phone", "KaiOS", "BlackBerry OS")
TABLETS = ("ipad", "tablet", "tab ", "kindle", "nexus 7", "nexus 10")


@lru_cache(maxsize=50_000)
def named_by(user_agent: str) -> tuple[str | None, str | None]:
    """(client, device) of a user agent, each None when it does not say; devices are desktop, mobile, tablet.

    Cached: a million opens name some thousands of user agents. A proxy tells the program, never the device.
    """
    found = parse(user_agent)
    family = found.user_agent.family if found.user_agent else None
    client = CLIENTS.get(family, family) if family else None
    return client, None if family in PROXIES else _device(found)


def _device(found: Result) -> str | None:
    system = found.os.family if found.os else ""
    model = f"{found.device.family} {found.device.model}".lower() if found.device else ""
    if any(word in model for word in TABLETS):
        return "tablet"
    if system in PHONES:
        return "mobile"
    return "desktop" if system in DESKTOPS else None

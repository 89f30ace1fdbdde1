"""Which mail program and which device a user agent names.

ua-parser knows browsers and systems well, mail programs less: those that sign themselves behind a browser's
name are found by their own mark first. What programs sign themselves as: the user agents in tests/
test_importers_clients.py, as senders record them.
"""

import re
from functools import lru_cache

from ua_parser import Result, parse

DESKTOP, MOBILE, TABLET = "desktop", "mobile", "tablet"

MARKED: tuple[tuple[str, str, str | None], ...] = (  # mark, program, device where the mark tells it
    (r"GoogleImageProxy|ggpht\.com", "Gmail", None),
    (r"YahooMailProxy", "Yahoo Mail", None),
    (r"YahooMobileMail|com\.yahoo\.Aerogram", "Yahoo Mail", MOBILE),
    (r"MacOutlook|OneOutlook|Microsoft Outlook|ms-office|MSOffice", "Outlook", DESKTOP),
    (r"Outlook-iOS|Outlook-Android|OutlookMobile", "Outlook", ""),
    (r"Outlook-Express|WindowsMail|WindowsLiveMail", "Windows Mail", DESKTOP),
    (r"Samsung(Mail|Email)|com\.samsung\.android\.email", "Samsung Mail", ""),
    (r"\bThunderbird/", "Thunderbird", ""),
    (r"\bK-9\b", "K-9 Mail", ""),
    (r"\bProtonMail\b", "Proton Mail", ""),
    (r"\bBlueMail\b", "BlueMail", ""),
    (r"\bSpark/", "Spark", ""),
    (r"\bAirmail\b", "Airmail", ""),
    (r"\beM ?Client\b", "eM Client", ""),
)
"""A device of "" is left to the rest of the user agent; None: what loads the picture is not the reader's."""

CLIENTS = {  # their family: the program as people know it
    "Mobile Safari UI/WKWebView": "Apple Mail",  # a page in Safari itself would name Safari
    "Apple Mail": "Apple Mail",
    "AppleMail": "Apple Mail",
    "Outlook": "Outlook",
    "Windows Live Mail": "Windows Mail",
    "Chrome Mobile WebView": "Android",  # a window within some app, which it does not name
    "Mobile Safari": "Safari",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
}
DESKTOPS = ("Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian")
PHONES = ("iOS", "Android", "Windows Phone", "KaiOS", "BlackBerry OS")
TABLETS = re.compile(r"ipad|tablet|\btab\b|kindle|nexus (7|9|10)\b|\bsm-[tx]\d", re.I)
MARKS = tuple((re.compile(mark, re.I), program, device) for mark, program, device in MARKED)


@lru_cache(maxsize=50_000)
def named_by(user_agent: str) -> tuple[str | None, str | None]:
    """(client, device) of a user agent, each None when it does not say; devices are desktop, mobile, tablet.

    Cached: a million opens name some thousands of user agents. A proxy tells the program, never the device.
    """
    found = parse(user_agent)
    for mark, program, device in MARKS:
        if mark.search(user_agent):
            return program, _device(found, user_agent) if device == "" else device
    family = found.user_agent.family if found.user_agent else None
    return (CLIENTS.get(family, family) if family else None), _device(found, user_agent)


def _device(found: Result, user_agent: str) -> str | None:
    system = found.os.family if found.os else ""
    model = f"{found.device.family} {found.device.model}" if found.device else ""
    # Android's browsers name themselves «Mobile» on phones, and on phones only.
    wide = system == "Android" and "AppleWebKit" in user_agent and "Mobile" not in user_agent
    if wide or TABLETS.search(model) or TABLETS.search(user_agent):
        return TABLET
    if system in PHONES:
        return MOBILE
    return DESKTOP if system in DESKTOPS else None

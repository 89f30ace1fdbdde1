"""Who opened a link: a person's browser, or a machine that only looks. Rules and sources: docs/visits.md.

In doubt it is a machine: that somebody read the link who did not is worse to believe than the reverse, which
the first visit puts right.
"""

import re

from starlette.requests import HTTPConnection
from ua_parser import parse

MACHINES = re.compile(
    r"barracuda|proofpoint|mimecast|ironport|ciscosecure|trendmicro|trend micro|sophos|symantec|fireeye"
    r"|trellix|forti(mail|guard|net)|f-secure|withsecure|kaspersky|bitdefender|zscaler|messagelabs|spamexperts"
    r"|safelinks|urldefense|url-?(analy[sz]er|scan)|virustotal|oneoutlook|microsoft office|bingpreview"
    r"|gmail-content-sampling|googleimageproxy|yahoomailproxy|uripreview|linkpreview|link preview|whatsapp"
    r"|facebookexternalhit|(?<!cu)bot\b|crawl|spider|scanner|fetch|monitor|headless|phantom|electron|curl|wget"
    r"|edge/12\.246",
    re.IGNORECASE,
)
"""Names that scanners, previews and programs give themselves; no browser in a person's hands has one."""

ENGINE = re.compile(r"Mozilla/5\.0 \(.*\b(Gecko|Trident)\b")
"""With this every browser of today begins."""

FETCH_METADATA = {"Chrome": 80, "Firefox": 90, "Version": 17}
"""From these versions on browsers say over https what a request is for. («Version» is Safari's.)"""

PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""Headers of a page that is fetched before somebody asked for it."""


def is_a_machine(connection: HTTPConnection, method: str, https: bool) -> bool:
    """Whether this opening is an automatic check and not a person's."""
    told = connection.headers
    agent = told.get("user-agent", "")
    return (
        method != "GET"
        or any(told.get(name) for name in PURPOSES)
        or "x-native-host" in told  # the new Outlook looks at links before they are pressed
        or "from" in told  # crawlers give the address of their operator
        or "text/html" not in told.get("accept", "")
        or not told.get("accept-language")
        or not _is_a_page_load(connection, agent, https)
        or _is_no_browser(agent)
    )


def _is_a_page_load(connection: HTTPConnection, agent: str, https: bool) -> bool:
    """As the browser says; a browser that would say it over https and does not is none."""
    mode, where = (connection.headers.get(f"sec-fetch-{name}") for name in ("mode", "dest"))
    if mode is None:
        return not (https and _says_what_for(agent))
    return mode == "navigate" and where in (None, "document")


def _says_what_for(agent: str) -> bool:
    versions = dict(re.findall(r"\b(Chrome|Firefox|Version)/(\d+)", agent))
    return any(int(version) >= FETCH_METADATA[name] for name, version in versions.items())


def _is_no_browser(agent: str) -> bool:
    if not ENGINE.match(agent) or MACHINES.search(agent):
        return True
    device = parse(agent).device
    return device is not None and device.family == "Spider"

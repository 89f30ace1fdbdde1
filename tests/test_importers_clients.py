"""Mail programs and devices by user agent, as senders record them."""

import pytest

from lib.importers.clients import named_by

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
GALAXY = "Mozilla/5.0 (Linux; Android 13; SM-S911B Build/TP1A.220624.014; wv)"

READERS = {
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; .NET4.0C; .NET4.0E;"
    " Microsoft Outlook 16.0.5197; ms-office; MSOffice 16)": ("Outlook", "desktop"),
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)": ("Outlook", "desktop"),
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)": ("Outlook", "desktop"),
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0"
    " OneOutlook/1.2023.1214.201": ("Outlook", "desktop"),
    "MacOutlook/16.56.0.21121100 (Intelx64 Mac OS X Version 12.1 (Build 21C52))": ("Outlook", "desktop"),
    "Outlook-iOS/709.2226530.prod.iphone (3.24.1)": ("Outlook", "mobile"),
    f"{IPHONE} {WEBKIT} Mobile/15E148 Outlook-iOS/2.0": ("Outlook", "mobile"),
    "Outlook-Android/2.0": ("Outlook", "mobile"),
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Outlook-Express/7.0)": ("Windows Mail", "desktop"),
    f"{MAC} {WEBKIT}": ("Apple Mail", "desktop"),
    f"{IPHONE} {WEBKIT} Mobile/15E148": ("Apple Mail", "mobile"),
    f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {WEBKIT} Mobile/15E148": ("Apple Mail", "tablet"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:102.0) Gecko/20100101 Thunderbird/102.15.1": (
        "Thunderbird",
        "desktop",
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.4.1": (
        "Thunderbird",
        "desktop",
    ),
    f"{GALAXY} {BLINK} Version/4.0 Chrome/114.0.5735.60 Mobile Safari/537.36 SamsungMail/6.1.90.16": (
        "Samsung Mail",
        "mobile",
    ),
    "YahooMobileMail/1.0 (Android Mail; 6.17.3) (herolte;samsung;SM-G930F;8.0.0)": ("Yahoo Mail", "mobile"),
    "YMobile/1.0 (com.yahoo.Aerogram/23.0; iOS/16.0;)": ("Yahoo Mail", "mobile"),
    f"{MAC} {WEBKIT} Airmail/3.6": ("Airmail", "desktop"),
    f"{GALAXY} {BLINK} Version/4.0 Chrome/119.0.6045.66 Mobile Safari/537.36": ("Android", "mobile"),
    f"Mozilla/5.0 (Linux; Android 12; SM-T870 Build/SP2A; wv) {BLINK} Version/4.0 Chrome/114.0"
    " Safari/537.36": ("Chrome", "tablet"),
    f"{IPHONE} {WEBKIT} Version/17.1 Mobile/15E148 Safari/604.1": ("Safari", "mobile"),
    f"{MAC} {WEBKIT} Version/17.1 Safari/605.1.15": ("Safari", "desktop"),
}

PROXIES = {
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)": "Gmail",
    "Mozilla/5.0 (Windows; U; Windows NT 5.1; de; rv:1.9.0.7) Gecko/2009021910 Firefox/3.0.7"
    " (via ggpht.com)": "Gmail",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html": "Yahoo Mail",
}


@pytest.mark.parametrize("user_agent", READERS)
def test_a_mail_program_is_known_by_how_it_signs_itself(user_agent):
    assert named_by(user_agent) == READERS[user_agent]


@pytest.mark.parametrize("user_agent", PROXIES)
def test_an_image_proxy_tells_the_program_but_never_the_readers_device(user_agent):
    assert named_by(user_agent) == (PROXIES[user_agent], None)


@pytest.mark.parametrize("user_agent", ["Mozilla/5.0", "", "-", "asdf"])
def test_what_names_nothing_is_not_guessed(user_agent):
    assert named_by(user_agent) == (None, None)

"""What the people in the pictures do: the analyst shares a report, its viewers come, or do not."""

from playwright.sync_api import Locator, Page
from studio import ADDRESS, PATIENCE, REFUSED, Studio

CAMPAIGN = "vitrine-c13"
VERA, VIKTOR, NINA, PAUL = (f"{name}@client.example" for name in ("vera", "viktor", "nina", "paul"))
FIRST = (VERA, VIKTOR, NINA)
LATER = (PAUL, REFUSED)
MESSAGES = {
    "en": "Dear all, here are the figures of our last letter. Ana",
    "fr": "Bonjour à tous, voici les chiffres de notre dernière lettre. Ana",
}


def fills_in(studio: Studio, page: Page) -> None:
    """The share page with three viewers and a message, not sent yet."""
    page.set_viewport_size({"width": 1100, "height": 2000})
    page.goto(f"{ADDRESS}/share?campaign={CAMPAIGN}")
    adds(studio, page, *FIRST)
    page.get_by_role("textbox", name=studio.t("share.message")).fill(MESSAGES[studio.language])
    page.get_by_role("textbox", name=studio.t("share.message")).press("Control+Enter")
    sending(studio, page, len(FIRST)).and_(page.locator(":enabled")).wait_for()


def adds(studio: Studio, page: Page | Locator, *addresses: str) -> None:
    """Type addresses into the field for viewers."""
    for address in addresses:
        page.get_by_label(studio.t("share.viewers")).first.fill(f"{address},")


def sending(studio: Studio, page: Page, count: int) -> Locator:
    """The button that sends."""
    return page.get_by_role("button", name=studio.t("share.send", count=count))


def sends(studio: Studio, page: Page) -> None:
    """The rest of the viewers, and the button; the mails then wait for half a minute."""
    adds(studio, page, *LATER)
    everybody = FIRST + LATER
    sending(studio, page, len(everybody)).and_(page.locator(":enabled")).click()
    page.get_by_text(studio.t("share.done", count=len(everybody))).wait_for()


def unlocks(studio: Studio, page: Page, address: str, password: str = "") -> None:
    """Open the link from the mail and type the password from the mail, or another one."""
    page.goto(studio.link(address))
    page.get_by_label(studio.t("entry.password"), exact=True).fill(password or studio.password(address))
    page.get_by_role("button", name=studio.t("entry.open")).click()


def comes_true(studio: Studio) -> Page:
    """The mails arrive, and what the viewers do with them; returns the page that Vera reads."""
    studio.sink.wait(len(FIRST + LATER) - 1, patience=PATIENCE / 1000)
    vera = studio.viewer()
    reads(studio, vera)
    come_and_fail(studio)
    return vera


def reads(studio: Studio, page: Page) -> None:
    """Vera reads two sections, takes the table along, and stays signed in."""
    unlocks(studio, page, VERA)
    page.locator(".js-plotly-plot").first.wait_for()
    for section in ("links", "first_day"):
        page.locator(f".st-key-section-{section}").scroll_into_view_if_needed()
        for step in range(14):
            page.mouse.move(300 + step, 400)
            page.wait_for_timeout(400)
    with page.expect_download():
        page.get_by_role("button", name=studio.t("files.whole")).click()
        page.get_by_role("menuitem", name=studio.t("files.whole_csv")).click()


def come_and_fail(studio: Studio) -> None:
    """A scanner opens Viktor's link three times; Nina mistypes her password twice."""
    machine = studio.machine()
    for _ in range(3):
        machine.goto(studio.link(VIKTOR))
    nina = studio.viewer()
    for _ in range(2):
        unlocks(studio, nina, NINA, "not-the-password")
        nina.get_by_text(studio.t("entry.refused")).wait_for()


def share(studio: Studio, page: Page) -> None:
    """The page of the only share."""
    page.goto(f"{ADDRESS}/shares?share=1")
    actions(studio, page).first.wait_for()


def actions(studio: Studio, page: Page) -> Locator:
    """The menus beside the viewers."""
    return page.get_by_role("button", name=studio.t("viewers.actions"), exact=True)


def row(page: Page, address: str) -> Locator:
    """The row of one viewer."""
    return page.locator("[class*=st-key-viewer-]").filter(has_text=address)


def chooses(studio: Studio, page: Page, address: str, action: str) -> Locator:
    """Choose from the menu beside a viewer; returns the dialog that opens."""
    row(page, address).get_by_role("button", name=studio.t("viewers.actions"), exact=True).click()
    page.get_by_role("menuitem", name=studio.t(action), exact=True).click()
    return opens(page)


def opens(page: Page) -> Locator:
    """The dialog that opens."""
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    return dialog


def closes(page: Page) -> None:
    """The dialog, without doing anything."""
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def revokes(studio: Studio, page: Page, address: str) -> None:
    """Take access away."""
    chooses(studio, page, address, "viewers.revoke")
    page.get_by_role("dialog").get_by_role("button", name=studio.t("dialog.revoke_button")).click()
    row(page, address).get_by_text(studio.t("state.revoked")).wait_for(timeout=PATIENCE)

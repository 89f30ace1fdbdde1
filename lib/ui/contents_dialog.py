"""«Change what they see»: whoever shows more is told by address who will see it, and says yes to that."""

from typing import Any

import streamlit as st

from lib import wiring
from lib.reports import SECTION_NAMES
from lib.shares import contents
from lib.shares.invitations import LONGEST_MESSAGE
from lib.shares.shares import ShareLine
from lib.ui import cache, confirming, counting, differences, session, shown, spans
from lib.ui.confirming import Lines
from lib.ui.guarded import analyst_dialog
from lib.ui.i18n import plain, t

Fields = dict[str, Any]


@analyst_dialog("dialog.contents", width="medium")
def change(share: ShareLine, lines: Lines) -> None:
    """Campaigns, audience, sections, people, revenue, history, count, words and language of a share."""
    key = f"contents-{share.id}-{share.version}"
    fields = _fields(share, key)
    readers = [line.address for line in lines if line.state not in confirming.ENDED]

    def save(seen: ShareLine) -> None:
        now, by = wiring.now(), session.actor()
        contents.change(session.app().records, share.id, seen, now, by=by, **fields)

    differences.save(
        key,
        share,
        t("dialog.contents_button"),
        save,
        t("dialog.contents_done"),
        ask=lambda against: _missing(against, fields, readers, key),
    )


def _fields(share: ShareLine, key: str) -> Fields:
    campaigns = _campaigns(share, key)
    return {
        "campaigns": campaigns,
        "audience": _audience(share, campaigns, key),
        "sections": _sections(share, key),
        "people": st.toggle(t("shown.people"), value=share.people, key=f"people-{key}"),
        "revenue": st.toggle(t("shown.revenue"), value=share.revenue, key=f"revenue-{key}"),
        "history": st.toggle(
            t("shown.history"), value=share.history, key=f"history-{key}", help=t("contents.history_help")
        ),
        "form": counting.pick(t("shown.form"), share.form, f"form-{key}", t("contents.opens_help")),
        "message": st.text_area(
            t("shown.message"), share.message, max_chars=LONGEST_MESSAGE, key=f"message-{key}", height=90
        )
        or "",
        "language": spans.language_field(t("shown.language"), key=f"language-{key}", default=share.language),
    }


def _campaigns(share: ShareLine, key: str) -> tuple[str, ...]:
    """Those that are shown already keep their place; a campaign that is not there any more stays named."""
    titles = {one: t("shares.no_campaign") for one in share.campaigns} | shown.titles()
    chosen = st.multiselect(
        t("shown.campaigns"),
        list(titles),
        default=list(share.campaigns),
        format_func=titles.__getitem__,
        key=f"campaigns-{key}",
    )
    kept = tuple(one for one in share.campaigns if one in chosen)
    return (*kept, *(one for one in chosen if one not in kept))


def _audience(share: ShareLine, campaigns: tuple[str, ...], key: str) -> tuple[str, str] | None:
    """An audience of the chosen campaigns, or the one that is followed already."""
    frame = cache.campaigns(session.EVERYTHING)
    rows = frame[frame["id"].isin(campaigns)]
    found = {(str(row["sender"]), str(row["audience"])) for _, row in rows.iterrows() if row["audience"]}
    followed = shown.value(share, "audience")
    options = [None, *sorted(found | ({followed} if followed else set()))]
    if len(options) == 1:
        return None
    chosen: tuple[str, str] | None = st.selectbox(
        t("shown.audience"),
        options,
        index=options.index(followed),
        format_func=_audience_option,
        key=f"audience-{key}",
        help=t("shown.audience_help"),
    )
    return chosen


def _audience_option(audience: tuple[str, str] | None) -> str:
    """As `shown` says it, but as plain text, which lists of options show."""
    return t("shown.follows", name=audience[1]) if audience else t("shown.follows_none")


def _sections(share: ShareLine, key: str) -> tuple[str, ...] | None:
    """None, all, also those that reports will have some day, when all are ticked and it was so."""
    before = shown.sections(share.sections)
    chosen = st.pills(
        t("shown.sections"),
        SECTION_NAMES,
        default=list(before),
        selection_mode="multi",
        format_func=lambda name: t(f"report.section.{name}"),
        key=f"sections-{key}",
    )
    now = shown.sections(tuple(chosen))
    return share.sections if now == before else now


def _missing(share: ShareLine, fields: Fields, readers: list[str], key: str) -> str:
    """What has to be done before `fields` may be saved over `share`; empty when they may."""
    if not fields["campaigns"]:
        return t("refusal.campaigns")
    more = _more(share, fields)
    if not more or not readers:
        return ""
    st.warning(
        t("dialog.sees_more", count=len(readers), names=confirming.names(readers)) + _list(more),
        icon=":material/visibility:",
    )
    ticked = st.checkbox(t("dialog.sees_more_tick"), key=f"tick-{key}-{share.version}-{len(more)}")
    return "" if ticked else t("dialog.sees_more_first")


def _list(sentences: list[str]) -> str:
    return "".join(f"\n- {sentence}" for sentence in sentences)


def _more(share: ShareLine, fields: Fields) -> list[str]:
    """What `fields` show that `share` does not, one line of Markdown each."""
    titles = shown.titles()
    more = [plain(titles.get(one, one)) for one in fields["campaigns"] if one not in share.campaigns]
    before = shown.sections(share.sections)
    more += [t(f"report.section.{name}") for name in shown.sections(fields["sections"]) if name not in before]
    switched = [
        field for field in ("people", "revenue", "history") if fields[field] and not getattr(share, field)
    ]
    return more + [t(f"shown.{field}") for field in switched]

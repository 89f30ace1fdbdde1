"""What is known of a viewer, in sentences of Markdown."""

from lib.mail.outbox import MailState
from lib.shares.shares import ShareLine, State, ViewerLine
from lib.ui import badges, spans
from lib.ui.i18n import language, plain, t
from lib.words import catalogue


def opened(line: ViewerLine) -> list[str]:
    """Whether a person opened the link; what mail scanners did stands apart."""
    if not line.visits and not line.openings:
        return [t("viewers.checks_only", count=line.checks) if line.checks else t("viewers.no_visit")]
    told = [t("viewers.opened" if line.visits else "viewers.nothing_typed")]
    return [*told, t("viewers.checks", count=line.checks)] if line.checks else told


def visits(line: ViewerLine) -> list[str]:
    """How often, and when first and last."""
    if not line.visits:
        return [t("viewers.never")]
    first, last = spans.moment(line.first_visit_at), spans.moment(line.last_visit_at)
    if line.visits == 1:
        return [t("viewers.visits", count=1), first]
    return [t("viewers.visits", count=line.visits), t("viewers.first_last", first=first, last=last)]


def reading(line: ViewerLine) -> list[str]:
    """How long in all, and what was read longest."""
    if not line.visits:
        return []
    parts = [f"{_section(name)} {spans.length(seconds)}" for name, seconds in line.sections if seconds]
    return [spans.length(line.seconds), ", ".join(parts)] if parts else [spans.length(line.seconds)]


def taken(line: ViewerLine) -> list[str]:
    """Exports and failed tries."""
    told = [t("viewers.exports", count=line.exports)] if line.exports else []
    return told + ([t("viewers.failures", count=line.failures)] if line.failures else [])


def answers(line: ViewerLine) -> list[tuple[str, list[str]]]:
    """Each mail of the last action: its state, and what the server said or what to do about it."""
    if not line.mails:
        return [("", [])]
    return [(mail.state, _told(mail, len(line.mails) > 1)) for mail in line.mails]


def _told(mail: MailState, several: bool) -> list[str]:
    """When, what the server said, and what can be done about a refusal."""
    said = plain(mail.said(language()))
    kind = [t(f"viewers.kind_{'apart' if mail.kind == 'apart' else 'link'}")] if several else []
    at = spans.moment(mail.due_at or mail.at)
    when = t("viewers.mail_due", at=at) if mail.due_at else at
    if mail.state not in badges.TROUBLED:
        return [" · ".join(part for part in (*kind, when, said) if part)]
    ours = mail.answer.startswith("mail.answer.")
    way_out = [t("viewers.refused")] if mail.state == "refused" and not ours else []
    return [" · ".join((*kind, when)), *([said] if said else []), *way_out]


def troubled(line: ViewerLine) -> bool:
    """Whether somebody should look at this viewer."""
    if line.state is State.REVOKED:
        return False
    mails = any(mail.state in badges.TROUBLED for mail in line.mails)
    return mails or line.pass_on_since is not None or line.state is State.SUSPENDED


def share_facts(share: ShareLine) -> str:
    """A share in one line."""
    parts = [
        t("shares.viewers", count=share.viewers),
        t("shares.visits", count=share.visits),
        t("shares.made", at=spans.moment(share.created_at)),
    ]
    return " · ".join([*parts, t("shares.by", name=plain(share.analyst))] if share.analyst else parts)


def _section(name: str) -> str:
    key = f"report.section.{name}"
    return t(key) if key in catalogue(language()) else t("viewers.section_other")

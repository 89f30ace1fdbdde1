"""The settings of the analyst, and those of the installation that an admin may change here."""

from collections.abc import Callable, Mapping
from email.utils import parseaddr

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lib import wiring
from lib.shares import analysts, notices, policy, trial
from lib.shares.policy import Policy
from lib.shares.refusal import ShareRefused
from lib.ui import badges, contacts, once, session, strength
from lib.ui.guarded import analyst_callback, analyst_fragment
from lib.ui.i18n import LANGUAGE_NAMES, language, plain, t

PAGE = "settings"
LOOK = 2.0  # seconds between two looks at the test mail
FIELD = 480  # pixels


def say_done() -> None:
    """What the run before has done."""
    once.say(PAGE)


# --- of the analyst -------------------------------------------------------------------------------


def name_section() -> None:
    """The name under which the analyst invites."""
    analyst = session.analyst()
    with _section("name"), st.form("settings-name", border=False, width=FIELD):
        name = st.text_input(
            t("settings.name.title"), analyst.name, key="settings-own-name",
            label_visibility="collapsed", autocomplete="name",
        )  # fmt: skip
        place = st.container()
        st.caption(t("settings.name.why"))
        pressed = st.form_submit_button(t("settings.name.button"), type="primary")
    if pressed and _done({"name": place}, lambda: _rename(name or "")):
        once.drawer(PAGE).notices.append(t("settings.name.done"))
        st.rerun()


def _rename(name: str) -> None:
    analysts.rename(session.app().records, session.analyst().id, name, wiring.now(), by=session.actor())


def language_section() -> None:
    """The language in which the analyst reads."""
    with _section("language"):
        st.segmented_control(
            t("settings.language.title"),
            list(LANGUAGE_NAMES),
            format_func=LANGUAGE_NAMES.__getitem__,
            default=language(),
            required=True,
            key="settings-language",
            label_visibility="collapsed",
            on_change=_speak,
        )
        st.caption(t("settings.language.why"))


@analyst_callback
def _speak() -> None:
    analysts.set_language(session.app().records, session.analyst().id, st.session_state["settings-language"])


def notices_section() -> None:
    """How the analyst hears of each kind of news; a choice holds at once."""
    parts = session.app()
    with _section("notices"):
        st.caption(t("settings.notices.no_mail" if parts.delivery.keeps else "settings.notices.why"))
        for kind, way in notices.ways(parts.records, session.analyst().id).items():
            st.segmented_control(
                t(f"notice.kind.{kind}"),
                list(notices.WAYS),
                format_func=lambda way: t(f"notice.way.{way}"),
                default=way,
                required=True,
                key=f"way-{kind}",
                on_change=_choose,
                args=(kind,),
            )


@analyst_callback
def _choose(kind: str) -> None:
    chosen = {kind: st.session_state[f"way-{kind}"]}
    notices.choose(session.app().records, session.analyst().id, chosen, wiring.now(), by=session.actor())


@analyst_fragment
def password_section() -> None:
    """A new password, for whoever knows the current one."""
    analyst, drawer = session.analyst(), once.drawer(PAGE)
    fields: dict[str, DeltaGenerator] = {}
    with _section("password"), st.container(width=FIELD):
        number = st.session_state.get("settings-password-number", 0)  # other keys: empty fields
        new = strength.password_field(
            t("settings.password.new"), f"settings-new-{number}", context=(analyst.name, analyst.address)
        )
        fields["password"] = st.container()
        with st.form(f"settings-password-{number}", border=False):
            repeated = _secret("repeated", number, "new-password")
            fields["repeated"] = st.container()
            current = _secret("current", number, "current-password")
            fields["current"] = st.container()
            st.caption(t("settings.password.why"))
            pressed = st.form_submit_button(t("settings.password.button"), type="primary")
    if pressed and _done(fields, lambda: _change_password(current, new, repeated)):
        st.session_state["settings-password-number"] = number + 1
        drawer.notices.append(t("settings.password.done"))
        st.rerun()


def _secret(name: str, number: int, kind: str) -> str:
    return (
        st.text_input(
            t(f"settings.password.{name}"),
            key=f"settings-{name}-{number}",
            type="password",
            autocomplete=kind,
        )
        or ""
    )


def _change_password(current: str, new: str, repeated: str) -> None:
    if not current:
        raise ShareRefused("current", "settings.password.no_current")
    if new != repeated:
        raise ShareRefused("repeated", "settings.password.not_repeated")
    parts = session.app()
    analysts.change_own_password(
        parts.records,
        session.analyst(),
        current,
        new,
        session.network(),
        wiring.now(),
        parts.settings.password_minimum,
        by=session.actor(),
    )


# --- of the installation --------------------------------------------------------------------------


def google_section() -> None:
    """The linked Google account."""
    with st.container(border=True, key="section-google"):
        contacts.settings_section()


def policy_section() -> None:
    """How long shares last; an admin changes it, the others read it."""
    found = policy.load(session.app().records)
    with _section("policy"):
        if session.analyst().admin:
            _policy_form(found)
        else:
            st.write(t("settings.policy.usual", count=found.days))
            st.write(
                t("settings.policy.longest", count=found.most) if found.most else t("settings.policy.endless")
            )
            st.caption(t("settings.policy.by_admins"))


def _policy_form(found: Policy) -> None:
    fields: dict[str, DeltaGenerator] = {}
    drawer = once.drawer(PAGE)
    with st.form("settings-policy", border=False):
        days = _days("days", found.days, least=1)
        fields["days"] = st.container()
        most = _days("most", found.most, least=0)
        fields["most"] = st.container()
        st.caption(t("settings.policy.existing"))
        pressed = st.form_submit_button(t("settings.policy.button"), type="primary")
    if pressed and _done(fields, lambda: _save_policy(days, most)):
        drawer.notices.append(t("settings.policy.done"))
        st.rerun()


def _days(name: str, value: int, least: int) -> int:
    return int(
        st.number_input(
            t(f"settings.policy.{name}"),
            min_value=least,
            max_value=policy.LONGEST,
            value=value,
            key=f"settings-{name}",
            help=t(f"settings.policy.{name}_help"),
            width=320,
        )
    )


def _save_policy(days: int, most: int) -> None:
    policy.save(session.app().records, Policy(days, most), wiring.now(), by=session.actor())


def mail_section() -> None:
    """For admins: whether mails leave and from which address, and a mail to try it."""
    if not session.analyst().admin:
        return
    parts = session.app()
    with _section("mail"):
        if parts.delivery.keeps:
            st.warning(t("settings.mail.kept"), icon=":material/folder:")
        else:
            name, address = parseaddr(parts.settings.mail_from)
            sender = plain(f"{name or parts.settings.brand} <{address}>")
            st.write(t("settings.mail.leaves", sender=sender))
        st.caption(t("settings.mail.why", address=plain(parts.settings.base_url)))
        _try_mail()


@analyst_fragment(run_every=LOOK)
def _try_mail() -> None:
    parts, analyst = session.app(), session.analyst()
    place = st.container()
    pressed = st.button(t("settings.mail.button"), icon=":material/send:", key="settings-trial")
    if pressed:
        _done(
            {"": place}, lambda: trial.send(parts.records, parts.vault, parts.settings, analyst, wiring.now())
        )
    found = trial.last(parts.records, analyst.id, wiring.now())
    if found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            badges.mail(found.state)
            st.caption(
                t("settings.mail.to", address=plain(analyst.address), said=plain(found.said(language())))
            )


# --- both -----------------------------------------------------------------------------------------


def _section(name: str) -> DeltaGenerator:
    box = st.container(border=True, key=f"section-{name}")
    box.subheader(t(f"settings.{name}.title"), anchor=False)
    return box


def _done(fields: Mapping[str, DeltaGenerator], act: Callable[[], None]) -> bool:
    """Do it; a refusal is said beside the field that it concerns."""
    try:
        act()
    except ShareRefused as refusal:
        holes = {name: plain(hole) if isinstance(hole, str) else hole for name, hole in refusal.holes.items()}
        place = fields.get(refusal.field) or next(iter(fields.values()))
        place.error(t(refusal.reason, **holes), icon=":material/error:")
        return False
    return True

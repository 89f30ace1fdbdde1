"""The records' tables. One place for the schema; lib/store/migrations brings a database to it.

All times are aware UTC. Secrets stand here only as hashes, or sealed (the columns `sealed`).
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC time; stored without zone where the database has none (SQLite)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- what was brought in -------------------------------------------------------------------------

workspace = sa.Table(  # small facts about the whole installation, such as the data version
    "workspace",
    metadata,
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("state", sa.String(10), nullable=False),  # running, live, undone, failed
    sa.Column("sender", sa.String(40), nullable=False, default=""),
    sa.Column("form", sa.String(40), nullable=False, default=""),  # which of the sender's formats
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("sample", sa.Boolean, nullable=False, default=False),
    sa.Column("by", sa.Text, nullable=False, default=""),  # the analyst's address, or "command line"
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("read", sa.BigInteger, nullable=False, default=0),
    sa.Column("imported", sa.BigInteger, nullable=False, default=0),
    sa.Column("duplicate", sa.BigInteger, nullable=False, default=0),
    sa.Column("rejected", sa.BigInteger, nullable=False, default=0),
    sa.Column("rejects_file", sa.Text),  # relative to the data folder
    sa.Column("notes", sa.JSON, nullable=False, default=list),  # [[file, reason, {holes}], ...]
    sa.Column("problem", sa.Text),  # of a failed one
)

claims = sa.Table(  # what one import says about one campaign; campaigns are made from the live ones
    "claims",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("import_id", sa.ForeignKey("imports.id"), nullable=False, index=True),
    sa.Column("campaign_id", sa.String(80), nullable=False, index=True),
    sa.Column(
        "fingerprint", sa.String(32), nullable=False, index=True
    ),  # of the row; the same row is a duplicate
    sa.Column("campaign", sa.JSON, nullable=False),  # the fields of model.Campaign that the row gives
    sa.Column("figures", sa.JSON, nullable=False),  # [[scope, key, metric, value, claimed], ...]
)

files = sa.Table(  # the manifest: which event files are live
    "files",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("import_id", sa.ForeignKey("imports.id"), nullable=False, index=True),
    sa.Column("campaign_id", sa.String(80), nullable=False, index=True),
    sa.Column("path", sa.Text, nullable=False),  # relative to the events folder
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("covers", sa.JSON, nullable=False),  # kinds of event that this file holds in full
)

campaigns = sa.Table(  # made from live claims and files; remade after each import and each undo
    "campaigns",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("sender", sa.String(40), nullable=False),
    sa.Column("native_id", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False, default=""),
    sa.Column("subject", sa.Text),
    sa.Column("preview_text", sa.Text),
    sa.Column("from_name", sa.Text),
    sa.Column("from_email", sa.Text),
    sa.Column("reply_to", sa.Text),
    sa.Column("audience", sa.Text),
    sa.Column("sent_at", Instant, index=True),
    sa.Column("zone", sa.String(60), nullable=False, default="UTC"),
    sa.Column("currency", sa.String(3)),
    sa.Column("html", sa.Text),
    sa.Column("folder", sa.Text),
    sa.Column("tags", sa.JSON, nullable=False, default=list),
    sa.Column("sample", sa.Boolean, nullable=False, default=False),  # known only from the sample import
    sa.Column("reported", sa.JSON, nullable=False, default=dict),  # of the whole: {metric: value}
    sa.Column(
        "claimed", sa.JSON, nullable=False, default=dict
    ),  # the sender's own texts: {metric: "120.00%"}
    # of its links, variants and hours: [[scope, key, metric, value, claimed], ...]
    sa.Column("reported_parts", sa.JSON, nullable=False, default=list),
    sa.Column("covers", sa.JSON, nullable=False, default=list),
    sa.Column("counts", sa.JSON, nullable=False, default=dict),  # computed counts by metric, from the rollup
    sa.Column("rollup", sa.Text),  # path of its rollup, relative to the events folder
    sa.Column("rules", sa.Integer, nullable=False, default=0),  # version of the rules that made the rollup
    sa.Column("updated_at", Instant, nullable=False),
)

notes = sa.Table(  # what analysts wrote beside a report
    "notes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("campaign_id", sa.String(80), nullable=False, index=True),  # as in campaigns, which is remade
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("chart", sa.String(40)),  # the chart on which it is pinned; null: the whole report
    sa.Column("hour", sa.Float),  # the moment on the chart, in hours since the sending
    sa.Column("author", sa.Text, nullable=False),  # the analyst's name as it was
    sa.Column("address", sa.Text, nullable=False),  # and address; "" for the command line
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant),
    sa.Column("changed_by", sa.Text),  # the address of who changed, removed or brought it back last
    sa.Column("removed_at", Instant),  # can be taken back
    sa.Column("version", sa.Integer, nullable=False, default=1),
)

benchmarks = sa.Table(  # averages of industries, as somebody published them
    "benchmarks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("industry", sa.Text, nullable=False),
    sa.Column("published", sa.String(10), nullable=False),  # 2019, 2019-10 or 2019-10-01
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("rates", sa.JSON, nullable=False),  # {metric: fraction of 1}
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("industry", "published", "source"),
)

# --- who may see what ----------------------------------------------------------------------------

analysts = sa.Table(
    "analysts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_key", sa.Text, nullable=False, unique=True),  # casefolded
    sa.Column("password_hash", sa.Text, nullable=False),  # bcrypt, checked by streamlit-authenticator
    sa.Column("password_version", sa.Integer, nullable=False, default=1),
    sa.Column("admin", sa.Boolean, nullable=False, default=False),
    sa.Column("language", sa.String(2)),
    sa.Column("disabled_at", Instant),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("wait_until", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column(
        "notices", sa.JSON, nullable=False, default=dict, server_default="{}"
    ),  # {kind: mail, product or off}; what is missing is as the product has it
)

tickets = sa.Table(  # a one-time pass from the sign-in form to the HttpOnly cookie
    "tickets",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("analyst_id", sa.ForeignKey("analysts.id"), nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),  # SHA-256 of the cookie's 256 bits
    sa.Column("kind", sa.String(10), nullable=False),  # analyst, viewer
    sa.Column("analyst_id", sa.ForeignKey("analysts.id"), index=True),
    sa.Column("viewer_id", sa.ForeignKey("viewers.id"), index=True),
    sa.Column("version", sa.Integer, nullable=False),  # of the password it was opened with
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
)

shares = sa.Table(
    "shares",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("form_key", sa.String(64), unique=True),  # a double click makes one share
    sa.Column("analyst_id", sa.ForeignKey("analysts.id"), nullable=True, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("language", sa.String(2), nullable=False),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("campaigns", sa.JSON, nullable=False),  # campaign ids
    sa.Column("sections", sa.JSON),  # null: all
    sa.Column("people", sa.Boolean, nullable=False, default=True),
    sa.Column("revenue", sa.Boolean, nullable=False, default=True),
    sa.Column(
        "history", sa.Boolean, nullable=False, default=True, server_default=sa.false()
    ),  # whether viewers see how the campaign stands against earlier ones of its audience
    sa.Column(
        "form", sa.String(10), nullable=False, default="all", server_default="all"
    ),  # the count with which the report opens: all, people
    sa.Column("zone", sa.String(60), nullable=False, default="UTC"),
    sa.Column("expires_on", sa.Date),  # its last day, inclusive, in `zone`; null: no end
    sa.Column("expires_at", Instant, index=True),  # the same as an instant, exclusive
    sa.Column("off_at", Instant),  # switched off
    sa.Column("ended_at", Instant),  # seen to be over; a clock set back does not open it again
    sa.Column("taken_back_at", Instant),  # within the seconds after sharing; in no list any more
    # "all of this audience from now on": its name and sender; null: only the campaigns above
    sa.Column("audience", sa.Text),
    sa.Column("audience_sender", sa.String(40)),
    sa.Column(
        "declined", sa.JSON, nullable=False, default=list, server_default="[]"
    ),  # campaigns of the audience that an analyst does not want in it
    sa.Column(
        "road", sa.String(10), nullable=False, default="same", server_default="same"
    ),  # how passwords travel: same, second, hand
    sa.Column("changed_at", Instant),
    sa.Column("changed_by", sa.Text, nullable=False, default="", server_default=""),  # an analyst's address
    sa.Column("version", sa.Integer, nullable=False, default=1),
)

viewers = sa.Table(
    "viewers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("share_id", sa.ForeignKey("shares.id"), nullable=False, index=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_key", sa.Text, nullable=False, index=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("password_hash", sa.Text, nullable=False),  # argon2id
    sa.Column(
        "password_group", sa.String(32), nullable=False
    ),  # viewers whose password was set in one action
    sa.Column(
        "version", sa.Integer, nullable=False, default=1
    ),  # of the credential; sessions are bound to it
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.Column("suspended_at", Instant),  # after 100 failures in a row, until re-issued
    sa.Column("failures", sa.Integer, nullable=False, default=0),  # consecutive
    sa.Column("wait_until", Instant),
    sa.Column("fetches", sa.Integer, nullable=False, default=0),  # openings of the link without a password
    sa.Column(
        "checks", sa.Integer, nullable=False, default=0, server_default="0"
    ),  # those of them that a machine made
    sa.Column("pass_on_since", Instant),  # a password was set by hand and nobody said that it was passed on
    sa.Column("taken_back_at", Instant),  # within the seconds after inviting; in no list until invited again
    sa.Column("first_visit_at", Instant),
    sa.Column("last_visit_at", Instant),
    sa.Column("visits", sa.Integer, nullable=False, default=0),
    sa.UniqueConstraint("share_id", "address_key", name="uq_viewers_share_address"),
)

former_links = (
    sa.Table(  # links that were replaced: they open nothing, but may still ask for the new one by mail
        "former_links",
        metadata,
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("viewer_id", sa.ForeignKey("viewers.id"), nullable=False, index=True),
    )
)

visits = sa.Table(
    "visits",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("viewer_id", sa.ForeignKey("viewers.id"), nullable=False, index=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("network", sa.String(64), nullable=False, default=""),  # truncated address
    sa.Column("user_agent", sa.String(300), nullable=False, default=""),
    sa.Column("seen_at", Instant),  # the last sign of life of the open page
    sa.Column(
        "seconds", sa.Integer, nullable=False, default=0, server_default="0"
    ),  # in front of a person's eyes
    sa.Column(
        "sections", sa.JSON, nullable=False, default=dict, server_default="{}"
    ),  # {section: seconds on the screen}
    sa.Column("exports", sa.Integer, nullable=False, default=0, server_default="0"),
)

throttle = sa.Table(  # failures per (share or form, network)
    "throttle",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("bucket", sa.String(120), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
)

requests = (
    sa.Table(  # «send me a new password», decided by the worker so that the page answers alike for everyone
        "requests",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("done_at", Instant),
    )
)

# --- mail ----------------------------------------------------------------------------------------

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("viewer_id", sa.ForeignKey("viewers.id"), index=True),
    sa.Column("kind", sa.String(20), nullable=False),  # invitation, password, link, apart, notice, trial
    sa.Column("analyst_id", sa.ForeignKey("analysts.id"), index=True),  # who caused it, or whom it tells
    sa.Column("batch", sa.String(32), index=True),  # the action that it belongs to
    sa.Column("after_id", sa.Integer),  # sent only once that row was handed over; refused with it
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),  # the mail's Message-ID, made once
    sa.Column("sealed", sa.LargeBinary),  # the whole mail, encrypted; erased once it was handed over
    sa.Column(
        "state", sa.String(10), nullable=False, index=True
    ),  # queued sending waiting accepted refused unknown kept
    sa.Column("answer", sa.Text, nullable=False, default=""),  # the server's last answer
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("leaving_at", Instant),  # from here on, in the attempt at hand, a server may have taken it
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
)

# --- what happened -------------------------------------------------------------------------------

audit = sa.Table(  # append-only: the database itself refuses UPDATE and DELETE; written by lib.store.audit
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # without a gap
    sa.Column("at", Instant, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("actor_kind", sa.String(10), nullable=False),
    sa.Column("actor", sa.Text, nullable=False, default=""),  # an address
    sa.Column("network", sa.String(64), nullable=False, default=""),  # truncated address of the browser
    sa.Column("share_id", sa.Integer, index=True),
    sa.Column("viewer_id", sa.Integer, index=True),
    sa.Column("details", sa.JSON, nullable=False, default=dict),  # never a secret
    sa.Column("previous", sa.String(64), nullable=False),  # the hash of the row before
    sa.Column("hash", sa.String(64), nullable=False),  # SHA-256 over everything above
)

notices = sa.Table(  # what an analyst should hear of
    "notices",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(120), nullable=False),  # the same thing is told once
    sa.Column("analyst_id", sa.ForeignKey("analysts.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(30), nullable=False),
    sa.Column("share_id", sa.Integer),
    sa.Column("viewer_id", sa.Integer),
    sa.Column("holes", sa.JSON, nullable=False, default=dict),
    sa.Column("at", Instant, nullable=False),
    sa.Column("read_at", Instant),
    sa.Column("shown", sa.Boolean, nullable=False, default=True),  # false: of a kind that was switched off
    sa.Column("mail", sa.Boolean, nullable=False, default=False),  # wanted by mail
    sa.Column("mailed_at", Instant),
    sa.UniqueConstraint("key", "analyst_id"),
)

# --- Google contacts -----------------------------------------------------------------------------

google_links = sa.Table(  # one Google account per analyst
    "google_links",
    metadata,
    sa.Column("analyst_id", sa.ForeignKey("analysts.id"), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # the tokens, encrypted
    sa.Column("scopes", sa.Text, nullable=False),  # as granted, separated by spaces
    sa.Column("linked_at", Instant, nullable=False),
)

google_states = sa.Table(  # a linking on its way: good once, for one session, for some minutes
    "google_states",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),  # of the state
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # the PKCE verifier, encrypted
    sa.Column("expires_at", Instant, nullable=False),
)

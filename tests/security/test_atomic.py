"""What an analyst does is done wholly or not at all, at whichever statement the records fail (M4)."""

import pytest
import sqlalchemy as sa

from lib.mail import outbox
from lib.shares import shares
from lib.store import records as store_records
from lib.store.tables import metadata
from tests.sharing import EVA, NOW, PASSWORD, seconds

WRITES = ("INSERT", "UPDATE", "DELETE")
LATER = seconds(3600)


class DiskFull(Exception):
    """The statement that was not written."""


def everything(house):
    """Every row of every table."""
    with store_records.reading(house.records) as db:
        return {
            table.name: [tuple(row) for row in db.execute(sa.select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


class Failing:
    """Records that fail at the n-th statement that writes, or at the commit behind the last one."""

    def __init__(self, engine, number):
        self.engine, self.left, self.failed, self.wrote = engine, number, False, False

    def __enter__(self):
        sa.event.listen(self.engine, "before_cursor_execute", self.statement)
        sa.event.listen(self.engine, "commit", self.commit)
        return self

    def __exit__(self, *_):
        sa.event.remove(self.engine, "before_cursor_execute", self.statement)
        sa.event.remove(self.engine, "commit", self.commit)

    def statement(self, _connection, _cursor, statement, *_):
        if statement.lstrip().startswith(WRITES):
            self.wrote = True
            self.count()

    def commit(self, _connection):
        if self.wrote:
            self.count()

    def count(self):
        self.left -= 1
        if self.left == 0:
            self.failed = True
            raise DiskFull


def given(house):
    return house.records, house.vault, house.settings


def create(house, _ann, _bob):
    viewers = ("cy@client.example", "di@client.example")
    draft = shares.Draft(None, ("summer",), viewers, PASSWORD, road="second", form_key="form")
    return lambda: shares.create(*given(house), draft, LATER, by=EVA)


def add_viewers(house, ann, bob):
    """One who is new and one who comes back."""
    shares.revoke(house.records, bob.id, NOW, by=EVA)
    viewers = ("cy@client.example", bob.address)
    share = house.share_of(ann)
    return lambda: shares.add_viewers(*given(house), share, viewers, PASSWORD, None, LATER, by=EVA)


def take_back_all(house, _ann, _bob):
    made = house.created("cy@client.example", "di@client.example", campaigns=("summer",))
    return lambda: shares.take_back(house.records, made.batch, LATER, by=EVA)


def take_back_some(house, ann, _bob):
    share = house.share_of(ann)
    viewers = ("cy@client.example", "di@client.example")
    made = shares.add_viewers(*given(house), share, viewers, None, None, NOW, by=EVA, road="second")
    return lambda: shares.take_back(house.records, made.batch, LATER, by=EVA)


def set_password(road):
    def prepared(house, ann, _bob):
        house.cookie(ann)
        share = house.share_of(ann)
        return lambda: shares.set_password(*given(house), share, None, PASSWORD, road, LATER, by=EVA)

    prepared.__name__ = f"set_password_{road}"
    return prepared


def renew_links(house, ann, _bob):
    share = house.share_of(ann)
    return lambda: shares.renew_links(*given(house), share, None, True, LATER, by=EVA)


def revoke(house, ann, _bob):
    house.cookie(ann)
    return lambda: shares.revoke(house.records, ann.id, LATER, by=EVA)


def send_again(house, ann, _bob):
    parcel = outbox.claim(house.records, NOW)
    outbox.record(house.records, parcel, outbox.Outcome(outbox.UNKNOWN, "mail.answer.broken"), NOW)
    return lambda: shares.send_again(house.records, house.settings, ann.id, LATER, by=EVA)


def passed_on(house, ann, bob):
    house.set_password(ann, password=PASSWORD, road="hand")
    return lambda: shares.passed_on(house.records, (ann.id, bob.id), LATER, by=EVA)


def the_first_mail_is_refused(house, _ann, _bob):
    house.share("cy@client.example", campaigns=("summer",), road="second", now=NOW)
    for _ in range(2):
        outbox.record(house.records, outbox.claim(house.records, NOW), outbox.Outcome(outbox.ACCEPTED), NOW)
    parcel = outbox.claim(house.records, NOW)
    refused = outbox.Outcome(outbox.REFUSED, "550 no such user")
    return lambda: outbox.record(house.records, parcel, refused, LATER)


ACTIONS = [
    create,
    add_viewers,
    take_back_all,
    take_back_some,
    *(set_password(road) for road in shares.ROADS),
    renew_links,
    revoke,
    send_again,
    passed_on,
    the_first_mail_is_refused,
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_a_failure_at_any_statement_leaves_all_as_it_was(house, action):
    """M4: and at the commit, too; when nothing fails the action is done, so each statement had its turn"""
    ann, bob = house.share("ann@client.example", "bob@client.example")
    act = action(house, ann, bob)
    before = everything(house)
    for number in range(1, 100):
        with Failing(house.records, number) as failing:
            try:
                act()
            except DiskFull:
                assert failing.failed
        if not failing.failed:
            break
        assert everything(house) == before, f"statement {number}"
    assert number > 3
    assert everything(house) != before

"""A list of recipients as a file: the one asked for, in full, and only for those who may see people."""

import csv
import io
import zipfile

import pytest

from lib.shares import audit
from tests.test_web_files import analyst_browser, parts, viewer_browser
from tests.worlds import CAMPAIGN

__all__ = ["parts"]
LIST = f"/export/campaign/{CAMPAIGN.id}/recipients.list"


def rows(answer):
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_list_that_was_asked_for_leaves_whole_and_is_written_down(parts):
    visitor = analyst_browser(parts)
    answer = visitor.get(f"{LIST}.csv?deed=opened&who=N@&sort=opens")
    assert [row[0] for row in rows(answer)[1:]] == ["ann@mail.example"]
    assert len(rows(visitor.get(f"{LIST}.csv"))) == 11
    taken = audit.lines(parts.records, audit.Filter(kinds=("export.taken",)), 1)
    assert taken and "mail.example" not in repr(taken)


def test_a_list_can_be_taken_along_as_a_workbook(parts):
    answer = analyst_browser(parts).get(f"{LIST}.xlsx?deed=bounced")
    texts = zipfile.ZipFile(io.BytesIO(answer.content))
    told = b"".join(texts.read(name) for name in texts.namelist())
    assert b"ida@mail.example" in told and b"No such user" in told and b"ann@" not in told


@pytest.mark.parametrize("hidden", [{"people": False}, {"sections": ("links",)}])
def test_a_share_that_hides_people_or_the_section_gives_no_list(parts, hidden):
    """X5"""
    visitor = viewer_browser(parts, **hidden)
    for query in ("", "?deed=bounced", "?who=ann"):
        answer = visitor.get(f"{LIST}.csv{query}")
        assert answer.status_code == 404 and "mail.example" not in answer.text


def test_a_viewer_who_may_see_people_takes_the_list_along(parts):
    visitor = viewer_browser(parts)
    assert len(rows(visitor.get(f"{LIST}.csv?deed=clicked"))) == 3


@pytest.mark.parametrize("query", ["deed=x", "sort=x", "who=" + "a" * 300])
def test_a_list_that_no_page_offers_does_not_exist(parts, query):
    assert analyst_browser(parts).get(f"{LIST}.csv?{query}").status_code == 404

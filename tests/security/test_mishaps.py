"""Whatever goes wrong in a page, a reader learns a number and nothing of the cause (X6)."""

import re

import pytest

from lib.ui.places import FOR_ANALYSTS, FOR_VIEWERS
from lib.words import t
from tests.canaries import CAMPAIGN, cage
from tests.serving import serve
from tests.sockets import talk

pytestmark = pytest.mark.slow
KEPT = ("analysts", "sessions", "shares", "viewers", "alembic_version")
"""Tables that let somebody in; every other one is taken away."""
CAUSES = (b"no such table", b"sqlalchemy", b"Traceback", b"OperationalError", b'File "')
NUMBER = re.compile(
    t("en", "mishap.text", reference="@").replace("@", "([0-9a-f]{8})").partition(".")[0].encode()
)
SURE_TO_FAIL = {"overview", "campaign", "share", "imports", "shared"}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A server whose records lose their tables while somebody is signed in."""
    with cage(tmp_path_factory.mktemp("installation")) as made:
        held = made.let_in(made.invite("vera@client.example")[0]) | made.sign_in()
        with serve(made.data, VITRINE_SAMPLES="off", VITRINE_WORKER="separate") as served:
            with made.parts.records.begin() as db:
                names = (
                    db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
                )
                for name in set(names) - set(KEPT) - {"sqlite_sequence"}:
                    db.exec_driver_sql(f"ALTER TABLE {name} RENAME TO gone_{name}")
            yield served, held


@pytest.mark.parametrize("page", [place.name for place in FOR_ANALYSTS + FOR_VIEWERS])
def test_an_error_in_a_page_is_a_number_to_whoever_looks(broken, page):
    """X6"""
    served, held = broken
    with talk(served.url, held) as reader:
        heard = reader.run(page, query_string=f"id={CAMPAIGN.id}&campaign={CAMPAIGN.id}&share=1", quiet=0.3)
        assert not [cause for cause in CAUSES if cause in heard], page
        numbers = {found.decode() for found in NUMBER.findall(heard)}
    if page in SURE_TO_FAIL:
        assert numbers, "it was shown no number"
    assert all(f"error {number}" in served.log for number in numbers)

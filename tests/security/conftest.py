"""What the tests of a real server share."""

import pytest

from tests.canaries import cage
from tests.serving import serve


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with cage(tmp_path_factory.mktemp("installation")) as made:
        yield made


@pytest.fixture(scope="module")
def server(filled):
    with serve(filled.data, VITRINE_SAMPLES="off") as served:
        yield served

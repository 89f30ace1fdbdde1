"""What the tests in a browser share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import launched


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser

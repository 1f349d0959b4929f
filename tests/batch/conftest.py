"""Tables and models of the tests of `cope run`."""

import pytest
from support.table_runs import Answering


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def rows() -> list[dict[str, str]]:
    return [{"id": f"r{n}", "text": f"What is {n}?", "note": "a, b"} for n in range(1, 8)]

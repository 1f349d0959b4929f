"""Tables and models of the tests of `cope run`."""

from pathlib import Path

import pytest
from support.table_runs import Answering, World


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def rows() -> list[dict[str, str]]:
    return [{"id": f"r{n}", "text": f"What is {n}?", "note": "a, b"} for n in range(1, 8)]


@pytest.fixture
def world(tmp_path: Path, answering: Answering, rows: list[dict[str, str]]) -> World:
    return World(tmp_path, answering, rows)

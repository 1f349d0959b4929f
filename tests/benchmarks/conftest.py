"""Fixtures of the benchmarks' tests."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import their neighbours, as they do when they are run."""
    monkeypatch.syspath_prepend(str(FOLDER))

"""Fixtures of the benchmarks' tests."""

import pytest
from support.benchmarks import FOLDER


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import their neighbours, as they do when they are run."""
    monkeypatch.syspath_prepend(str(FOLDER))

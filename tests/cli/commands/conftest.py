"""Fixtures of the commands' tests."""

from pathlib import Path

import pytest
from support.pictures import leave_pages_without_pictures


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the commands in an empty folder, without pictures; a file of tests may have its own."""
    leave_pages_without_pictures(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path

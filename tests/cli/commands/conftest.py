"""Fixtures of the commands' tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support import commands
from support.commands import give_team
from support.pictures import leave_pages_without_pictures

from cope.models import ScriptedEngine, Team


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the commands in an empty folder, without pictures; a file of tests may have its own."""
    leave_pages_without_pictures(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cope(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Runs the command line in an empty folder; `script` answers for both tiers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPE_CACHE", str(tmp_path / "cache"))

    def run(*arguments: str, script: Any = None, stdin: str | None = None, **team: Any) -> Result:
        if script:
            scripted = Team(ScriptedEngine(script), ScriptedEngine(script), cache=False, **team)
            give_team(monkeypatch, lambda options: scripted)
        return commands.cope(*arguments, typed=stdin)

    return run

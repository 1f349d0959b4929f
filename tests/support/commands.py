"""The commands as a user types them, with the team and the loading that a test gives them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cope.cli.context import AppContext
from cope.cli.main import app
from cope.programs.options import TeamOptions
from cope.programs.resolve import resolve_team
from support.tracking import TrackerInMemory

MakeTeam = Callable[[TeamOptions], Any]


class _Given:
    """Hold what the running test gives to the commands."""

    context = AppContext()


def give_team(monkeypatch: pytest.MonkeyPatch, make_team: MakeTeam, **more: Any) -> None:
    """Give the commands of this test a team of its own; they load no model.

    Args:
        monkeypatch: takes it back after the test.
        make_team: receives the options of the command.
        more: other parts of the application's context, such as `load_models`.
    """

    def checked(options: TeamOptions) -> Any:
        resolve_team(options)  # the names must be understood all the same
        return make_team(options)

    more.setdefault("load_models", load_nothing)
    monkeypatch.setattr(_Given, "context", replace(_Given.context, make_team=checked, **more))


def give_tracker(monkeypatch: pytest.MonkeyPatch) -> TrackerInMemory:
    """Give the commands of this test a tracking store in memory, and return it."""
    tracker = TrackerInMemory()
    monkeypatch.setattr(_Given, "context", replace(_Given.context, tracker=tracker))
    return tracker


def load_nothing(*args: Any, **kwargs: Any) -> None:
    """Load no model: those of a script need none."""


def cope(*words: str, typed: str | None = None) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, list(words), input=typed, obj=_Given.context)


def done(*words: str) -> Result:
    """Run a command that must go well."""
    result = cope(*words)
    assert result.exit_code == 0, result.output
    return result


def error_line(result: Result) -> str:
    """Return the line of the error of a command that failed; it is one, without a traceback."""
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    return line

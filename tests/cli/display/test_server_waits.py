"""Every progress display says that a server is silent, or when it is asked again."""

import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console
from support.ask_replies import sure

from cope.cli.display import round_display
from cope.cli.display.compile_progress import CompileProgress
from cope.cli.display.progress import EvaluationDisplay, TableDisplay
from cope.cli.display.rounds_live import LiveRoundDisplay
from cope.models import ScriptedEngine, Team
from cope.models.server_waits import SERVER_WAITS
from cope.optimize import Budget
from cope.optimize.compiler.session import CompileSession
from cope.programs import Cascade
from cope.programs.events import RoundStarted

PAUSE = "large asks its server again in 12 s"
SILENCE = "the server of large is silent for 25 s"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def cascade() -> Cascade:
    return Cascade("small", Team(ScriptedEngine(sure), ScriptedEngine(sure)))


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A request that has waited for 25 seconds."""
    now = 1000.0
    monkeypatch.setattr(SERVER_WAITS, "clock", lambda: now)
    with SERVER_WAITS.request("large"):
        now += 25
        yield


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    return out


@pytest.mark.usefixtures("silent")
def test_rounds_on_a_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=160)
    with LiveRoundDisplay(cascade(), console) as live:
        live(RoundStarted(1, None, None, "small", 1))
    assert SILENCE in out.getvalue()


@pytest.mark.usefixtures("silent")
def test_an_evaluation_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = terminal(monkeypatch)
    with EvaluationDisplay(3, [], 1):
        pass
    assert SILENCE in out.getvalue()


@pytest.mark.usefixtures("silent")
def test_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = terminal(monkeypatch)
    with TableDisplay() as view:
        view.start(3, 0)
    assert SILENCE in out.getvalue()


@pytest.mark.usefixtures("silent")
def test_a_compile_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = terminal(monkeypatch)
    view = CompileProgress(lambda: 100.0, 600.0)
    with view:
        view.on_score(CompileSession(["a"], Budget(calls=400)))
    assert SILENCE in out.getvalue()


@pytest.mark.parametrize(
    "view",
    [
        lambda: round_display(cascade()),
        lambda: EvaluationDisplay(3, [], 1),
        lambda: TableDisplay(),
        lambda: CompileProgress(),
    ],
)
def test_without_a_terminal_it_is_a_line(view: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with view():
        with SERVER_WAITS.pause("large", 12.0):
            pass
        assert PAUSE in capsys.readouterr().err
    with SERVER_WAITS.pause("large", 12.0):
        pass
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    "view", [lambda: round_display(cascade(), quiet=True), lambda: TableDisplay(quiet=True)]
)
def test_a_quiet_run_says_nothing(view: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with view(), SERVER_WAITS.pause("large", 12.0):
        pass
    assert not capsys.readouterr().err

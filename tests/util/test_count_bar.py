"""How much of a long work is done: lines without a terminal, a bar on one."""

import io

import pytest
from rich.console import Console

from cope.util import count_bar
from cope.util.count_bar import CountBar


def shown(*counts: int, terminal: bool = False) -> str:
    out = io.StringIO()
    with CountBar("solving", 20, console=Console(file=out, force_terminal=terminal)) as bar:
        for count in counts:
            bar.show(count)
    return out.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_is_shown_of_work_that_is_done_already(terminal: bool) -> None:
    assert shown(terminal=terminal) == ""


def test_lines_come_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(0, 1, 2) == "solving: 0 of 20\n"
    monkeypatch.setattr(count_bar, "SECONDS", 0.0)
    assert shown(0, 19) == "solving: 0 of 20\nsolving: 19 of 20\n"


def test_a_terminal_has_a_bar() -> None:
    assert "19/20" in shown(0, 19, terminal=True)

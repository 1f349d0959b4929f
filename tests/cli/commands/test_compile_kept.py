"""What `cope compile` keeps between its runs: nothing is lost by a dry run, a signal, or a second compile beside it."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from support.compile_command import USUAL, World, cope, error, made

from cope.util.signals import interrupt_on_closing_signals


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminated_compile_ends_like_an_interrupted_one(
    world: World, monkeypatch: pytest.MonkeyPatch, ignored: bool
) -> None:
    """In a shell's background, where Ctrl-C is ignored, too."""
    from cope.optimize import Compilation

    def run(self: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)

    monkeypatch.setattr(Compilation, "run", run)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    interrupt_on_closing_signals()
    try:
        result = cope(*USUAL, "--yes")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert result.exit_code == 130
    assert (
        "is saved in .cope/compile/jsonl-small-bootstrap-few-shot-" in result.stderr
        and "--resume" in result.stderr
    )


def test_a_dry_run_forgets_nothing(world: World) -> None:
    made("--dry-run")
    calls = next(Path(".cope/compile").glob("*/calls.jsonl"))
    before = calls.read_text()
    result = made("--dry-run", "--fresh")
    assert calls.read_text() == before and world.asked == 8
    assert (
        "a dry run forgets nothing, so --fresh leaves .cope/compile/jsonl-small-" in result.stderr
    )


@pytest.mark.slow
def test_another_compile_in_the_same_folder_is_waited_for(world: World) -> None:
    made()
    folder, asked = next(Path(".cope/compile").iterdir()), world.asked
    before = (folder / "calls.jsonl").read_text()
    with FileLock(folder / "lock"):
        for words in ((), ("--resume",), ("--fresh",), ("--dry-run",)):
            assert (
                f"another compile is writing to {folder}: wait for it, or choose another folder"
                in error(*words)
            )
        assert (folder / "calls.jsonl").read_text() == before and world.asked == asked
    made("--resume")


def test_duplicates_that_were_left_out_are_reported(world: World) -> None:
    rows = Path("q.jsonl").read_text().splitlines()
    Path("q.jsonl").write_text("\n".join([*rows, *rows[:3]]) + "\n")
    assert json.loads(made("--dry-run", "--json").stdout)["duplicates"] == 3
    assert json.loads(made("--json").stdout)["duplicates"] == 3
    assert json.loads(Path("jsonl-small.json").read_text())["compiled"]["duplicates"] == 3
    assert "duplicates" in cope("show", "jsonl-small.json").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--chain", "gepa,copro"),
            "a chain needs the optimizer chain or better-together, and not bootstrap-few-shot",
        ),
        (
            ("--demos", "0"),
            "bootstrap-few-shot only adds demonstrations, and with --demos 0 there are none",
        ),
        (("--surrogate",), "a surrogate leaves out nothing here"),
    ],
)
def test_options_that_would_do_nothing_leave_no_folder(
    world: World, words: tuple[str, ...], message: str
) -> None:
    assert message in error(*words)
    assert world.asked == 0 and not Path(".cope").exists()

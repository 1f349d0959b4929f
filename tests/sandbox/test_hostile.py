"""Programs that try to break out or to pass without being right: each is contained, fails, and leaves the rest as it was."""

import asyncio
import os
import runpy
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.sweeps import sweep

from cope.sandbox import Limits, Sandbox, TestReport, TestSuite

HOSTILE: dict[str, str] = runpy.run_path(str(Path(__file__).with_name("_hostile.py")))["HOSTILE"]
ANSWER = TestSuite(("assert answer(20) == 42",))
RIGHT = "def answer(x):\n    return x + 22"


@dataclass
class Siege:
    """What all the programs came to, and what they could have reached."""

    reports: dict[str, TestReport]
    after: TestReport
    file: Path
    connections: int


EXHAUSTING = (
    "endless loop on import",
    "endless loop in the call",
    "sleeps for ever",
    "fork bomb",
    "fork bomb by exceptions",
    "threads without end",
    "memory bit by bit",
    "recursion into the C stack",
    "a huge power",
    "output flood",
    "output flood on the channel",
    "a huge result",
    "a wide result",
    "a huge file",
    "many files",
    "ignores all signals",
)
"""Programs that use up a limit, which takes seconds of processor time."""

OTHERS = [name for name in HOSTILE if name not in EXHAUSTING]
SIEGES = ["siege", pytest.param("exhausting_siege", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def siege(walled: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """Return what all programs came to that end soon."""
    with besiege(walled, OTHERS, tmp_path_factory.mktemp("home")) as ended:
        yield ended


@pytest.fixture(scope="module")
def exhausting_siege(walled: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """Return what the programs came to that use up a limit."""
    with besiege(walled, EXHAUSTING, tmp_path_factory.mktemp("home")) as ended:
        yield ended


@contextmanager
def besiege(walled: Sandbox, names: Sequence[str], home: Path) -> Iterator[Siege]:
    """Run programs at once, a few at a time, and a right one at the end."""
    file = home / "secret.txt"
    file.write_text("secret")
    sandbox = Sandbox(walled.backend, Limits(cpu_seconds=1, seconds=6.0), max_workers=4)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPE_TEST_SECRET_KEY", "secret")
        known = f"PATH, PORT = {str(file)!r}, {server.getsockname()[1]}\n"
        taken: list[socket.socket] = []
        threading.Thread(target=lambda: taken.append(server.accept()[0]), daemon=True).start()

        async def run_all() -> tuple[list[TestReport], TestReport]:
            reports = await asyncio.gather(
                *(sandbox.run(known + HOSTILE[name], ANSWER) for name in names)
            )
            return reports, await sandbox.run(known + RIGHT, ANSWER)

        reports, after = asyncio.run(run_all())
        yield Siege(dict(zip(names, reports, strict=True)), after, file, len(taken))
    sandbox.close()


def check_failure(report: TestReport) -> None:
    assert [outcome.passed for outcome in report.outcomes] == [False]
    assert report.message and "\n" not in report.message


@sweep("name", OTHERS, every=4)
def test_a_hostile_program_is_contained_and_fails(siege: Siege, name: str) -> None:
    check_failure(siege.reports[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", EXHAUSTING)
def test_a_program_that_uses_up_a_limit_is_ended(exhausting_siege: Siege, name: str) -> None:
    check_failure(exhausting_siege.reports[name])
    assert exhausting_siege.reports[name].seconds < 60


@pytest.mark.parametrize("siege_name", SIEGES)
def test_nothing_outside_was_touched(request: pytest.FixtureRequest, siege_name: str) -> None:
    siege = request.getfixturevalue(siege_name)
    assert siege.file.read_text() == "secret"
    assert os.listdir(siege.file.parent) == ["secret.txt"]
    assert siege.connections == 0
    assert not Path("/tmp/big").exists() and not Path("/new").exists()


@pytest.mark.parametrize("siege_name", SIEGES)
def test_a_right_program_passes_after_all_of_them(
    request: pytest.FixtureRequest, siege_name: str
) -> None:
    assert request.getfixturevalue(siege_name).after.all_passed


@pytest.mark.parametrize("siege_name", SIEGES)
def test_no_process_is_left(request: pytest.FixtureRequest, siege_name: str) -> None:
    import psutil

    request.getfixturevalue(siege_name)
    time_to_die = 60.0
    # The arguments end with the script and three numbers; those that serve tests stay for the next run.
    mine = [
        p
        for p in psutil.Process().children(recursive=True)
        if "_program.py" in "".join(_command(p)[-4:])
    ]
    _, left = psutil.wait_procs(mine, timeout=time_to_die)
    assert left == []


def _command(process: object) -> list[str]:
    import psutil

    try:
        return process.cmdline()
    except psutil.Error:
        return []

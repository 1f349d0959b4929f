"""Programs that try to break out or to pass without being right: each is contained, fails, and leaves the rest as it was."""

import asyncio
import os
import runpy
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def siege(walled: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """All programs at once, a few at a time, and a right one at the end."""
    file = tmp_path_factory.mktemp("home") / "secret.txt"
    file.write_text("secret")
    sandbox = Sandbox(walled.backend, Limits(cpu_seconds=1, seconds=6.0), max_workers=4)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPE_TEST_SECRET_KEY", "secret")
        known = f"PATH, PORT = {str(file)!r}, {server.getsockname()[1]}\n"
        taken: list[socket.socket] = []
        threading.Thread(target=lambda: taken.append(server.accept()[0]), daemon=True).start()

        async def run_all() -> tuple[list[TestReport], TestReport]:
            reports = await asyncio.gather(
                *(sandbox.run(known + source, ANSWER) for source in HOSTILE.values())
            )
            return reports, await sandbox.run(known + RIGHT, ANSWER)

        reports, after = asyncio.run(run_all())
        yield Siege(dict(zip(HOSTILE, reports, strict=True)), after, file, len(taken))
    sandbox.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_contained_and_fails(siege: Siege, name: str) -> None:
    report = siege.reports[name]
    assert [outcome.passed for outcome in report.outcomes] == [False]
    assert report.message and "\n" not in report.message
    assert report.seconds < 10


def test_nothing_outside_was_touched(siege: Siege) -> None:
    assert siege.file.read_text() == "secret"
    assert os.listdir(siege.file.parent) == ["secret.txt"]
    assert siege.connections == 0
    assert not Path("/tmp/big").exists() and not Path("/new").exists()


def test_a_right_program_passes_after_all_of_them(siege: Siege) -> None:
    assert siege.after.all_passed


def test_no_process_is_left(siege: Siege) -> None:
    import psutil

    time_to_die = 5.0
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

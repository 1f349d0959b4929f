"""Several processes: they end together, those that die are replaced, and failures are said once."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from cope.errors import CopeError
from cope.serve.supervisor import Supervisor

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes of these tests are forks"),
    pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals"),
]

Work = Callable[[Path, Connection], None]


def note(file: Path) -> None:
    """Write the id of this process, which then ends at SIGTERM as one without a handler does."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with file.open("a") as opened:
        opened.write(f"{os.getpid()}\n")


def patient(file: Path, report: Connection) -> None:
    note(file)
    report.send(None)
    while True:
        signal.pause()


def stubborn(file: Path, report: Connection) -> None:
    """End at the second SIGTERM only; each is noted."""
    got: list[int] = []
    note(file)
    signal.signal(signal.SIGTERM, lambda *_: (got.append(1), note_again(file)))
    report.send(None)
    while len(got) < 2:
        time.sleep(0.001)


def note_again(file: Path) -> None:
    with file.open("a") as opened:
        opened.write("SIGTERM\n")


def deaf(file: Path, report: Connection) -> None:
    note(file)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report.send(None)
    while True:
        signal.pause()


def broken(file: Path, report: Connection) -> None:
    note(file)
    report.send("no such model")
    raise SystemExit(1)


def short(file: Path, report: Connection) -> None:
    note(file)
    report.send(None)
    raise SystemExit(3)


def dead(file: Path, report: Connection) -> None:
    note(file)
    os.kill(os.getpid(), signal.SIGKILL)


def works_at_last(times: int, file: Path, report: Connection) -> None:
    """Fail several times, and then work."""
    note(file)
    if len(lines(file)) <= times:
        report.send("not yet")
        raise SystemExit(1)
    report.send(None)
    while True:
        signal.pause()


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


class Watched:
    """A supervisor of processes that note their ids, and what it said.

    Attributes:
        files: the notes of each job.
        said: the lines about processes that were replaced.
        ended: the ids of the processes that have ended.
    """

    def __init__(self, folder: Path, *works: Work, patience: float = 60.0) -> None:
        self.files = [folder / str(number) for number in range(len(works))]
        self.said: list[str] = []
        self.ended: list[int] = []
        self.ready = self.stops = 0
        jobs = [partial(work, file) for work, file in zip(works, self.files, strict=True)]
        self.supervisor = Supervisor(
            jobs,
            self.said.append,
            patience,
            on_stop=self._stopped,
            on_end=self.ended.append,
            context=multiprocessing.get_context("fork"),
        )

    def _stopped(self) -> None:
        self.stops += 1

    def run(self, when_ready: Callable[[], None]) -> None:
        """Run, and call a function in a thread of its own when all are ready."""
        thread = threading.Thread(target=when_ready)

        def ready() -> None:
            self.ready += 1
            thread.start()

        try:
            self.supervisor.run(ready)
        finally:
            if self.ready:
                thread.join()

    def wait_for(self, job: int, count: int) -> list[str]:
        """Wait until the notes of a job have so many lines."""
        while len(lines(self.files[job])) < count:
            time.sleep(0.001)
        return lines(self.files[job])

    @property
    def pids(self) -> set[int]:
        found = set()
        for file in self.files:
            found |= {int(line) for line in lines(file) if line.isdigit()}
        return found


def test_a_stop_ends_all(tmp_path: Path) -> None:
    watched = Watched(tmp_path, patient, patient, patient)
    watched.run(watched.supervisor.stop)
    assert (watched.ready, watched.stops, watched.said) == (1, 1, [])
    assert set(watched.ended) == watched.pids and len(watched.pids) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_this_process_reaches_all(tmp_path: Path, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    watched = Watched(tmp_path, patient, patient)
    watched.run(lambda: os.kill(os.getpid(), number))
    assert set(watched.ended) == watched.pids and watched.said == []
    assert signal.getsignal(number) is before


def test_a_second_stop_reaches_all_too(tmp_path: Path) -> None:
    watched = Watched(tmp_path, stubborn, stubborn)

    def stop_twice() -> None:
        watched.supervisor.stop()
        for job in range(2):
            watched.wait_for(job, 2)
        assert watched.ended == []
        watched.supervisor.stop()

    watched.run(stop_twice)
    assert len(watched.ended) == 2 and watched.stops == 1
    assert [len(lines(file)) for file in watched.files] == [3, 3]


def test_what_does_not_end_is_killed(tmp_path: Path) -> None:
    watched = Watched(tmp_path, deaf, patient, patience=0.05)
    watched.run(watched.supervisor.stop)
    assert set(watched.ended) == watched.pids


def test_a_process_that_is_killed_is_replaced_and_the_others_run_on(tmp_path: Path) -> None:
    watched = Watched(tmp_path, patient, patient)

    def kill() -> None:
        os.kill(int(watched.wait_for(1, 1)[0]), signal.SIGKILL)
        watched.wait_for(1, 2)
        watched.supervisor.stop()

    watched.run(kill)
    first, second = lines(watched.files[1])
    assert first != second and len(lines(watched.files[0])) == 1 and watched.ready == 1
    (line,) = watched.said
    assert line == (
        f"worker 2 (process {first}) ended, and another takes its place: killed by SIGKILL"
    )
    assert set(watched.ended) == watched.pids


def test_a_process_that_cannot_start_ends_all_with_its_line(tmp_path: Path) -> None:
    watched = Watched(tmp_path, broken, patient, broken)
    with pytest.raises(CopeError) as raised:
        watched.run(lambda: None)
    assert str(raised.value) == "no such model"
    assert (watched.ready, watched.said) == (0, []) and watched.pids <= set(watched.ended)


@pytest.mark.parametrize(("work", "how"), [(short, "status 3"), (dead, "killed by SIGKILL")])
def test_a_process_that_ends_again_and_again_ends_all(tmp_path: Path, work: Work, how: str) -> None:
    watched = Watched(tmp_path, patient, work)
    with pytest.raises(CopeError, match=f"ended 3 times soon after its start: {how}"):
        watched.run(lambda: None)
    assert len(lines(watched.files[1])) == 3 and len(watched.said) == 2
    assert watched.pids <= set(watched.ended)


def test_a_process_that_lives_long_enough_is_replaced_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cope.serve.supervisor.SOON", 0.0)
    watched = Watched(tmp_path, short)

    def stop_at_last() -> None:
        watched.wait_for(0, 6)
        watched.supervisor.stop()

    watched.run(stop_at_last)
    assert len(watched.said) >= 5


def test_a_failure_to_start_is_no_end_once_all_were_ready(tmp_path: Path) -> None:
    watched = Watched(tmp_path, partial(works_at_last, 0), patient)

    def fail_twice() -> None:
        (pid,) = watched.wait_for(0, 1)
        watched.files[0].write_text("")  # it fails again until it has noted more
        watched.supervisor.jobs = [partial(works_at_last, 1, watched.files[0])]
        os.kill(int(pid), signal.SIGKILL)
        watched.wait_for(0, 2)
        watched.supervisor.stop()

    watched.run(fail_twice)
    assert [line.rpartition(": ")[2] for line in watched.said] == ["killed by SIGKILL", "not yet"]

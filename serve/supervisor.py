"""Run several processes that do the same work: replace those that die, and end them together."""

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from ..errors import CopeError
from ..programs.resolve import Notify

Job = Callable[[Connection], None]
"""The work of a process. It sends None when it is ready, or a text that says why it cannot be."""

SOON = 10.0
"""Seconds: a process that ends so soon after its start may never be ready."""

MOST_SOON = 3
"""How often in a row a process may end so soon."""


@dataclass
class _Worker:
    """A running process.

    Attributes:
        number: which of the jobs it does.
        process: the process.
        report: what it says about its start is read here.
        started: the time of its start.
        failure: why it cannot be ready; None as long as it has not said so.
    """

    number: int
    process: Any  # the types of the ways to start a process have no useful base
    report: Connection
    started: float
    failure: str | None = None


@dataclass
class Supervisor:
    """Runs a process for each job until it is told to stop.

    Attributes:
        jobs: the work of each process; it must be possible to pickle it.
        notify: receives a line for each process that is replaced.
        patience: seconds after the first stop, after which what still runs is killed.
        on_stop: called when the processes are told to stop.
        on_end: receives the id of each process that has ended.
        context: how processes are started.
    """

    jobs: Sequence[Job]
    notify: Notify
    patience: float
    on_stop: Callable[[], None] = lambda: None
    on_end: Callable[[int], None] = lambda pid: None
    context: Any = field(default_factory=lambda: multiprocessing.get_context("spawn"))

    def __post_init__(self) -> None:
        self._workers: list[_Worker] = []
        self._not_ready = set(range(len(self.jobs)))
        self._ends_soon = [0] * len(self.jobs)
        self._deadline: float | None = None
        self._failure: str | None = None
        self._stops, self._stop = self.context.Pipe(duplex=False)

    def stop(self) -> None:
        """Tell all processes to end; any thread and the handler of a signal may call it."""
        self._stop.send_bytes(b"stop")

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start the processes, and return when all have ended after a stop.

        SIGINT and SIGTERM of this process stop them. A second one reaches them too.

        Args:
            on_ready: called once, when all are ready.

        Raises:
            CopeError: when a process says that it cannot be ready, before all were ready once, or
                when one ends again and again soon after its start.
        """
        try:
            with _handled_signals(self.stop):
                for number in range(len(self.jobs)):
                    self._start(number)
                while self._workers:
                    was_ready = not self._not_ready
                    self._wait()
                    if not was_ready and not self._not_ready and self._deadline is None:
                        on_ready()
        finally:
            for worker in self._workers:  # only after an error that nobody expected
                worker.process.kill()
        if self._failure is not None:
            raise CopeError(self._failure)

    def _start(self, number: int) -> None:
        report, sent = self.context.Pipe(duplex=False)
        process = self.context.Process(target=self.jobs[number], args=(sent,))
        with _interrupts_held():
            process.start()
        sent.close()
        self._workers.append(_Worker(number, process, report, time.monotonic()))

    def _wait(self) -> None:
        """Wait until something happens, and handle it."""
        sources: list[Any] = [self._stops]
        for worker in self._workers:
            sources.append(worker.process.sentinel)
            if not worker.report.closed:
                sources.append(worker.report)
        seconds = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        happened = wait(sources, seconds)
        if not happened:
            for worker in self._workers:
                worker.process.kill()
            self._deadline = time.monotonic() + self.patience
        if self._stops in happened:
            self._stops.recv_bytes()
            self._end_all()
        for worker in list(self._workers):
            if worker.report in happened:
                self._read(worker)
            if worker.process.sentinel in happened:
                self._ended(worker)

    def _end_all(self) -> None:
        if self._deadline is None:
            self._deadline = time.monotonic() + self.patience
            self.on_stop()
        for worker in self._workers:
            worker.process.terminate()

    def _fail(self, text: str) -> None:
        if self._failure is None:
            self._failure = text
            self._end_all()

    def _read(self, worker: _Worker) -> None:
        """Read what a process says about its start."""
        try:
            worker.failure = worker.report.recv()
            if worker.failure is None:
                self._not_ready.discard(worker.number)
        except EOFError:  # it has ended without a word
            pass
        worker.report.close()

    def _ended(self, worker: _Worker) -> None:
        """Replace a process that has ended, unless all should end."""
        worker.process.join()
        self._workers.remove(worker)
        self.on_end(worker.process.pid)
        if self._deadline is not None:
            return
        if worker.failure is not None and self._not_ready:
            self._fail(worker.failure)
            return
        number = worker.number
        soon = time.monotonic() - worker.started < SOON
        self._ends_soon[number] = self._ends_soon[number] + 1 if soon else 0
        how = worker.failure or describe_end(worker.process.exitcode)
        name = f"worker {number + 1} (process {worker.process.pid})"
        if self._ends_soon[number] >= MOST_SOON:
            self._fail(f"{name} ended {MOST_SOON} times soon after its start: {how}")
            return
        self.notify(f"{name} ended, and another takes its place: {how}")
        self._start(number)


def describe_end(code: int) -> str:
    """Return how a process ended, from its exit code.

    >>> describe_end(-9), describe_end(1)
    ('killed by SIGKILL', 'status 1')
    """
    if code >= 0:
        return f"status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


@contextmanager
def _handled_signals(handle: Callable[[], None]) -> Iterator[None]:
    """Call a function for each SIGINT and SIGTERM; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, lambda *_: handle())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start processes that do not see Ctrl-C, until they allow it; what comes meanwhile waits."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # with the first process, and it would allow the signal again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

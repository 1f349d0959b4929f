"""Run a program's tests in the sandbox, and report the outcomes."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ..util.cores import usable_cpus
from .backends import Backend
from .limits import Limits
from .process import ProcessEnded, SandboxProcess
from .tests import TestOutcome, TestReport, TestSuite

_START_SECONDS = 60.0  # far more than a start takes on a machine that is busy with a model
_TIMED_OUT = "out of time"
_ENDED = "the program ended"
# Exit statuses as bubblewrap and the shell write signals, and as Python does.
_EXIT_REASONS = {
    status: f"the program {why}"
    for signal, why in (
        (9, "used up its processor time"),
        (24, "used up its processor time"),
        (11, "crashed"),
        (6, "crashed"),
    )
    for status in (128 + signal, -signal)
}


class _BrokenJudge(Exception):
    """The process of the tests violates the protocol, so none of its reports can be trusted."""


class Sandbox:
    """Runs model-written programs, each in a fresh isolated interpreter; tests run outside it.

    Two processes share a run. The program's process receives names and arguments and returns
    values; it never sees the expected results. The tests' process, which runs no code of the
    program, compares them as plain data. So whatever a program exits, kills, prints or replaces, a
    test passes by the right values only.

    Args:
        backend: starts isolated processes.
        limits: the limits of a run.
        max_workers: the maximum of concurrent runs; the number of cores when None.

    >>> from cope.sandbox import TestSuite, open_sandbox
    >>> import asyncio
    >>> suite = TestSuite(("assert double(2) == 4",))
    >>> program = "def double(x): return x + x"
    >>> asyncio.run(open_sandbox().run(program, suite)).all_passed  # doctest: +SKIP
    True
    """

    def __init__(
        self, backend: Backend, limits: Limits | None = None, max_workers: int | None = None
    ) -> None:
        self.backend = backend
        self.limits = limits or Limits()
        # Runs wait for each other here, never for model calls, which have their own limits; nor do
        # these wait for runs.
        self._pool = ThreadPoolExecutor(
            max_workers or usable_cpus(), thread_name_prefix="cope-sandbox"
        )
        self._thread_state = threading.local()
        self._tests_processes: list[SandboxProcess] = []
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The backend's name."""
        return self.backend.name

    async def run(self, program: str, suite: TestSuite) -> TestReport:
        """Run a program's tests.

        Args:
            program: Python source. It runs in the sandbox and nowhere else.
            suite: the tests.

        Returns:
            An outcome for each test; a program that breaks a limit or ends fails those that are
            left.

        Raises:
            CopeError: when the sandbox itself does not work.
        """
        run = _Run(program, suite, self.limits)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, self._run_in_thread, run
            )
        finally:
            run.stop("cancelled")

    def run_blocking(self, program: str, suite: TestSuite) -> TestReport:
        """Run a program's tests and wait for them, as `run` does in an event loop."""
        run = _Run(program, suite, self.limits)
        try:
            return self._pool.submit(self._run_in_thread, run).result()
        finally:
            run.stop("cancelled")

    def _run_in_thread(self, run: "_Run") -> TestReport:
        began = time.perf_counter()
        with self._start_process("_program.py", single_process=True) as program:
            with run._killed_on_timeout(program, _START_SECONDS):
                program.wait_ready()
            run.start_clock()
            with run._killed_on_timeout(program):
                outcomes = self._run_tests(run, program)
        return TestReport(tuple(outcomes), time.perf_counter() - began)

    def _run_tests(self, run: "_Run", program: SandboxProcess) -> list[TestOutcome]:
        reply = run.ask(json.dumps(["load", run.program]).encode())
        if "value" not in reply:
            return run._fill_missing(
                [], ": ".join(filter(None, map(str, reply.get("error", [reply.get("gone")])[:2])))
            )
        judge = self._tests_process()
        with run._killed_on_timeout(judge):
            try:
                outcomes = run._relay(judge)
            except _BrokenJudge:
                judge.close()
                return run._fill_missing([], "the process of the tests is broken", is_error=True)
        if len(outcomes) < len(run.suite.tests):
            judge.close()  # it is in the middle of something
        return run._fill_missing(
            outcomes, run.stop_reason or "the tests could not be finished within time and memory"
        )

    def _tests_process(self) -> SandboxProcess:
        """Return this thread's process of the tests, which forks for each run to stay unchanged."""
        judge: SandboxProcess | None = getattr(self._thread_state, "process", None)
        if judge is None or not judge.alive:
            if judge:
                judge.close()
            judge = self._thread_state.process = SandboxProcess(
                self.backend, "_tests.py", self.limits, single_process=False
            )
            judge.wait_ready()
            with self._lock:
                self._tests_processes.append(judge)
        return judge

    @contextmanager
    def _start_process(self, script: str, single_process: bool) -> Iterator[SandboxProcess]:
        process = SandboxProcess(self.backend, script, self.limits, single_process)
        try:
            yield process
        finally:
            process.close()

    def close(self) -> None:
        """End all running processes; otherwise they end with this process."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for judge in self._tests_processes:
                judge.close()


class _Run:
    """One program under test: the exchange between the two processes, with a time limit."""

    def __init__(self, program: str, suite: TestSuite, limits: Limits) -> None:
        self.program, self.suite = program, suite
        self.stop_reason: str | None = None
        self._limits = limits
        self._ends = 0.0
        self._watched: list[SandboxProcess] = []
        self._lock = threading.Lock()

    def start_clock(self) -> None:
        """Start the run's time limit, after the wait for a worker and for the process to start."""
        self._ends = time.monotonic() + self._limits.seconds

    @contextmanager
    def _killed_on_timeout(
        self, process: SandboxProcess, seconds: float | None = None
    ) -> Iterator[None]:
        """Kill the process after the run's time limit or `seconds`, or when it is cancelled."""
        with self._lock:
            self._watched.append(process)
            stopped = self.stop_reason
        if stopped:
            process.kill()
        left = self._ends - time.monotonic() if seconds is None else seconds
        clock = threading.Timer(max(0.0, left), self.stop, [_TIMED_OUT])
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()
            with self._lock:
                self._watched.remove(process)

    def stop(self, why: str) -> None:
        """Kill the running processes."""
        with self._lock:
            if self._watched or why != _TIMED_OUT:
                self.stop_reason = self.stop_reason or why
            for process in self._watched:
                process.kill()

    def ask(self, request: bytes) -> dict[str, Any]:
        """Send a request to the program; return its reply, or the reason why there is none."""
        line = self._ask_program(request)
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            return {"gone": _ENDED}
        return reply if isinstance(reply, dict) else {"gone": _ENDED}

    def _ask_program(self, request: bytes) -> bytes:
        program = self._watched[0]
        try:
            program.send(request)
            reply = program.read()
            if program.files_used > self._limits.files:
                self.stop_reason = "the program made too many files"
                raise ProcessEnded
            return reply
        except ProcessEnded:
            why = self.stop_reason or _EXIT_REASONS.get(program.status or 0, _ENDED)
            program.kill()
            return json.dumps({"gone": why}).encode() + b"\n"

    def _relay(self, judge: SandboxProcess) -> list[TestOutcome]:
        """Send the tests, relay requests and replies, and collect the outcomes.

        Raises:
            _BrokenJudge: when it reports what is no outcome, or more outcomes than tests.
        """
        suite, outcomes = self.suite, []
        job = {"tests": suite.tests, "setup": suite.setup, "entry_point": suite.entry_point}
        judge.reset_total()
        with contextlib.suppress(ProcessEnded):
            judge.send(json.dumps(job).encode())
            while True:
                message = _read_message(judge)
                if "ask" in message:
                    request = str(message["ask"]).encode("utf-8", "backslashreplace")
                    judge.send(self._ask_program(request).rstrip(b"\n"))
                elif "outcome" in message:
                    if len(outcomes) == len(suite.tests):
                        raise _BrokenJudge
                    outcomes.append(_outcome(suite.tests[len(outcomes)], message["outcome"]))
                else:
                    break
        return outcomes

    def _fill_missing(
        self, outcomes: list[TestOutcome], why: str, is_error: bool = False
    ) -> list[TestOutcome]:
        """Return the outcomes, and failures for the tests that have none."""
        return outcomes + [
            TestOutcome(test, False, why, is_error=is_error)
            for test in self.suite.tests[len(outcomes) :]
        ]


def _read_message(judge: SandboxProcess) -> dict[str, Any]:
    try:
        message = json.loads(judge.read())
    except (ValueError, RecursionError):
        raise _BrokenJudge from None
    if not isinstance(message, dict):
        raise _BrokenJudge
    return message


def _outcome(test: str, reported: Any) -> TestOutcome:
    if not isinstance(reported, list) or len(reported) != 3:
        raise _BrokenJudge
    result, message, value = reported
    texts = isinstance(message, str) and isinstance(value, str | None)
    if result not in ("pass", "fail", "error") or not texts:
        raise _BrokenJudge
    return TestOutcome(test, result == "pass", message, value, result == "error")

"""Programs and tests that do not end, and runs that are cancelled or killed."""

import asyncio
import contextlib
import threading
import time

import pytest

from cope.sandbox import Limits, Sandbox, TestReport, TestSuite
from cope.sandbox.process import ProcessEnded, SandboxProcess


@pytest.fixture(params=["walled", "bare"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return request.getfixturevalue(request.param)


def run(sandbox: Sandbox, program: str, *tests: str) -> TestReport:
    return asyncio.run(sandbox.run(program, TestSuite(tests)))


def test_a_program_out_of_time_fails(bare: Sandbox) -> None:
    sleepy = Sandbox(bare.backend, Limits(seconds=0.5))
    assert run(sleepy, "import time\ntime.sleep(60)", "assert f(1) == 0").message == "out of time"


@pytest.mark.slow  # it uses up a second of processor time
def test_a_program_without_processor_time_fails_what_is_left(bare: Sandbox) -> None:
    hasty = Sandbox(bare.backend, Limits(cpu_seconds=1, seconds=60))
    slow = run(
        hasty,
        "def f(x):\n    while x: pass\n    return 0",
        "assert f(0) == 0",
        "assert f(1) == 0",
        "assert f(0) == 0",
    )
    assert [o.passed for o in slow.outcomes] == [True, False, False]
    assert slow.message == "the program used up its processor time"


@pytest.mark.slow  # it uses up two limits of processor time, a second each
def test_tests_that_never_end_fail_and_the_next_run_is_well(bare: Sandbox) -> None:
    hasty = Sandbox(bare.backend, Limits(cpu_seconds=1, seconds=20), max_workers=1)
    report = run(hasty, "def f(): return 1", "while f(): pass")
    assert not report.all_passed and report.message
    assert run(hasty, "def f(): return 1", "assert f() == 1").all_passed


@pytest.mark.slow
def test_tests_that_wait_for_ever_fail_and_the_next_run_is_well(bare: Sandbox) -> None:
    hasty = Sandbox(bare.backend, Limits(seconds=0.5), max_workers=1)
    report = run(hasty, "def f(): return 1", "import time\nwhile f(): time.sleep(60)")
    assert not report.all_passed and report.message
    patient = Sandbox(bare.backend, Limits(seconds=20), max_workers=1)
    assert run(patient, "def f(): return 1", "assert f() == 1").all_passed


@pytest.mark.slow
def test_a_cancelled_run_stops_its_program(bare: Sandbox) -> None:
    sandbox = Sandbox(bare.backend, Limits(seconds=60), max_workers=1)

    async def cancel() -> float:
        task = asyncio.create_task(sandbox.run("import time\ntime.sleep(60)", TestSuite(("1",))))
        await asyncio.sleep(0.3)
        task.cancel()
        began = time.perf_counter()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (
            await sandbox.run("def f(): return 1", TestSuite(("assert f() == 1",)))
        ).all_passed  # the place is free again
        return time.perf_counter() - began

    assert asyncio.run(cancel()) < 50


@pytest.mark.slow
def test_a_process_killed_at_any_moment_releases_its_reader(sandbox: Sandbox) -> None:
    """Also while the walls are still being built, when the process inside does not yet die with the one outside."""

    def read_to_the_end(process: SandboxProcess) -> None:
        with contextlib.suppress(ProcessEnded):
            while True:
                process.read()

    for step in range(0, 60, 4):
        process = SandboxProcess(sandbox.backend, "_program.py", Limits(), single_process=True)
        time.sleep(step * 0.0001)
        process.kill()
        reader = threading.Thread(target=read_to_the_end, args=[process], daemon=True)
        reader.start()
        reader.join(10)
        assert not reader.is_alive(), (
            f"killed {step * 0.1:.1f} ms after its start, it still holds the pipe"
        )
        process.close()


@pytest.mark.slow
def test_what_one_run_says_does_not_count_against_the_next(bare: Sandbox) -> None:
    sandbox = Sandbox(bare.backend, Limits(replies=40_000), max_workers=1)
    for _ in range(4):
        assert run(
            sandbox, "def f(x): return len(x)", f"assert f({'x' * 15_000!r}) == 15_000"
        ).all_passed
    assert not run(
        sandbox, "def f(x): return x", f"assert [f({'x' * 15_000!r}) for _ in range(3)]"
    ).all_passed

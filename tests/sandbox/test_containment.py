"""What a program and a test cannot do in the sandbox, and what a broken judge leads to."""

import json
import subprocess

import pytest
from support.sweeps import sweep

from cope.sandbox import Limits, Sandbox, TestReport, TestSuite, judge
from cope.sandbox._seccomp import _REFUSED, no_new_processes
from cope.sandbox.backends import Backend

SYSCALL = """
import ctypes
library = ctypes.CDLL(None, use_errno=True)
library.syscall.restype = ctypes.c_long

def refused(number):
    library.syscall(number, 0, 0, 0, 0, 0, 0)
    return ctypes.get_errno() == 1
"""


def run(sandbox: Sandbox, program: str, *tests: str, setup: str = "") -> TestReport:
    return sandbox.run_blocking(program, TestSuite(tests, setup))


@pytest.mark.slow
def test_calls_that_reach_past_the_walls_are_refused(walled: Sandbox) -> None:
    if walled.name != "bubblewrap" or no_new_processes() is None:
        pytest.skip("no filter of system calls")
    column = 0 if no_new_processes() == no_new_processes("x86_64") else 1
    named = {name: numbers[column] for name, numbers in _REFUSED.items()}
    report = run(walled, SYSCALL, f"[n for n in {list(named.values())} if not refused(n)]")
    assert report.outcomes[0].value == "[]"
    for name in ("ptrace", "keyctl", "add_key", "request_key", "io_uring_setup", "userfaultfd"):
        assert name in named


def test_the_process_of_the_tests_may_not_fork_and_is_walled_in(walled: Sandbox) -> None:
    fork = (
        "import os\ntry:\n    os.fork()\nexcept PermissionError:\n    pass\nelse:\n    assert False"
    )
    hidden = "import os\nassert not os.path.exists('/proc') and not os.path.exists('/etc/passwd')"
    thread = "import threading\nt = threading.Thread(target=f)\nt.start()\nt.join()"
    report = run(walled, "def f(): return 1", fork, hidden, thread)
    assert [o.message for o in report.outcomes] == ["", "", ""]


@pytest.mark.slow
def test_a_process_that_a_test_leaves_behind_cannot_answer_for_the_next_program(
    walled: Sandbox,
) -> None:
    leaves = (
        "import os, time\ntry:\n    child = os.fork()\nexcept OSError:\n    child = 1\n"
        "if child == 0:\n    time.sleep(0.3)\n    for fd in range(3, 64):\n        try:\n"
        '            os.write(fd, b\'{"outcome": ["pass", "", null]}\\n{"done": true}\\n\')\n'
        "        except OSError:\n            pass\n    os._exit(0)"
    )
    sandbox = Sandbox(walled.backend, max_workers=1)
    run(sandbox, "def f(): return 1", leaves)
    wrong = "import time\ndef f():\n    time.sleep(0.6)\n    return 0"
    assert not run(sandbox, wrong, "assert f() == 1").all_passed
    sandbox.close()


@pytest.mark.slow
def test_limits_hold_outside_the_address_space(walled: Sandbox) -> None:
    if walled.name != "bubblewrap":
        pytest.skip("limits of the kernel")
    program = (
        "import os, resource\ndef limit(name): return resource.getrlimit(getattr(resource, name))[1]\n"
        "def files(n):\n    for i in range(n): open(f'/tmp/{i}', 'w').close()\n    return n\n"
        "def memory():\n    return os.memfd_create('x')"
    )
    assert run(walled, program, "assert 0 < limit('RLIMIT_NPROC') <= 4096").all_passed
    assert run(walled, program, "assert limit('RLIMIT_MSGQUEUE') == 0").all_passed
    assert run(walled, program, "assert files(500) == 500").all_passed
    assert run(walled, program, "assert files(6000) == 6000").message == (
        "the program made too many files"
    )
    assert run(walled, program, "memory()").message.startswith("PermissionError")


class BrokenJudge:
    """A backend whose process of the tests says what it was not asked."""

    name = "broken"

    def __init__(self, backend: Backend, *lines: object) -> None:
        self._backend, self._lines = backend, lines

    def start(self, script: str, limits: Limits, single_process: bool) -> subprocess.Popen[bytes]:
        if script == "_program.py":
            return self._backend.start(script, limits, single_process)
        lines = ["ready", *map(json.dumps, self._lines)]
        return subprocess.Popen(
            ["sh", "-c", 'printf "%s\\n" "$@"; sleep 5', "sh", *lines],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )

    def folder(self, process: subprocess.Popen[bytes]) -> str | None:
        return None


PASS = {"outcome": ["pass", "", None]}


@sweep(
    "lines",
    [
        [PASS, PASS, {"done": True}],
        [{"outcome": [True, "", None]}],
        [{"outcome": ["pass", 1, None]}],
        [{"outcome": "pass"}],
        [["pass"]],
    ],
    every=2,
)
def test_a_judge_that_says_what_it_was_not_asked_is_broken(
    bare: Sandbox, lines: list[object]
) -> None:
    sandbox = Sandbox(BrokenJudge(bare.backend, *lines), Limits(seconds=10.0))
    report = run(sandbox, "def f(): return 1", "assert f() == 1")
    assert (report.verdict, report.message) == ("error", "the process of the tests is broken")
    sandbox.close()


@pytest.mark.slow
def test_errors_of_tests_are_counted_apart_from_wrong_answers(bare: Sandbox) -> None:
    report = run(bare, "def f(x): return x", "assert f(1) ==", "assert f(object())", "assert f(1)")
    assert (report.passed, report.errors, report.verdict) == (1, 2, "error")
    wrong = run(bare, "def f(x): return x", "assert f(1) ==", "assert f(1) == 2")
    assert (wrong.passed, wrong.errors, wrong.verdict) == (0, 1, "fail")
    assert run(bare, "x = 1", "assert True", setup="1 / 0").verdict == "error"
    assert run(bare, "x = 1", "assert True", setup="y = f()").verdict == "fail"
    assert run(bare, "x = 1").verdict == "error"


@pytest.mark.slow
def test_a_judge_says_pass_fail_or_error(walled: Sandbox) -> None:
    double = "def double(x): return x + x"
    assert judge(double, ["assert double(2) == 4"]) == "pass"
    assert judge(double, ["assert double(2) == K"], setup="K = 5") == "fail"
    assert judge(double, ["assert double(object())"]) == "error"
    assert judge("def sum(a, b): return a + b", ["assert sum(1, 2) == 3"]) == "pass"
    assert judge("def f(:", ["assert f(1)"]) == "fail"

"""What a run reports: values, messages, references; the same with and without walls."""

import asyncio
import threading

import pytest
from support.sweeps import sweep

from cope.errors import CopeError
from cope.sandbox import Bubblewrap, Sandbox, TestReport, TestSuite


@pytest.fixture(params=["walled", "bare"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return request.getfixturevalue(request.param)


def run(sandbox: Sandbox, program: str, *tests: str, **suite: str) -> TestReport:
    return asyncio.run(sandbox.run(program, TestSuite(tests, **suite)))


VALUES = [
    "None",
    "True",
    "-7",
    "2**70",
    "1.5",
    "float('inf')",
    "'text \\u20ac'",
    "b'\\x00\\xff'",
    "1j",
    "(1, 2)",
    "[1, [2]]",
    "{1: 'a', (2,): None}",
    "set()",
    "{1, 2}",
    "frozenset({3})",
    "range(3)",
    "bytearray(b'a')",
    "__import__('decimal').Decimal('1.10')",
    "__import__('fractions').Fraction(1, 3)",
    "__import__('collections').deque([1, 2])",
    "'\\ud800'",
    "float('-0.0')",
]


@sweep("value", VALUES, every=4)
def test_values_come_back_as_they_are_and_go_there_too(bare: Sandbox, value: str) -> None:
    program = (
        f"def give(): return {value}\ndef back(x): return x\ndef kind(x): return type(x).__name__"
    )
    report = run(
        bare,
        program,
        f"assert repr(give()) == repr({value})",
        f"assert repr(back({value})) == repr({value})",
        f"assert kind({value}) == type({value}).__name__",
    )
    assert [o.message for o in report.outcomes] == ["", "", ""]


def test_equal_values_pass_and_others_say_what_they_were(sandbox: Sandbox) -> None:
    report = run(
        sandbox,
        "def double(x): return x + x",
        "assert double(2) == 4",
        "assert double('a') == 'ab'",
        "double(3)",
    )
    assert [o.passed for o in report.outcomes] == [True, False, True]
    assert report.outcomes[1].message == "assert double('a') == 'ab': got 'aa'"
    assert report.outcomes[2].value == "6"
    assert (
        not report.all_passed
        and report.passed == 2
        and report.message == report.outcomes[1].message
    )


@sweep(
    ("program", "test", "message"),
    [
        ("def f(x): raise ValueError('bad')", "assert f(1) == 1", "ValueError: bad"),
        ("class Odd(Exception): pass\ndef f(x): raise Odd('no')", "assert f(1) == 1", "Odd: no"),
        ("def g(x): return 1", "assert f(1) == 1", "NameError: name 'f' is not defined"),
        (
            "def f(x): return x",
            "assert f(1, 2) == 1",
            "TypeError: f() takes 1 positional argument but 2 were given",
        ),
        ("def f(x) return 1", "assert f(1) == 1", "SyntaxError"),
        ("raise SystemExit(0)", "assert f(1) == 1", "SystemExit: 0"),
        ("def f(x): return x", "assert f(1) > 1", "assert f(1) > 1: got 1"),
        ("def f(x): return x", "assert f(0)", "assert f(0): not so"),
        (
            "def f(x): return f",
            "assert f(0) == f(0).__name__",
            "assert f(0) == f(0).__name__: got <function f>",
        ),
        (
            "def f(x): return [0] * 500_000",
            "assert f(0) == []",
            "ValueError: the value is too large",
        ),
        (
            "def f(x): return x",
            "assert f(object())",
            "a object cannot be handed to the program",
        ),
    ],
    every=3,
)
def test_a_failure_is_one_line(bare: Sandbox, program: str, test: str, message: str) -> None:
    assert run(bare, program, test).message.startswith(message)


@pytest.mark.slow
def test_a_test_that_expects_an_error_gets_it(bare: Sandbox) -> None:
    wants = (
        "try:\n    f(1)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('no error')"
    )
    assert run(bare, "def f(x): raise ValueError", wants).all_passed
    assert run(bare, "def f(x): return x", wants).message == "no error"


def test_objects_stay_there_and_can_be_used(sandbox: Sandbox) -> None:
    program = (
        "class Pair:\n    def __init__(self, a, b): self.a, self.b = a, b\n    def total(self): return self.a + self.b\n"
        "def largest(pairs): return max(p.b for p in pairs)\ndef squares(n):\n    for i in range(n): yield i * i\n"
        "class Node: pass\ndef depth(n): return 1 + depth(n.left) if hasattr(n, 'left') else 1\n"
        "def only(values, kind): return [v for v in values if isinstance(v, kind)]"
    )
    report = run(
        sandbox,
        program,
        "assert largest([Pair(5, 24), Pair(15, 25)]) == 25",
        "assert list(squares(3)) == [0, 1, 4]",
        "squares(3)",
        "assert Pair(1, 2).total() == 3 and Pair(1, 2).a == 1",
        "assert depth(root) == 2",
        "assert only([1, 'a'], int) == [1]",
        setup="root = Node()\nroot.left = Node()",
    )
    assert [o.message for o in report.outcomes] == [""] * 6
    assert report.outcomes[2].value == "[0, 1, 4]"


def test_helpers_of_the_setup_are_the_setups_and_the_entry_point_is_the_programs(
    bare: Sandbox,
) -> None:
    """A program cannot bring its own judge, and a stub in the set-up is not judged in its place."""
    setup = "def poly(x): return x * x - 4\ndef root(): ..."
    test = "def check(f):\n    assert abs(poly(f())) < 1e-6\ncheck(root)"
    right, forged = "def root(): return 2.0", "def poly(x): return 0\ndef root(): return 99"
    assert run(bare, right, test, setup=setup, entry_point="root").all_passed
    assert not run(bare, forged, test, setup=setup, entry_point="root").all_passed


def test_a_builtin_is_the_programs_only_as_the_entry_point(bare: Sandbox) -> None:
    program = "def sum(a, b): return 6\ndef set(x): return 1"
    assert run(bare, program, "assert sum(10, 15) == 6", entry_point="sum").all_passed
    assert not run(bare, program, "assert set([1]) == set([2])").all_passed


@pytest.mark.slow
def test_the_standard_library_is_there_for_tests_and_programs(sandbox: Sandbox) -> None:
    program = "import re, math, collections, heapq, select, asyncio\ndef f(x): return math.sqrt(x)"
    assert run(sandbox, program, "assert math.isclose(f(2), 1.41421, rel_tol=1e-4)").all_passed


def test_each_run_starts_afresh(sandbox: Sandbox) -> None:
    counts = "try:\n    n\nexcept NameError:\n    n = 0\nn += 1\ndef f(): return n"
    leaves = (
        "import builtins\nbuiltins.left = 1\nopen('/tmp/cope-left', 'w').close()\ndef f(): return 1"
    )
    looks = "import builtins\ndef f(): return hasattr(builtins, 'left')"
    assert (
        run(sandbox, counts, "assert f() == 1").all_passed
        and run(sandbox, counts, "assert f() == 1").all_passed
    )
    assert run(sandbox, leaves, "import random\nrandom.seed = None\nassert f() == 1").all_passed
    assert run(sandbox, looks, "assert f() == False and random.seed is not None").all_passed


@pytest.mark.slow
def test_strings_hash_alike_in_every_run(sandbox: Sandbox) -> None:
    program = "def f(): return [hash('a'), list({'x', 'y', 'z'})]"
    values = {run(sandbox, program, "f()").outcomes[0].value for _ in range(3)}
    assert len(values) == 1


def test_printing_harms_nothing(sandbox: Sandbox) -> None:
    program = "import sys\ndef f(x):\n    print('x' * 10_000)\n    sys.stderr.write('y')\n    sys.stdin.read()\n    return x"
    assert run(sandbox, program, "assert f(1) == 1").all_passed


def test_no_tests_show_nothing(bare: Sandbox) -> None:
    assert not run(bare, "x = 1").all_passed


def test_runs_work_from_every_thread_and_loop(bare: Sandbox) -> None:
    passed: list[bool] = []

    def work() -> None:
        passed.append(run(bare, "def f(): return 1", "assert f() == 1").all_passed)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed == [True] * 4


def test_a_sandbox_that_does_not_work_is_said_in_a_line() -> None:
    with pytest.raises(CopeError, match="does not start|does not work"):
        run(Sandbox(Bubblewrap("/bin/false")), "x = 1", "1")
    with pytest.raises(CopeError, match="cope doctor"):
        run(Sandbox(Bubblewrap("/no/such/bwrap")), "x = 1", "1")

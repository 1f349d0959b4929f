r"""Equality of answers as mathematics, and the child process that may hang, die or be missing."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cope.errors import CopeError
from cope.programs import equivalence
from cope.programs._judge_process import JudgeProcess
from cope.programs.equivalence import aequal, agroup, equal, equal_fast, group

# A judge without SymPy: it answers by the letters in common, hangs on "hang", and dies on "die".
SCRIPTED = textwrap.dedent(
    """
    import json, os, sys, time
    input()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        if "hang" in ask["a"] + ask["b"]:
            time.sleep(60)
        if "die" in ask["a"] + ask["b"]:
            os._exit(1)
        print(json.dumps({"id": ask["id"], "equal": sorted(ask["a"]) == sorted(ask["b"]), "pid": os.getpid()}), flush=True)
    """
)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch):
    judge = JudgeProcess([sys.executable, "-I", "-c", SCRIPTED])
    monkeypatch.setattr(equivalence, "_judge", judge)
    monkeypatch.setattr(equivalence, "_verdicts", type(equivalence._verdicts)())
    yield judge
    judge.close()


EQUAL = [
    (r"\frac{\sqrt{5}}{5}", r"\frac{1}{\sqrt{5}}"),
    (r"\frac{\sqrt{5}}{5}", "1/sqrt(5)"),
    ("2*sqrt(7)", r"\sqrt{28}"),
    ("7√2", r"7\sqrt{2}"),
    ("x^2 + 2x + 1", "(x+1)^2"),
    ("x**2 + 2*x + 1", "1 + 2x + x^2"),
    ("0.5x", r"\frac{x}{2}"),
    ("5 - 3i", "-3i + 5"),
    (r"\left(2, \frac{\pi}{3}\right)", "(2, pi/3)"),
    (r"\left(2, \frac{\pi}{3}\right)", r"2, \frac{\pi}{3}"),
    ("(4, 9)", "4, 9"),
    ("4, -9", "-9, 4"),
    (r"\{1, 2\}", "2 and 1"),
    (r"2 \pm \sqrt{3}", r"2-\sqrt{3}, 2+\sqrt{3}"),
    ("[-2, 7]", r"-2 \le x \le 7"),
    ("-2 <= x <= 7", "[-2,7]"),
    (r"(2, \infty)", "x > 2"),
    (r"(-\infty, 1) \cup (1, \infty)", r"(-oo, 1) \cup (1, oo)"),
    ("2x - y + 3 = 0", "-2x + y - 3 = 0"),
    ("y = 2x + 3", "3 + 2x"),
    (r"\begin{pmatrix} 1/2 \\ 3 \end{pmatrix}", r"\begin{pmatrix} \frac{1}{2} \\ 3 \end{pmatrix}"),
    (r"\tan x", r"\frac{\sin x}{\cos x}"),
    ("sin(x)", r"\sin x"),
    ("2^{10}", "1024"),
    ("37_8", "37"),
    (r"18 \text{ dollars}", "$18"),
    ("(B)", "B"),
]
DIFFERENT = [
    ("18", "19"),
    ("0.33", "1/3"),
    ("x + 1", "x + 2"),
    ("2k", "2n"),
    ("(4, 9)", "(9, 4)"),
    ("[4, 9]", "(4, 9)"),
    ("(4, 9]", "4, 9"),
    ("1, 2", "1, 1, 2"),
    (r"\{1, 2\}", "(1, 2)"),
    ("2x - y + 3 = 0", "0"),
    (r"\sqrt{2}", "1.41"),
    (r"\infty", r"-\infty"),
    ("37_8", "37_9"),
    ("listen", "silent"),
    ("x + 1", "yes"),
    ("(B)", "(C)"),
    ("", "0"),
    ("{{{", "}x"),
    ("\\frac{", "x+"),
]


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_equal_as_mathematics_in_both_orders(a: str, b: str):
    assert equal(a, b)
    assert equal(b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different_as_mathematics_in_both_orders(a: str, b: str):
    assert not equal(a, b)
    assert not equal(b, a)


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("0.5", r"\frac{1}{2}", True),
        ("18", "19", False),
        ("yes", "No", False),
        ("Evelyn", "x^2", False),
        ("3", "(1, 2)", False),
        ("x+1", "1+x", None),
        ("9" * 100_000, "9" * 99_999 + "8", False),
        ("x+" * 50_000, "1+x", False),
    ],
)
def test_the_plain_forms_settle_what_they_can(a: str, b: str, verdict: bool | None):
    assert equal_fast(a, b) is verdict
    assert equal_fast(b, a) is verdict


def test_a_settled_pair_starts_no_process(scripted: JudgeProcess):
    assert equal("1/2", "0.5")
    assert group(["18", "19", "$18", None, "yes"]) == [0, 1, 0, None, 2]
    assert scripted._process is None


def test_endless_algebra_counts_as_not_equal_and_the_next_question_is_answered():
    began = time.monotonic()
    assert not equal("z^{9^{9^{9}}}", "z+1", timeout=0.3)
    assert not equal("9**9**9**9", "z+2", timeout=0.3)
    assert time.monotonic() - began < 30
    assert equal("z + 1 + 1", "2 + z")


def test_a_hang_is_cut_short_once(scripted: JudgeProcess):
    began = time.monotonic()
    assert not equal("x+hang", "x", timeout=0.2)
    assert time.monotonic() - began < 5
    assert scripted._process is None
    assert equal("x+y", "y+x", timeout=5)
    alive = scripted._process
    assert not equal("x", "x+hang", timeout=0.1), "remembered in either order, for no more time than it had"
    assert scripted._process is alive
    assert not equal("x", "x+hang", timeout=0.3)
    assert scripted._process is None, "more time: asked again"


def test_a_death_counts_as_not_equal_and_the_next_question_is_answered(scripted: JudgeProcess):
    assert not equal("x+die", "x")
    assert equal("x+y", "y+x")
    assert scripted._process is not None
    scripted._process.kill()
    scripted._process.wait()
    assert equal("x+y+z", "z+y+x"), "killed while idle: started again for this question"


def test_a_verdict_is_remembered(scripted: JudgeProcess):
    assert equal("x+y", "y+x")
    asked = scripted._asked
    assert equal("y + x", "$x+y$")
    assert group(["x+y", "y+x"]) == [0, 0]
    assert scripted._asked == asked


def test_memory_is_bounded(scripted: JudgeProcess, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equivalence, "_REMEMBERED", 3)
    for i in range(6):
        equal(f"x+{i}", "y+x")
    assert len(equivalence._verdicts) == 3


@pytest.mark.parametrize("script", ["import sys; sys.exit(3)", "input(); print('{\"ready\": false, \"error\": \"no sympy\"}')"])
def test_a_judge_that_cannot_run_is_an_error_not_a_wrong_answer(script: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equivalence, "_judge", JudgeProcess([sys.executable, "-I", "-c", script]))
    with pytest.raises(CopeError, match="reinstall") as caught:
        equal("x+broken", "broken+x*1")
    assert "\n" not in str(caught.value)


def test_a_missing_interpreter_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equivalence, "_judge", JudgeProcess(["/nowhere/python"]))
    with pytest.raises(CopeError, match="does not start"):
        equal("x+lost", "lost+x*1")


def test_threads_share_the_judge(scripted: JudgeProcess):
    pairs = [(f"x+{i}y", f"{i}y+x") for i in range(40)] + [(f"x+{i}y", f"{i}y+xx") for i in range(40)]
    start = threading.Barrier(8)

    def ask(pair: tuple[str, str], first: bool) -> bool:
        if first:
            start.wait()
        return equal(*pair)

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(ask, pairs, [i < 8 for i in range(80)]))
    assert verdicts == [True] * 40 + [False] * 40


def test_algebra_in_two_threads_at_once():
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda k: equal(f"(w+{k})^2", f"w^2+{2 * k}w+{k * k}"), [2, 3])) == [True, True]


def test_the_event_loop_goes_on_while_an_answer_is_compared(scripted: JudgeProcess):
    async def main() -> tuple[list[bool], int]:
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.02)
                ticks += 1

        ticker = asyncio.create_task(tick())
        verdicts = await asyncio.gather(
            aequal("x+hang+1", "x", timeout=0.4), aequal("x+y", "y+x"), aequal("1", "2"), aequal("x+y", "y+z")
        )
        ticker.cancel()
        return verdicts, ticks

    verdicts, ticks = asyncio.run(main())
    assert verdicts == [False, True, False, False]
    assert ticks >= 5


def test_groups_inside_a_running_loop(scripted: JudgeProcess):
    async def main():
        answers = ["x+y", None, "y+x", "18", "$18"]
        return await agroup(answers), await agroup(answers), group(answers)

    assert asyncio.run(main()) == ([0, None, 0, 1, 1],) * 3


def test_group_by_algebra():
    answers = ["(v+1)^2", None, "18", "v^2+2v+1", "18 dollars", "v^2", "1 + 2v + v**2", None]
    assert group(answers) == [0, None, 1, 0, 1, 2, 0, None]
    assert group([]) == []


WRITTEN = st.sampled_from(
    ["1", "1.0", "$1", "1/2", "0.5", "yes", "Yes.", "(B)", "b", "1, 2", "2, 1", "(1, 2)", "(2, 1)", "x+y", "y+x", "y + x*1", None]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WRITTEN, max_size=10), st.randoms(use_true_random=False))
def test_classes_do_not_depend_on_the_order(answers: list[str | None], rng: random.Random):
    order = list(range(len(answers)))
    rng.shuffle(order)
    classes, shuffled = group(answers), group([answers[i] for i in order])
    seen = [c for c in dict.fromkeys(classes) if c is not None]
    assert seen == list(range(len(seen))), "numbered by first appearance"
    for i, place in enumerate(order):
        assert (shuffled[i] is None) == (answers[place] is None)
        for j, other in enumerate(order):
            assert (shuffled[i] == shuffled[j]) == (classes[place] == classes[other])


@given(WRITTEN, WRITTEN)
@settings(deadline=None)
def test_equality_is_reflexive_and_symmetric(a: str | None, b: str | None):
    if a is not None and b is not None:
        assert equal(a, a)
        assert equal(a, b) == equal(b, a)


def _user_script(body: str) -> subprocess.Popen[str]:
    path = ":".join(p for p in sys.path if p)
    code = f"from cope.programs import equivalence\nfrom cope.programs.equivalence import equal\n{body}"
    return subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)


def test_an_unguarded_script_works_and_leaves_no_process_behind():
    out, _ = _user_script("print(equal('x+1', '1+x'), equivalence._judge._process.pid)").communicate(timeout=120)
    verdict, pid = out.split()
    assert verdict == "True"
    assert not _runs(int(pid))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")
def test_the_child_ends_when_its_parent_is_killed():
    parent = _user_script("print(equal('x+1', '1+x'), equivalence._judge._process.pid, flush=True)\nimport time; time.sleep(60)")
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().split()[1])
    assert _runs(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(pid)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")
def test_a_forked_process_gets_its_own_judge(scripted: JudgeProcess):
    assert equal("x+y", "y+x")
    assert scripted._process is not None
    pid = os.fork()
    if pid == 0:
        fresh = equivalence._judge is not scripted and equivalence._judge._process is None
        os._exit(0 if fresh else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert equal("x+y+z", "z+y+x"), "and this one goes on with its own"


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # a killed orphan may wait as a zombie for an init that never reaps
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        if sys.platform == "linux":
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

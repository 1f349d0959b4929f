"""The child process that compares answers may hang, die or be missing; threads, loops and forks share it."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cope.answers.short import equivalence
from cope.answers.short.algebra_process import AlgebraProcess
from cope.answers.short.equivalence import equal, equal_async, group_equal, group_equal_async
from cope.errors import CopeError

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
        print(json.dumps({"id": ask["id"], "equal": sorted(ask["a"]) == sorted(ask["b"])}), flush=True)
    """
)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch):
    judge = AlgebraProcess([sys.executable, "-I", "-c", SCRIPTED])
    monkeypatch.setattr(equivalence, "_algebra", judge)
    monkeypatch.setattr(equivalence, "_verdicts", type(equivalence._verdicts)())
    yield judge
    judge.close()


def test_a_decided_pair_starts_no_process(scripted: AlgebraProcess):
    assert equal("1/2", "0.5")
    assert group_equal(["18", "19", "$18", None, "yes"]) == [0, 1, 0, None, 2]
    assert scripted._process is None


@pytest.mark.slow
def test_endless_algebra_counts_as_not_equal_and_the_next_question_is_answered():
    began = time.monotonic()
    assert not equal("z^{9^{9^{9}}}", "z+1", timeout=0.3)
    assert not equal("9**9**9**9", "z+2", timeout=0.3)
    assert time.monotonic() - began < 30
    assert equal("z + 1 + 1", "2 + z")


@pytest.mark.slow
def test_a_hang_is_cut_short_once(scripted: AlgebraProcess):
    began = time.monotonic()
    assert not equal(r"x+\hang", "x", timeout=0.2)
    assert time.monotonic() - began < 30
    assert scripted._process is None
    assert equal("x+y", "y+x", timeout=60)
    alive = scripted._process
    assert not equal("x", r"x+\hang", timeout=0.1), (
        "remembered in either order, for no more time than it had"
    )
    assert scripted._process is alive
    assert not equal("x", r"x+\hang", timeout=0.3)
    assert scripted._process is None, "more time: asked again"


def test_a_death_counts_as_not_equal_and_the_next_question_is_answered(scripted: AlgebraProcess):
    assert not equal(r"x+\die", "x")
    assert equal("x+y", "y+x")
    assert scripted._process is not None
    scripted._process.kill()
    scripted._process.wait()
    assert equal("x+y+z", "z+y+x"), "killed while idle: started again for this question"


def test_a_verdict_is_remembered(scripted: AlgebraProcess):
    assert equal("x+y", "y+x")
    asked = scripted._last_id
    assert equal("y + x", "$x+y$")
    assert group_equal(["x+y", "y+x"]) == [0, 0]
    assert scripted._last_id == asked


def test_memory_is_bounded(scripted: AlgebraProcess, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equivalence, "_CACHE_SIZE", 3)
    for i in range(6):
        equal(f"x+{i}", "y+x")
    assert len(equivalence._verdicts) == 3


@pytest.mark.parametrize(
    "script",
    ["import sys; sys.exit(3)", 'input(); print(\'{"ready": false, "error": "no sympy"}\')'],
)
def test_a_judge_that_cannot_run_is_an_error_not_a_wrong_answer(
    script: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        equivalence, "_algebra", AlgebraProcess([sys.executable, "-I", "-c", script])
    )
    with pytest.raises(CopeError, match="reinstall") as caught:
        equal("x+u", "u+x")
    assert "\n" not in str(caught.value)


def test_a_missing_interpreter_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equivalence, "_algebra", AlgebraProcess(["/nowhere/python"]))
    with pytest.raises(CopeError, match="does not start"):
        equal("x+u", "u+x")


def test_threads_share_the_judge(scripted: AlgebraProcess):
    pairs = [(f"x+{i}y", f"{i}y+x") for i in range(40)] + [
        (f"x+{i}y", f"{i}y+xx") for i in range(40)
    ]
    start = threading.Barrier(8)

    def ask(pair: tuple[str, str], first: bool) -> bool:
        if first:
            start.wait()
        return equal(*pair)

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(ask, pairs, [i < 8 for i in range(80)]))
    assert verdicts == [True] * 40 + [False] * 40


@pytest.mark.slow
def test_the_event_loop_runs_while_an_answer_is_compared(scripted: AlgebraProcess):
    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        ticker = asyncio.create_task(tick())
        verdicts = await asyncio.gather(
            equal_async(r"x+\hang+1", "x", timeout=0.4),
            equal_async("x+y", "y+x"),
            equal_async("1", "2"),
            equal_async("x+y", "y+z"),
        )
        ticker.cancel()
        return verdicts, ticks

    verdicts, ticks = asyncio.run(main())
    assert list(verdicts) == [False, True, False, False]
    assert ticks >= 5


def test_groups_inside_a_running_loop(scripted: AlgebraProcess):
    async def main():
        answers = ["x+y", None, "y+x", "18", "$18"]
        return (
            await group_equal_async(answers),
            await group_equal_async(answers),
            group_equal(answers),
        )

    assert asyncio.run(main()) == ([0, None, 0, 1, 1],) * 3


def _user_script(body: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(sys.path)
    code = f"from cope.answers.short import equivalence\nfrom cope.answers.short.equivalence import equal\n{body}"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )


ASK = "equal('x+1', '1+x'), equivalence._algebra._process.pid"


@pytest.mark.slow
def test_an_unguarded_script_works_and_leaves_no_process_behind():
    verdict, pid = _user_script(f"print({ASK})").communicate(timeout=120)[0].split()
    assert verdict == "True"
    assert not _runs(int(pid))


@pytest.mark.slow
def test_the_child_ends_when_its_parent_is_killed():
    parent = _user_script(f"print({ASK}, flush=True)\nimport time; time.sleep(60)")
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().split()[1])
    assert _runs(pid)
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(pid)


if hasattr(os, "fork"):

    def test_a_forked_process_gets_its_own_judge(scripted: AlgebraProcess):
        assert equal("x+y", "y+x")
        pid = os.fork()
        if pid == 0:
            fresh = equivalence._algebra is not scripted and equivalence._algebra._process is None
            os._exit(0 if fresh else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert equal("x+y+z", "z+y+x"), "and this one goes on with its own"


def _runs(pid: int) -> bool:
    try:
        # A killed orphan may wait as a zombie for an init that never reaps.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        if sys.platform == "linux":
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

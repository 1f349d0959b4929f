"""What a judge's options make of a team and of a task."""

import pytest

from cope.errors import CopeError
from cope.eval import task_by_name
from cope.eval.judging.options import JudgeOptions
from cope.eval.judging.task import JudgedTask
from cope.models import ScriptedEngine, Team
from cope.programs.options import TeamOptions


def silent(line: str) -> None:
    raise AssertionError(line)


def test_a_judge_is_a_tier_of_its_own():
    options = TeamOptions(tiers={"mid": "openai/m"})
    judged = JudgeOptions("openai/j").add_tier(options)
    assert judged.tiers == {"mid": "openai/m", "judge": "openai/j"}
    assert JudgeOptions().add_tier(options) is options
    assert (JudgeOptions("openai/j").tiers, JudgeOptions().tiers) == (("judge",), ())


def test_a_task_is_scored_by_the_judge_that_there_is():
    engine = ScriptedEngine(lambda *_: "")
    team = Team(engine, engine, judge=engine)
    task = task_by_name("gsm8k")
    judge = JudgeOptions("engine/ScriptedEngine")
    assert isinstance(judge.judged(task, team, lambda line: None), JudgedTask)
    assert JudgeOptions().judged(task, team, silent) is task


def test_answers_that_only_a_judge_reads_need_one():
    engine = ScriptedEngine(lambda *_: "")
    task = task_by_name("jsonl", match="judge")
    with pytest.raises(CopeError, match="--match judge needs a judge: name one with --judge MODEL"):
        JudgeOptions().judged(task, Team(engine, engine), silent)

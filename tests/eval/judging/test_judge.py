"""A judge's verdicts: read where they can be, counted where they cannot, made once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cope import Cascade, CopeError, Team
from cope.eval import RunStore, evaluate, summarize, task_by_name
from cope.eval.judging.rubric import read_rubric
from cope.eval.judging.task import judged_task
from cope.models import ScriptedEngine
from cope.programs.judge import Judge, only_word

QUESTIONS = [{"id": str(n), "question": f"Write line {n}.", "answer": "a line"} for n in range(4)]


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("yes", True),
        ("No.", False),
        ("**Yes**", True),
        ("Verdict: no, because it is wrong", False),
        ("yes and no", None),
        ("perhaps", None),
        (" ", None),
        ("nobody knows", None),
    ],
)
def test_what_is_read_in_a_verdict(judge: Any, reply: str, verdict: bool | None) -> None:
    asked = judge(lambda prompt: reply)
    assert asyncio.run(asked.meets("q", None, "a")) is verdict
    assert (asked.asked, asked.unread) == (1, int(verdict is None))


@pytest.mark.parametrize(
    ("reply", "better"),
    [("first", "first"), ("Second.", "second"), ("It is a tie", "tie"), ("first, second", None)],
)
def test_what_is_read_in_a_comparison(judge: Any, reply: str, better: str | None) -> None:
    assert asyncio.run(judge(lambda prompt: reply).prefers("q", "a", "b")) == better


def test_a_judge_sees_question_reference_criteria_and_answer(judge: Any) -> None:
    prompts: list[str] = []

    def reply(prompt: str) -> str:
        prompts.append(prompt)
        return "yes"

    asyncio.run(judge(reply, criteria="Be brief.").meets("Why?", "Because.", "So."))
    asyncio.run(judge(reply).meets("Why?", None, "So."))
    for shown in ("Why?", "Because.", "So.", "Be brief."):
        assert shown in prompts[0]
    assert "(none)" in prompts[1] and "Be brief." not in prompts[1]


def test_a_prompt_that_does_not_fit_is_an_unread_verdict(judge: Any) -> None:
    from dspy.lm15 import ContextLengthError

    def reply(prompt: str) -> str:
        raise ContextLengthError("too long")

    asked = judge(reply)
    assert asyncio.run(asked.meets("q", None, "a")) is None and asked.unread == 1


def test_words_within_words_are_no_verdict() -> None:
    assert only_word("nothing, yesterday", ["yes", "no"]) is None


def run(folder: Path, reply: Any) -> tuple[Any, list[str], Path]:
    file = folder / "q.jsonl"
    file.write_text("\n".join(map(json.dumps, QUESTIONS)), encoding="utf-8")
    asked: list[str] = []

    def judged(messages: Any, request: Any) -> str:
        asked.append(messages[-1]["content"])
        return reply(messages[-1]["content"])

    def answer(messages: Any, request: Any) -> str:
        return f"reply to {messages[-1]['content']}"

    team = Team(
        ScriptedEngine(answer), ScriptedEngine(answer), judge=ScriptedEngine(judged), cache=False
    )
    task = judged_task(task_by_name("open"), Judge(team))
    store = RunStore({"task": "open", "preset": "small"}, folder / "runs")
    examples = task.load("test", data=str(file))
    with store.open():
        outcome = asyncio.run(
            evaluate(task, examples, Cascade("small", team, domain="open"), store)
        )
    return summarize(outcome.results, 1), asked, store.path


@pytest.mark.parametrize(
    ("reply", "accuracy", "unread"),
    [
        (lambda prompt: "yes", 1.0, 0),
        (lambda prompt: "no", 0.0, 0),
        (lambda prompt: "hm", 0.0, 4),
        (lambda prompt: "yes" if "line 1" in prompt else "?", 0.25, 3),
    ],
)
def test_a_judge_scores_a_run_under_a_tier_of_its_own(
    tmp_path: Path, reply: Any, accuracy: float, unread: int
) -> None:
    summary, asked, folder = run(tmp_path, reply)
    assert summary.accuracy == accuracy and len(asked) == 4
    assert summary.judge.unread == unread and summary.judge.usage.calls == 4
    assert list(summary.tiers) == ["small"] and summary.total.calls == 4, "no cost of the answers"
    assert ("could not be read" in summary.judge.text()) is (unread > 0)
    assert summary.as_dict()["judge"]["unread"] == unread
    again, asked_again, _ = run(tmp_path, reply)
    assert not asked_again and again.judge.usage.calls == 4
    (folder / "records.jsonl").unlink()  # killed before the results were written
    resumed, asked_again, _ = run(tmp_path, reply)
    assert not asked_again and resumed.accuracy == accuracy, "the ledger has the verdicts"


def test_a_run_without_a_judge_has_no_keys_of_one(tmp_path: Path) -> None:
    _, _, folder = run(tmp_path, lambda prompt: "yes")
    line = json.loads((folder / "records.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line["judge_usage"][0]["tier"] == "judge"
    assert "judge" not in summarize([], 1).as_dict()


def test_a_task_that_tests_score_takes_no_judge(judge: Any) -> None:
    with pytest.raises(CopeError, match="scored by tests"):
        judged_task(task_by_name("mbpp"), judge(lambda prompt: "yes"))


def test_the_users_own_table_needs_no_reference_for_a_judge(judge: Any, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "Why?"}\n', encoding="utf-8")
    task = judged_task(task_by_name("jsonl"), judge(lambda prompt: "yes"))
    (example,) = task.load("test", data=str(file))
    assert asyncio.run(task.score(example, "So.")).value == 1.0
    assert task.answer_kind == "judge" and task.test_visibility.startswith("scored by the judge")


def test_the_identity_of_a_run_names_judge_and_criteria(judge: Any) -> None:
    first = judge(lambda prompt: "yes").describe()
    assert first == judge(lambda prompt: "no").describe()
    assert first != judge(lambda prompt: "yes", criteria="Be brief.").describe()


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "is empty"), (" \n", "is empty"), ("x" * 20_001, "shorten"), (None, "cannot read")],
)
def test_a_rubric_that_cannot_be_used(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "rubric.txt"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(CopeError, match=said):
        read_rubric(file)

"""Requests that are answered in free text: rows, turns, and conversations that continue."""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import InvalidRequestError
from support.hub_datasets import give_dataset

from cope import Cascade, CopeError, Team
from cope.eval import RunStore, evaluate, task_by_name
from cope.models import ScriptedEngine
from cope.programs.domains.open_ended import OPEN_ENDED

ROWS = [
    {
        "id": "a",
        "turns": ["Name a bird.", "Name another."],
        "reference": ["wren", "rook"],
        "category": "x",
    },
    {"question": "Write a line."},
]


def table(folder: Path, rows: list[Any], name: str = "t.jsonl") -> str:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(file)


def test_each_turn_is_a_question_that_knows_the_turns_before_it(tmp_path: Path) -> None:
    first, second, alone = task_by_name("open").load("test", data=table(tmp_path, ROWS))
    assert (first.id, first.earlier, first.answer) == ("a-turn-1", (), "wren")
    assert (second.id, second.earlier, second.answer) == ("a-turn-2", ("a-turn-1",), "rook")
    assert (alone.id, alone.question, alone.earlier, alone.answer) == (
        "open-test-1",
        "Write a line.",
        (),
        None,
    )


def test_a_limit_counts_rows_with_all_their_turns(tmp_path: Path) -> None:
    assert len(task_by_name("open").load("test", 1, table(tmp_path, ROWS))) == 2


def test_mt_bench_comes_from_the_hub_in_its_own_format(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load_dataset(name: str, config: Any, split: str) -> list[dict[str, Any]]:
        asked.append((name, split))
        row = {"prompt": ["Add 1 and 1.", "And 1 more?"], "prompt_id": 7, "category": "math"}
        return [row | {"reference": ["2", "3"]}, row | {"prompt_id": 8, "reference": []}]

    give_dataset(monkeypatch, load_dataset)
    examples = task_by_name("mt-bench").load("test")
    assert asked == [("HuggingFaceH4/mt_bench_prompts", "train")]
    assert [example.id for example in examples] == ["7-turn-1", "7-turn-2", "8-turn-1", "8-turn-2"]
    assert [example.answer for example in examples] == ["2", "3", None, None]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"turns": []}, "no request"),
        ({"turns": ["a", ""]}, "its turns must be a list of texts"),
        ({"turns": [1, 2]}, "its turns must be a list of texts"),
        ({"turns": {"a": 1}}, "its turns must be a list of texts"),
        ({"prompt": ["a", None]}, "its prompt must be a list of texts"),
        ({"text": "a"}, "no question or turns or prompt"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: Any, said: str) -> None:
    with pytest.raises(CopeError, match=said) as error:
        task_by_name("open").load("test", data=table(tmp_path, [{"question": "ok"}, row]))
    assert "line 2" in str(error.value)


def test_free_text_is_scored_by_a_judge_only(tmp_path: Path) -> None:
    task = task_by_name("open")
    (example, *_) = task.load("test", data=table(tmp_path, ROWS))
    assert math.isnan(asyncio.run(task.score(example, "wren")).value)
    assert asyncio.run(task.score(example, None)).value == 0
    with pytest.raises(CopeError, match="leave out --match"):
        task_by_name("open", match="number")
    assert task_by_name("open", match="judge") == task


def run(folder: Path, reply: Any, rows: list[Any], begin: int = 0) -> list[Any]:
    task = task_by_name("open")
    examples = task.load("test", data=table(folder, rows))
    team = Team(ScriptedEngine(reply), ScriptedEngine(reply), cache=False)
    store = RunStore({"task": "open", "preset": "small"}, folder / "runs")
    with store.open():
        outcome = asyncio.run(
            evaluate(
                task,
                examples,
                Cascade("small", team, domain="open"),
                store,
                begin=begin,
                in_flight=1,
            )
        )
    return outcome.results


def test_a_turn_is_asked_with_the_answers_before_it_also_after_a_restart(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(messages: Any, request: Any) -> str:
        asked.append(messages[-1]["content"])
        return f"reply {len(asked)}"

    results = run(tmp_path, reply, ROWS)
    turn = next(result for result in results if result.id == "a-turn-2")
    assert "Request: Name a bird." in turn.question and "Reply: reply 1" in turn.question
    assert turn.question.endswith("The next request: Name another.") and turn.question in asked
    assert [result.score for result in results] == [None] * 3
    calls = len(asked)
    assert [r.answer for r in run(tmp_path, reply, ROWS)] == [r.answer for r in results]
    assert len(asked) == calls
    file = next((tmp_path / "runs").glob("*/records.jsonl"))
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "a-turn-2" not in json.loads(line)["id"]]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    (file.parent / "calls.jsonl").unlink()
    again = run(tmp_path, reply, ROWS)
    assert len(asked) == calls + 1 and again[1].question == turn.question


def test_an_unanswered_turn_is_shown_as_such_and_a_failed_one_ends_its_conversation(
    tmp_path: Path,
) -> None:
    silent = run(tmp_path / "a", lambda messages, request: " ", [ROWS[0]])
    assert silent[0].answer is None and "Reply: (no answer)" in silent[1].question

    def failing(messages: Any, request: Any) -> str:
        raise InvalidRequestError("no such thing")

    failed = run(tmp_path / "b", failing, [ROWS[0]])
    assert [result.id for result in failed if result.error] == ["a-turn-1"] == [failed[0].id]
    assert len(failed) == 1, "its conversation goes on without an answer"
    asked_later = run(tmp_path / "b", lambda messages, request: "Wren.", [ROWS[0]], begin=1)
    assert asked_later == [], "a turn before the first one to ask is neither asked nor awaited"


def test_the_domain_plans_and_answers_in_its_own_words() -> None:
    from cope.signatures.plans.goal import GOAL

    planner = OPEN_ENDED.plan_signature(GOAL, 1)
    assert "reply" in planner.instructions
    first, second = (OPEN_ENDED.reason_signature({"goal": GOAL}, number) for number in (1, 2))
    assert list(first.input_fields) == ["question", "goal"]
    assert list(first.output_fields) == ["answer"]
    assert first.instructions != second.instructions

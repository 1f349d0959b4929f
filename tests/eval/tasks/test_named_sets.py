"""Data sets by name: rows as the hub has them, local copies, parts of a set, and generated questions."""

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cope.errors import CopeError
from cope.eval import task_by_name
from cope.eval.tasks import base as tasks_base, bbh as tasks_bbh
from cope.eval.tasks.base import load_questions
from cope.eval.tasks.bbh import PARTS


@pytest.mark.parametrize("name", ["aime24", "aime25"])
@pytest.mark.parametrize(
    "row",
    [
        {"id": "1", "problem": "Find x.", "answer": "073"},
        {"id": "1", "problem": "Find x.", "answer": 73},
        {"id": "1", "problem": "Find x.", "solution": r"First \boxed{5}, so \boxed{73}."},
    ],
)
def test_aime_reads_the_rows_of_the_hub(
    name: str, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def rows(*address: Any) -> list[dict[str, Any]]:
        asked.append(address)
        return [row]

    monkeypatch.setattr(tasks_base, "load_from_hub", rows)
    task = task_by_name(name)
    (example,) = task.load("test")
    assert asked == [(name, f"math-ai/{name}", None, "test")]
    assert example.question == "Find x."
    assert asyncio.run(task.score(example, "73")).value == 1.0
    assert asyncio.run(task.score(example, "5")).value == 0.0


def bbh_rows(task: str, hub: str, part: str, split: str) -> list[dict[str, Any]]:
    target = "Yes" if part == "navigate" else "(B)"
    return [{"input": f"{part} {number}?", "target": target} for number in range(2)]


def test_bbh_is_all_parts_and_each_is_a_task(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tasks_bbh, "load_from_hub", bbh_rows)
    everything = task_by_name("bbh").load("test")
    assert len(everything) == 2 * len(PARTS) == 54
    assert len({example.id for example in everything}) == 54
    task, examples = load_questions(task_by_name("bbh:navigate"), "test")
    assert (task.name, [e.question for e in examples]) == (
        "bbh-navigate",
        ["navigate 0?", "navigate 1?"],
    )
    kinds = {}
    for part in ("navigate", "snarks"):
        kinds[part] = load_questions(task_by_name(f"bbh:{part}"), "test")[0]
    assert {part: getattr(kind, "answer_kind", None) for part, kind in kinds.items()} == {
        "navigate": "text",
        "snarks": "choice",
    }


def test_a_local_copy_of_bbh_is_filtered_by_its_field(tmp_path: Path):
    file = tmp_path / "bbh.jsonl"
    rows = [
        {"question": f"{part}?", "answer": "Yes", "task": part} for part in ("navigate", "snarks")
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    examples = task_by_name("bbh:snarks").load("test", data=str(file))
    assert [example.question for example in examples] == ["snarks?"]
    with pytest.raises(CopeError, match="no rows whose task is 'ruin_names'"):
        task_by_name("bbh:ruin_names").load("test", data=str(file))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bbh:navigat", "no part 'navigat': did you mean navigate"),
        ("gsm8k:main", "task 'gsm8k' has no parts: leave out :main"),
        ("bbhh:navigate", "did you mean bbh"),
    ],
)
def test_wrong_names(name: str, message: str):
    with pytest.raises(CopeError, match=message):
        task_by_name(name)


class Generated(list[dict[str, Any]]):
    def score_answer(self, answer: str, entry: dict[str, Any]) -> float:
        return 1.0 if answer == entry["answer"] else 0.01


@pytest.fixture
def gym(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that generates sums, in place of the real one, whose import takes seconds."""

    def create_dataset(name: str, seed: int, size: int) -> Generated:
        return Generated(
            {"question": f"{seed} + {n}?", "answer": str(seed + n)} for n in range(size)
        )

    factory = SimpleNamespace(DATASETS={"sums": None, "rush_hour": None})
    package = SimpleNamespace(create_dataset=create_dataset, factory=factory)
    monkeypatch.setitem(sys.modules, "reasoning_gym", package)


def test_generated_questions_depend_on_the_split_and_are_scored_by_the_generator(gym: None):
    task = task_by_name("reasoning-gym:sums")
    tests, train = task.load("test", 3), task.load("train", 3)
    assert [example.question for example in tests] == ["0 + 0?", "0 + 1?", "0 + 2?"]
    assert not {e.question for e in tests} & {e.question for e in train}
    assert asyncio.run(task.score(tests[2], "2")).value == 1.0
    assert asyncio.run(task.score(tests[2], "3")).value == 0.01
    assert asyncio.run(task.score(tests[2], None)).value == 0.0
    assert len(task.load("test")) == 100


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("reasoning-gym", {}, "name a generator, as in reasoning-gym:basic_arithmetic"),
        ("reasoning-gym:sums", {"data": "x.jsonl"}, "leave out --data"),
        ("reasoning-gym:sums", {"split": "dev"}, "has no split 'dev'"),
        ("reasoning-gym:sum", {}, "no generator 'sum': did you mean sums"),
        ("reasoning-gym:rush_hour", {}, "does not score its own answers"),
    ],
)
def test_wrong_uses_of_generated_questions(
    gym: None, name: str, options: dict[str, Any], message: str
):
    with pytest.raises(CopeError, match=message):
        task_by_name(name).load(**{"split": "test", **options})


def test_without_the_package_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(CopeError, match=r"pip install 'cope-dspy\[reasoning-gym\]'"):
        task_by_name("reasoning-gym:basic_arithmetic")


@pytest.mark.slow
@pytest.mark.parametrize("generator", ["basic_arithmetic", "spell_backward", "leg_counting"])
def test_real_generators_score_their_own_answers(generator: str):
    task = task_by_name(f"reasoning-gym:{generator}")
    for example in task.load("validation", 5):
        assert asyncio.run(task.score(example, example.answer)).value == 1.0
        assert asyncio.run(task.score(example, "nothing")).value < 1.0


@pytest.mark.parametrize("row", [{}, {"problem": None, "answer": "1"}, {"problem": "Find x."}])
def test_rows_of_another_form_are_one_clear_line(
    row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tasks_base, "load_from_hub", lambda *_: [row])
    with pytest.raises(CopeError, match=r"aime24: row 0 of split test on the hub has another form"):
        task_by_name("aime24").load("test")

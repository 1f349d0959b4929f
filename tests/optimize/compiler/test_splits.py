"""Splits of the questions: no question twice, and the same ones for the same seed."""

import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.compile_world import rows

from cope import CopeError
from cope.eval.tasks.registry import task_by_name
from cope.optimize import split
from cope.optimize.compiler.options import SplitOptions
from cope.optimize.compiler.splits import load_splits


def test_equal_questions_are_left_out_and_counted():
    again = rows([3])[0].copy(question="  what is 3 +  3?")
    splits = split([*rows(range(6)), again, *rows([5])], [*rows([2]), *rows(range(10, 14))])
    assert (
        splits.duplicates == 3
    )  # two of the training pool, and one of validation that is in training
    assert sorted(row.answer for row in splits.train) == ["0", "10", "2", "4", "6", "8"]
    assert {row.answer for row in splits.val} == {"20", "22", "24", "26"}
    assert "; 3 duplicates left out" in splits.summary


def test_splits_of_one_pool_are_disjoint_and_the_same_for_the_same_seed():
    one, same, other = (split(rows(range(30)), None, seed=seed) for seed in (1, 1, 2))
    assert (len(one.train), len(one.val)) == (20, 10)
    assert not set(one.question_fingerprints()["train"]) & set(one.question_fingerprints()["val"])
    assert one.as_dict() == same.as_dict() != other.as_dict()
    assert (
        one.question_fingerprints() == same.question_fingerprints()
        and len(set(one.question_fingerprints()["train"])) == 20
    )


def test_fingerprints_follow_the_questions_and_not_their_order():
    here, there = (
        split(rows(range(8)), rows(range(8, 12)), seed=1),
        split(rows(range(8)), rows(range(8, 12)), seed=5),
    )
    assert here.fingerprint("train") == there.fingerprint("train") != here.fingerprint("val")


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((25, 6), "25 questions to train on and 6 to validate with are more than the 30"),
        ((None, 31), "more than the 30"),
    ],
)
def test_more_than_there_is_cannot_be_drawn(sizes: tuple[Any, Any], words: str):
    with pytest.raises(CopeError, match=words):
        split(rows(range(30)), None, *sizes)
    with pytest.raises(CopeError, match="the validation split has 2 different questions, not 3"):
        split(rows(range(30)), rows([40, 41]), 5, 3)


@pytest.mark.parametrize("parts", [None, ("train", "validation")])
def test_questions_of_a_group_are_on_one_side(parts: tuple[str, str] | None, tmp_path: Path):
    lines = []
    for number in range(40):
        row = {"question": f"q{number}", "answer": number, "customer": number % 7}
        if parts:
            row["split"] = parts[number % 2]
        lines.append(json.dumps(row) + "\n")
    data = tmp_path / "q.jsonl"
    data.write_text("".join(lines))
    options = SplitOptions(str(data), group="customer", train=12)

    def customers(examples: list[Any]) -> set[int]:
        return {int(example.question[1:]) % 7 for example in examples}

    made = load_splits(task_by_name("jsonl"), options)
    assert len(made.train) == 12 and made.val
    assert not customers(made.train) & customers(made.val)
    free = load_splits(task_by_name("jsonl"), SplitOptions(str(data), train=12))
    assert customers(free.train) & customers(free.val), "without groups they are on both sides"
    with pytest.raises(CopeError, match="has no column 'costumer': did you mean customer"):
        load_splits(task_by_name("jsonl"), SplitOptions(str(data), group="costumer"))


class Generated:
    """A task that generates as many questions as are wanted, of which some are equal.

    Args:
        different: how many different ones there are at most.
        every: each question of this number is equal to the one before.
    """

    name = "made"
    is_generated = True

    def __init__(self, different: int, every: int) -> None:
        self._different, self._every = different, every

    def load(self, split: str, limit: int | None = None, data: str | None = None) -> list[Any]:
        rows = []
        for number in range(limit or 20):
            text = f"{split} {(number - number // self._every) % self._different}"
            rows.append(dspy.Example(question=text, answer="1").with_inputs("question"))
        return rows


@pytest.mark.parametrize("every", [2, 3, 10])
def test_a_task_that_generates_equal_questions_makes_more(every: int):
    task: Any = Generated(1000, every)
    made = load_splits(task, SplitOptions(train=30, val=10))
    assert (len(made.train), len(made.val)) == (30, 10)


def test_a_task_that_has_no_more_different_questions_is_not_asked_for_ever():
    task: Any = Generated(25, 10)
    with pytest.raises(CopeError, match="more than the 25 different ones"):
        load_splits(task, SplitOptions(train=30, val=10))

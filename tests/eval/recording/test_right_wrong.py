"""Records that tell only who is right: no answers, and not even questions, and what they cannot say."""

import json
from pathlib import Path
from typing import Any

import pytest

from cope import CopeError
from cope.eval import Recording, Replay, import_samples, replay_results, write_recording

MODELS = {"small": "s", "large": "l"}


def record(where: Path, lines: list[dict[str, Any]], **how: Any) -> Recording:
    file = where / "lines.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = import_samples(file, MODELS, **how)
    write_recording(where / "r.parquet", made.manifest, made.rows)
    return Recording.open(where / "r.parquet")


def line(small: bool, large: bool, **more: Any) -> dict[str, Any]:
    return {"samples": {"s": [{"right": small}], "l": [{"right": large}]}, **more}


def test_right_and_wrong_suffice(tmp_path: Path):
    lines = [line(True, False, subject="a"), line(False, True, subject="a"), line(False, False)]
    lines[2]["subject"] = "b"
    made = record(tmp_path, lines, group="subject")
    assert made.rounds[0].scores[:, 0].tolist() == [1, 0, 0]
    assert made.rounds[1].scores[:, 0].tolist() == [0, 1, 0]
    assert made.questions == ["question 1", "question 2", "question 3"]
    assert made.groups == ["a", "a", "b"]
    assert made.tells_outcomes_only and not made.has_question_texts
    for tier, right in (("small", [1, 0, 0]), ("large", [0, 1, 0])):
        assert [one.score for one in replay_results(Replay(made, tier)).results] == right


@pytest.mark.parametrize("written", [True, False])
def test_questions_are_kept_where_they_are_known(tmp_path: Path, written: bool):
    lines = [line(True, False, question="Q1?", id="x"), line(False, True, question="Q2?", id="y")]
    if written:  # the same in words
        for one in lines:
            one["gold"] = "right"
            for (sample,) in one["samples"].values():
                sample["answer"] = "right" if sample.pop("right") else "wrong"
    made = record(tmp_path, lines)
    assert made.questions == ["Q1?", "Q2?"] and made.ids == ["x", "y"]
    assert made.tells_outcomes_only and made.has_question_texts
    assert made.rounds[0].scores[:, 0].tolist() == [1, 0]


def test_answers_in_full_are_no_such_record(tmp_path: Path):
    lines = [
        {
            "question": "Is it?",
            "gold": "right",
            "samples": {"s": [{"answer": "left"}], "l": [{"answer": "right"}]},
        }
    ]
    assert not record(tmp_path, lines).tells_outcomes_only


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            [{"samples": {"s": [{"right": True}] * 3, "l": [{"right": True}]}}],
            "s has 3 samples of which only right or wrong is known",
        ),
        (
            [{"samples": {"s": [{"right": True}], "l": [{"answer": "4"}]}, "question": "q"}],
            "1 samples have only `right` and 1 have an answer",
        ),
        (
            [{"samples": {"s": [{"answer": "4"}], "l": [{"answer": "4"}]}}],
            "the row has no question",
        ),
        (
            [{"samples": {"s": [{}], "l": [{}]}, "question": "q"}],
            "each sample needs an answer, or right",
        ),
        (
            [
                {
                    "samples": {"s": [{"right": True}], "l": [{"answer": "4"}]},
                    "question": "q",
                    "gold": ["4"],
                }
            ],
            "have an answer: give all of them the same",
        ),
        ([line("yes", True)], "right is not true or false"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_known_is_said(tmp_path: Path, lines: list[dict[str, Any]], why: str):
    with pytest.raises(CopeError) as raised:
        record(tmp_path, lines)
    assert why in str(raised.value)

"""The questions that a system answers otherwise than the reference, by round and by field."""

from dataclasses import replace

import pytest
from support.question_results import records_of

from cope.eval import QuestionResult
from cope.eval.comparison import compare, comparison_document
from cope.eval.comparison.flip_tables import flip_tables
from cope.eval.comparison.flips import flip_table


def answered(scores: list[float | None], rounds: list[int]) -> list[QuestionResult]:
    rows = records_of(scores, large=[9] * len(scores))
    return [replace(row, round=number) for row, number in zip(rows, rounds, strict=True)]


OURS = answered([1, 1, 0, 0, 1, None, 1], [1, 2, 1, 2, 2, 1, 1])
LARGE = answered([1, 0, 1, 0, 0, 1, None], [1] * 7)


def test_helped_and_harmed_are_named_by_id_and_by_the_round_that_answered():
    found = flip_table("ours", OURS, "large", LARGE)
    assert found.total.questions == 5, "a question on which a model failed is not paired"
    assert (found.total.helped, found.total.harmed, found.total.churn) == (("1", "4"), ("2",), 3)
    first, second = found.by_round[1], found.by_round[2]
    assert (first.questions, first.helped, first.harmed) == (2, (), ("2",))
    assert (second.questions, second.helped, second.harmed) == (3, ("1", "4"), ())


@pytest.mark.parametrize(
    "values", [{}, {"0": "10", "1": "9", "2": "9", "3": "a"}, {str(n): "x" for n in range(7)}]
)
def test_the_parts_of_a_field_hold_every_flip_once(values: dict[str, str]):
    found = flip_table("ours", OURS, "large", LARGE, values)
    parts = found.by_field.values()
    assert sum(part.questions for part in parts) == found.total.questions
    for kind in ("helped", "harmed"):
        ids = [one for part in parts for one in getattr(part, kind)]
        assert sorted(ids) == sorted(getattr(found.total, kind))


def test_values_that_are_numbers_come_by_size():
    values = {"0": "10", "1": "9", "2": "b", "3": "a", "4": "10"}
    found = flip_table("ours", OURS, "large", LARGE, values)
    assert list(found.by_field) == ["9", "10", "a", "b"]


def test_flips_agree_with_the_pair_and_are_in_the_document():
    fields = {str(n): "even" if n % 2 == 0 else "odd" for n in range(7)}
    made = compare({"ours": OURS, "large": LARGE}, fields=fields, draws=100)
    (flips,) = made.flips
    pair = made.pairs[0]
    assert (len(flips.total.helped), len(flips.total.harmed)) == (pair.wins, pair.losses)
    (document,) = comparison_document(made)["flips"]
    assert document["by_round"]["2"]["helped"] == ["1", "4"]
    assert document["by_field"]["odd"] == {
        "questions": 2,
        "helped": ["1"],
        "harmed": [],
        "churn": 1,
    }


def test_the_tables_show_the_counts():
    fields = {str(n): "all" for n in range(7)}
    made = compare({"ours": OURS, "large": LARGE}, fields=fields, draws=100)
    by_round, by_field = flip_tables(made, "level")
    assert tuple(by_round.columns) == (
        "flips against large",
        "round",
        "n",
        "helped",
        "harmed",
        "churn",
    )
    cells = [tuple(row.cells) for row in by_round._rows]
    assert cells[0] == ("ours", "all", "5", "2", "1", "3 (60.0%)")
    assert [row[1] for row in cells] == ["all", "1", "2"]
    assert [tuple(row.cells)[1:3] for row in by_field._rows] == [("all", "5")]
    assert len(list(flip_tables(made))) == 1

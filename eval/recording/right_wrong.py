"""Imported lines that tell of each answer only whether it is right.

Such an answer is written as `right` or `wrong`. Whether two wrong answers agree is not known, so
several samples of a model cannot vote, and nothing may learn from the text of an answer.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import CopeError
from ...util.table_files import Row

RIGHT, WRONG = "right", "wrong"
OUTCOMES_ONLY = "outcomes_only"
NO_QUESTIONS = "no_questions"
"""Keys in the settings of a recording's manifest."""


def right_wrong_facts(path: str | Path, lines: Sequence[Row]) -> dict[str, bool]:
    """Return which of `OUTCOMES_ONLY` and `NO_QUESTIONS` hold for some lines, as true.

    Raises:
        CopeError: when some samples have an answer, and others only `right`.
    """
    without = with_answer = 0
    written = all(line.get("gold") == RIGHT for line in lines)
    for sample in _samples(lines):
        if "answer" in sample:
            with_answer += 1
            written = written and sample["answer"] in (RIGHT, WRONG, None)
        else:
            without += 1
    if without and with_answer:
        raise CopeError(
            f"{path}: {without} samples have only `right` and {with_answer} have an answer: give "
            "all of them the same"
        )
    facts = {}
    if without or written:
        facts[OUTCOMES_ONLY] = True
        if any(_has_no_text(line) for line in lines):
            facts[NO_QUESTIONS] = True
    return facts


def complete_lines(lines: Sequence[Row]) -> list[Row]:
    """Return the lines with an answer for each sample, a right answer and a question.

    A question without a text is named by its id.
    """
    completed = []
    for position, line in enumerate(lines):
        line = dict(line)
        if any("answer" not in sample for sample in _samples([line])):
            line["samples"] = {
                model: [_with_answer(sample) for sample in samples]
                for model, samples in line["samples"].items()
            }
            line["gold"] = RIGHT
        if _has_no_text(line):
            line["id"] = line.get("id") or f"question {position + 1}"
            line["question"] = str(line["id"])
        completed.append(line)
    return completed


def check_single_sample(tier: str, model: str, variants: Sequence[str]) -> None:
    """Raise an error for several samples of which only right or wrong is known.

    Raises:
        CopeError: when a tier has more than one sample.
    """
    if len(variants) > 1:
        raise CopeError(
            f"{model} has {len(variants)} samples of which only right or wrong is known, so "
            f"whether they agree is not: take one, with --variant {tier}={variants[0]}"
        )


def _samples(lines: Sequence[Row]) -> Iterator[Row]:
    for line in lines:
        for samples in line["samples"].values():
            yield from samples


def _with_answer(sample: Row) -> Row:
    return sample | {"answer": RIGHT if sample["right"] else WRONG}


def _has_no_text(line: Row) -> bool:
    return not str(line.get("question") or "").strip()

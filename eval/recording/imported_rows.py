"""The rows of imported samples in a recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NotRequired

import dspy
from pydantic import Field
from typing_extensions import TypedDict

from ...answers.kinds.registry import ANSWER_KINDS
from ...programs.confidence.votes import VoteShare
from ...util.table_files import Row
from ..run.example_keys import key_examples
from ..tasks.base import Task, answer_kind_of
from .vote_ids import assign_vote_ids

Count = Annotated[int, Field(ge=0, lt=2**31)]


class ImportedSample(TypedDict):
    """A sample in the lines of a file that is imported; other keys are ignored."""

    answer: NotRequired[str | int | float | bool | None]
    right: NotRequired[bool]
    variant: NotRequired[str | int | None]
    tokens: NotRequired[Count | dict[str, Count | None] | None]
    chars: NotRequired[Count | None]
    text: NotRequired[str | None]


@dataclass(frozen=True)
class ImportedQuestion:
    """A question with its samples by tier."""

    example: dspy.Example
    group: str | None
    samples: dict[str, list[Row]]


async def imported_rows(
    preset: str, questions: Sequence[ImportedQuestion], task: Task
) -> list[Row]:
    """Return the rows of imported questions in a recording.

    Args:
        preset: the name of the preset.
        questions: the questions with their samples.
        task: compares and scores the answers.
    """
    keys = key_examples([question.example for question in questions])
    rows: list[Row] = []
    for key, question in zip(keys, questions, strict=True):
        for columns in await _question_rows(preset, question, task):
            row: Row = {
                "key": key,
                "id": question.example.id,
                "question": question.example.question,
                "gold": question.example.answer,
                "group": question.group,
            }
            row.update(columns)
            rows.append(row)
    return rows


async def _question_rows(preset: str, question: ImportedQuestion, task: Task) -> list[Row]:
    """Return the columns of a question's samples, with vote ids and scores."""
    rows: list[Row] = []
    for number, samples in enumerate(question.samples.values(), 1):
        for index, sample in enumerate(samples):
            row: Row = {
                "preset": preset,
                "round": number,
                "sample": index,
                "confidence": VoteShare.kind,
                "plan_calls": 0,
            }
            row.update(_sample_columns(sample))
            rows.append(row)
    vote_ids, doubtful = await assign_vote_ids(
        [row["answer"] for row in rows], ANSWER_KINDS.by_name(answer_kind_of(task))
    )
    for row, vote_id in zip(rows, vote_ids, strict=True):
        row["vote"] = vote_id
        row["vote_doubtful"] = doubtful
    if question.example.answer is None:
        return rows
    scores = {}
    for answer in {row["answer"] for row in rows}:
        scores[answer] = await task.score(question.example, answer)
    for row in rows:
        score = scores[row["answer"]]
        row["score"] = score.value
        row["feedback"] = score.feedback
    return rows


def _sample_columns(sample: Row) -> Row:
    """Return a sample in the columns of a recording; values that the source lacks are None."""
    text, tokens, chars = sample.get("text"), sample.get("tokens"), sample.get("chars")
    if not isinstance(tokens, dict):
        tokens = {"completion": tokens}
    if chars is None and text is not None:
        chars = len(text)
    return {
        "variant": sample.get("variant"),
        "reasoning": text,
        "answer": None if sample["answer"] is None else str(sample["answer"]),
        "handed_on": False,
        "reason_calls": 1,
        "reason_prompt_tokens": tokens.get("prompt"),
        "reason_completion_tokens": tokens.get("completion"),
        "reason_chars": chars,
    }

"""Questions that are answered in free text, of one or several turns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import dspy

from ...errors import CopeError
from .base import Score
from .columns import ColumnMapping
from .data import Fields, Row, load_from_hub, load_rows
from .options import TaskOptions

JUDGED = "judge"
"""The kind of answers that only a judge scores."""

_TURN_FIELDS = ("turns", "prompt")
_FIELDS: Fields = (("question", *_TURN_FIELDS),)


@dataclass(frozen=True)
class OpenEndedTask:
    """Requests that are answered in free text. A judge scores them, see `cope.eval.judging`.

    A row has `question`, or the requests of a conversation as a list in `turns` (or `prompt`).
    Each turn is a question of its own, which is asked with the earlier turns and their answers.

    Attributes:
        name: the name of the task on the command line.
        hub: the name of the data set on the hub and its configuration; None for the user's own
            table.
        hub_split: the split of the hub that holds all questions; None where it has the user's.
        columns: the columns of the user's table; None takes them by their names.
        domain: the domain, which decides the signatures.
        answer_kind: how answers are read.
    """

    name: str
    hub: tuple[str, str | None] | None = None
    hub_split: str | None = None
    columns: ColumnMapping | None = None
    domain: str = "open"
    answer_kind: str = JUDGED
    test_visibility: str = ""

    def with_options(self, options: TaskOptions) -> Self:
        """Return the task with the option `columns`.

        Raises:
            CopeError: for another kind of answers than `judge`.
        """
        if options.match not in (None, JUDGED):
            raise CopeError(
                f"task {self.name!r} has answers in free text, which a judge compares: leave out "
                "--match"
            )
        return replace(self, columns=options.columns)

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Load the requests in their own order, turn by turn.

        Args:
            split: the split of the hub, or of a local copy with a field `split`.
            limit: maximum number of rows, from the start, each with all its turns; None for all.
            data: a local copy, or `hub:OWNER/NAME[:config]`, with `question` or `turns`, and
                optionally `id` and a reference answer in `answer`.

        Returns:
            Examples with `id`, `question`, `answer` (a reference; None without one), and `earlier`,
            the ids of the conversation's earlier turns.

        Raises:
            CopeError: if the data cannot be loaded or has no such split, or a row has no request.
        """
        if data:
            rows = load_rows(data, split, _FIELDS, _row_error, self.columns)
        elif self.hub:
            rows = self._load_hub(split)
        else:
            raise CopeError(
                f"task {self.name!r} needs your questions: give --data FILE with question or turns"
            )
        examples: list[dspy.Example] = []
        for number, row in enumerate(rows[:limit]):
            examples += _turns(row, f"{self.name}-{split}-{number}")
        return examples

    def _load_hub(self, split: str) -> list[Row]:
        assert self.hub
        name, config = self.hub
        rows = load_from_hub(self.name, name, config, self.hub_split or split)
        for number, row in enumerate(rows, 1):
            error = _row_error(row)
            if error:
                raise CopeError(
                    f"{name} row {number}: {error}: give a corrected copy with --data FILE"
                )
        return rows

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Return an unknown score, because only a judge can decide; 0 without an answer."""
        if answer is None:
            return Score(0.0, "No answer could be read.")
        return Score(math.nan, "")


def _row_error(row: Row) -> str | None:
    """Return why a row cannot be used; None if it can."""
    try:
        requests = _requests(row)
    except ValueError as error:
        return str(error)
    return None if requests else "it has no request"


def _requests(row: Row) -> list[str]:
    """Return the requests of a row in order.

    Raises:
        ValueError: when they are no texts.
    """
    for name in _TURN_FIELDS:
        turns = row.get(name)
        if turns is None:
            continue
        if isinstance(turns, str):
            turns = [turns]
        if not _are_texts(turns):
            raise ValueError(f"its {name} must be a list of texts that are not empty")
        return list(turns)
    question = str(row.get("question") or "").strip()
    return [question] if question else []


def _are_texts(value: Any) -> bool:
    if not isinstance(value, Sequence):
        return False
    return all(isinstance(item, str) and item.strip() for item in value)


def _turns(row: Row, default_id: str) -> list[dspy.Example]:
    """Return an example for each turn of a row."""
    requests = _requests(row)
    name = next((row[key] for key in ("id", "prompt_id") if row.get(key) is not None), default_id)
    references = _references(row, len(requests))
    examples: list[dspy.Example] = []
    ids: list[str] = []
    for number, (request, reference) in enumerate(zip(requests, references, strict=True), 1):
        turn_id = str(name) if len(requests) == 1 else f"{name}-turn-{number}"
        example = dspy.Example(
            id=turn_id, question=request, answer=reference, earlier=tuple(ids), row=str(name)
        )
        examples.append(example.with_inputs("question"))
        ids.append(turn_id)
    return examples


def _references(row: Row, turns: int) -> list[str | None]:
    """Return the reference answer of each turn; None without one."""
    found = row.get("answer") or row.get("reference")
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, Sequence):
        found = []
    references: list[str | None] = []
    for number in range(turns):
        text = found[number] if number < len(found) else None
        references.append(text.strip() or None if isinstance(text, str) else None)
    return references

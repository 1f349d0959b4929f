"""Outcomes of two or three tiers on questions, as trained systems learn from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cope.programs.systems.outcomes import OutcomeTable


def outcomes(
    scores: Sequence[Sequence[float]],
    *,
    questions: Sequence[str] | None = None,
    answers: Sequence[Sequence[str | None]] | None = None,
    confidence: Sequence[Sequence[float]] | None = None,
    costs: Sequence[float] = (0.0, 1.0),
    groups: Sequence[str | None] | None = None,
    tiers: Sequence[str] = ("small", "large"),
) -> OutcomeTable:
    """Return a table; a row of each argument is a question, and a column a tier."""
    count, places = len(scores), len(tiers)
    table = np.array(scores, dtype=float)
    return OutcomeTable(
        tuple(tiers),
        [f"k{row}" for row in range(count)],
        list(questions or [f"question {row}" for row in range(count)]),
        np.array(answers or [["a"] * places] * count, dtype=object),
        np.array(confidence or [[1.0] * places] * count, dtype=float),
        table,
        np.tile(np.array(costs, dtype=float), (count, 1)),
        list(groups or [None] * count),
    )


def topic_lines(count: int) -> list[dict[str, Any]]:
    """Return published samples: the small model `s` knows birds and no stones, and `l` knows both."""
    lines = []
    for number in range(count):
        is_bird = number % 2 == 0
        topic = "a bird with feathers" if is_bird else "a stone of granite"
        line = {
            "id": f"q{number}",
            "question": f"What is the weight of {topic}, number {number}?",
            "gold": "7",
            "topic": "birds" if is_bird else "stones",
            "samples": {
                "s": [
                    {"answer": "7" if is_bird else "3", "tokens": {"prompt": 0, "completion": 10}}
                ],
                "l": [{"answer": "7", "tokens": {"prompt": 0, "completion": 20}}],
            },
        }
        lines.append(line)
    return lines

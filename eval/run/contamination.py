"""How many of the questions of an evaluation a program has met when it was compiled."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import dspy

from ...util.hashing import question_fingerprint


@dataclass(frozen=True)
class Contamination:
    """Questions that a program has met, out of those that it is asked.

    Attributes:
        train: that it was trained on.
        val: that it was chosen by.
        questions: that it is asked in all.
    """

    train: int
    val: int
    questions: int

    @property
    def summary(self) -> str | None:
        """A warning in a line; None when all questions are new to the program."""
        parts = [
            f"{how} {count}"
            for how, count in (("trained on", self.train), ("chosen by", self.val))
            if count
        ]
        if not parts:
            return None
        return (
            f"the program was {' and '.join(parts)} of the {self.questions} questions, so their accuracy says little "
            "about new ones: choose others with --split or --data"
        )

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def count_overlap(
    compiled: Mapping[str, Any], examples: Sequence[dspy.Example]
) -> Contamination | None:
    """Compare the questions of an evaluation with those that a program file says it was compiled on.

    Args:
        compiled: what the file has under `compiled`; its `rows` hold the fingerprints of `train` and `val`.
        examples: the questions.

    Returns:
        None when the file does not say.

    >>> rows = {"train": [question_fingerprint("1 + 1?")], "val": []}
    >>> count_overlap({"rows": rows}, [dspy.Example(question="1 + 1?"), dspy.Example(question="2 + 2?")])
    Contamination(train=1, val=0, questions=2)
    """
    rows = compiled.get("rows")
    if not isinstance(rows, dict):
        return None
    marks = [question_fingerprint(example.question) for example in examples]
    train, val = (set(map(str, rows.get(name) or ())) for name in ("train", "val"))
    return Contamination(
        sum(mark in train for mark in marks), sum(mark in val for mark in marks), len(marks)
    )

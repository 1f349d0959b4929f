"""Count the questions of an evaluation that a program was compiled on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import dspy

from ...programs.task_signature import example_text
from ...util.hashing import question_fingerprint


@dataclass(frozen=True)
class Contamination:
    """The overlap of an evaluation with the data of a compile.

    Attributes:
        train: number of questions that are in the training set.
        val: number of questions that are in the validation set.
        questions: number of all questions of the evaluation.
    """

    train: int
    val: int
    questions: int

    @property
    def summary(self) -> str | None:
        """A warning as one line; None if all questions are new to the program."""
        parts = []
        if self.train:
            parts.append(f"trained on {self.train}")
        if self.val:
            parts.append(f"chosen by {self.val}")
        if not parts:
            return None
        return (
            f"the program was {' and '.join(parts)} of the {self.questions} questions, so their "
            "accuracy says little about new ones: choose others with --split or --data"
        )

    def as_dict(self) -> dict[str, int]:
        """Return the counts as plain data."""
        return asdict(self)


def count_overlap(
    compiled: Mapping[str, Any], examples: Sequence[dspy.Example]
) -> Contamination | None:
    """Count the questions of an evaluation that a program was compiled on.

    Args:
        compiled: the entry `compiled` of the program's file; its `rows` are the fingerprints of the
            questions of `train` and `val`.
        examples: the questions of the evaluation.

    Returns:
        The counts; None if the file does not contain the fingerprints.

    >>> rows = {"train": [question_fingerprint("1 + 1?")], "val": []}
    >>> examples = [dspy.Example(question="1 + 1?"), dspy.Example(question="2 + 2?")]
    >>> count_overlap({"rows": rows}, examples)
    Contamination(train=1, val=0, questions=2)
    """
    rows = compiled.get("rows")
    if not isinstance(rows, dict):
        return None
    train = {str(fingerprint) for fingerprint in rows.get("train") or ()}
    val = {str(fingerprint) for fingerprint in rows.get("val") or ()}
    in_train = in_val = 0
    for example in examples:
        fingerprint = question_fingerprint(example_text(example))
        in_train += fingerprint in train
        in_val += fingerprint in val
    return Contamination(in_train, in_val, len(examples))

"""Which questions a program is compiled on and chosen by: disjoint by content, with a fingerprint that goes with it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dspy

from ...errors import CopeError
from ...util.hashing import digest, question_fingerprint

if TYPE_CHECKING:
    from ...eval import Task

_VALIDATION_NAMES = ("validation", "val", "dev")
"""What a file calls its validation rows, where the user does not say."""


@dataclass(frozen=True)
class Splits:
    """Training and validation questions.

    Attributes:
        train: for demonstrations and reflection.
        val: for the choice between candidates.
        duplicates: how many questions were left out because an equal one is in already.
    """

    train: list[dspy.Example]
    val: list[dspy.Example]
    duplicates: int = 0

    @property
    def summary(self) -> str:
        """Sizes and fingerprints in a line."""
        left_out = f"; {self.duplicates} duplicates left out" if self.duplicates else ""
        return f"train {len(self.train)} ({self.fingerprint('train')}), val {len(self.val)} ({self.fingerprint('val')}){left_out}"

    def fingerprint(self, name: str) -> str:
        """The fingerprint of a whole split."""
        return digest(self._fingerprints(name))[:8]

    def _fingerprints(self, name: str) -> list[str]:
        return sorted(question_fingerprint(e.question) for e in getattr(self, name))

    def as_dict(self) -> dict[str, Any]:
        """Size and fingerprint of each, for a program file."""
        return {
            name: {"n": len(rows), "fingerprint": self.fingerprint(name)}
            for name, rows in (("train", self.train), ("val", self.val))
        }

    def question_fingerprints(self) -> dict[str, list[str]]:
        """The fingerprints of the questions, so that an evaluation can tell what a program has seen."""
        return {name: self._fingerprints(name) for name in ("train", "val")}


def split(
    trainset: Sequence[dspy.Example],
    valset: Sequence[dspy.Example] | None,
    train: int | None = None,
    val: int | None = None,
    seed: int = 0,
) -> Splits:
    """Draw the two splits; no question is in both, and none twice.

    Args:
        trainset: the pool of training questions, in any order: they are shuffled.
        valset: the pool of validation questions; None takes them from what training leaves.
        train: how many to train on; None takes all, or all that validation leaves.
        val: how many to choose by; None takes all of its pool, or a third of the common one.
        seed: of the shuffle.

    Raises:
        CopeError: when a pool is too small, or holds what is no question.
    """
    for name, rows in (("trainset", trainset), ("valset", valset)):
        _check_rows(name, () if rows is None else rows)
    rng = random.Random(seed)
    pool, dropped = _unique(trainset, set())
    rng.shuffle(pool)
    if valset is None:
        val = len(pool) // 3 if val is None else val
        train = max(0, len(pool) - val) if train is None else train
        if train + val > len(pool):
            raise CopeError(
                f"{train} questions to train on and {val} to validate with are more than the {len(pool)} different "
                "ones there are: give smaller --train and --val, or more data"
            )
        return Splits(pool[:train], pool[train : train + val], dropped)
    others, twice = _unique(valset, {question_fingerprint(example.question) for example in pool})
    rng.shuffle(others)
    for name, wanted, rows in (("train", train, pool), ("validation", val, others)):
        if wanted is not None and wanted > len(rows):
            raise CopeError(
                f"the {name} split has {len(rows)} different questions, not {wanted}: ask for fewer"
            )
    return Splits(pool[:train], others[:val], dropped + twice)


def _check_rows(name: str, rows: Any) -> None:
    if isinstance(rows, str) or not isinstance(rows, Sequence):
        raise CopeError(f"{name} is a {type(rows).__name__}: give a list of dspy.Example")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dspy.Example):
            raise CopeError(
                f"row {number} of {name} is a {type(row).__name__}: make each a dspy.Example"
            )
        if row.get("question") is None:
            raise CopeError(
                f"row {number} of {name} has no question: every row needs question and answer"
            )
        try:
            given = row.inputs()
        except ValueError:
            given = {}
        if "question" not in given:
            raise CopeError(
                f'row {number} of {name} does not say what is given: add .with_inputs("question")'
            )


def _unique(examples: Sequence[dspy.Example], taken: set[str]) -> tuple[list[dspy.Example], int]:
    kept, seen = [], set(taken)
    for example in examples:
        if (mark := question_fingerprint(example.question)) not in seen:
            seen.add(mark)
            kept.append(example)
    return kept, len(examples) - len(kept)


def load_splits(
    task: "Task",
    data: str | None,
    *,
    train_split: str = "train",
    val_split: str = "validation",
    train: int | None = None,
    val: int | None = None,
    seed: int = 0,
    chosen: Sequence[str] = (),
) -> Splits:
    """Load the questions of a task and draw both splits.

    They come from two parts of the data where it has them; else validation takes the rows that training leaves.

    Args:
        task: the task.
        data: a local file; None loads the task's published set.
        train_split: the part to train on.
        val_split: the part to validate on.
        train: the number of training questions; None takes all.
        val: the number of validation questions; None takes all, or a third of a common part.
        seed: of the shuffle.
        chosen: which of `train_split` and `val_split` the user named; the others are defaults.

    Raises:
        CopeError: for the test split, for a split that does not exist, or when there are too few questions.
    """
    from ...eval.tasks.data import list_splits

    parts = list_splits(data) if data else []
    for option, name in (("train_split", train_split), ("val_split", val_split)):
        flag = f"--{option.replace('_', '-')}"
        if name == "test":
            raise CopeError(
                f"{flag} test: the test split is kept for cope eval, so compile never reads it"
            )
        if data and not parts and option in chosen:
            raise CopeError(f"{flag} {name}: the rows of {data} have no field split to tell by")
    pool = task.load(train_split, None, data)
    valpool = None
    if val_split != train_split:
        name = _validation_part(task, data, parts, val_split, "val_split" in chosen)
        valpool = task.load(name, None, data) if name else None
    return split(pool, valpool, train, val, seed)


def _validation_part(
    task: "Task", data: str | None, parts: Sequence[str], name: str, chosen: bool
) -> str | None:
    """Return the part of the data with the validation questions; None when the training part holds them."""
    if chosen:
        return name
    if data:
        return next((usual for usual in _VALIDATION_NAMES if usual in parts), None)
    return name if task.name == "mbpp" else None  # the only one of the hub's sets that has one

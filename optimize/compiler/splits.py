"""Disjoint training and validation questions of a compile, with fingerprints of their content."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dspy

from ...errors import CopeError
from ...eval.tasks.data import list_splits, read_column
from ...eval.tasks.hub import is_hub_address
from ...programs.task_signature import example_text
from ...util.hashing import digest, question_fingerprint
from .options import SplitOptions

if TYPE_CHECKING:
    from ...eval import Task

_VALIDATION_NAMES = ("validation", "val", "dev")
"""Default names of the validation part of a file."""

_MOST_LOADS = 5
"""How often a task may generate more questions, because some were equal to others."""


@dataclass(frozen=True)
class Splits:
    """Training and validation questions.

    Attributes:
        train: the questions for demonstrations and reflection.
        val: the questions by which candidates are chosen.
        duplicates: the number of questions that were left out as equal to an earlier one.
    """

    train: list[dspy.Example]
    val: list[dspy.Example]
    duplicates: int = 0

    @property
    def trains_on_games(self) -> bool:
        """Whether training questions are games, which an agent plays, and not single steps."""
        return any("game" in example for example in self.train)

    def with_train(self, rows: Sequence[dspy.Example]) -> "Splits":
        """Return the splits with other training questions, without duplicates."""
        train, duplicates = _unique(rows, {example_fingerprint(example) for example in self.val})
        return Splits(train, self.val, self.duplicates + duplicates)

    @property
    def summary(self) -> str:
        """Sizes and fingerprints as one line."""
        parts = []
        for name, rows in (("train", self.train), ("val", self.val)):
            parts.append(f"{name} {len(rows)} ({self.fingerprint(name)})")
        left_out = f"; {self.duplicates} duplicates left out" if self.duplicates else ""
        return ", ".join(parts) + left_out

    def fingerprint(self, name: str) -> str:
        """Return the fingerprint of a whole split."""
        return digest(self.question_fingerprints()[name])[:8]

    def as_dict(self) -> dict[str, Any]:
        """Return size and fingerprint of each split, for a program file."""
        document = {}
        for name, rows in (("train", self.train), ("val", self.val)):
            document[name] = {"n": len(rows), "fingerprint": self.fingerprint(name)}
        return document

    def question_fingerprints(self) -> dict[str, list[str]]:
        """Return the fingerprints of the questions, by which an evaluation finds an overlap."""
        fingerprints = {}
        for name, rows in (("train", self.train), ("val", self.val)):
            fingerprints[name] = sorted(example_fingerprint(row) for row in rows)
        return fingerprints


def example_fingerprint(example: dspy.Example) -> str:
    """Return the fingerprint of a question, with all inputs of a signature of the user's own."""
    return question_fingerprint(example_text(example))


def split(
    trainset: Sequence[dspy.Example],
    valset: Sequence[dspy.Example] | None,
    train: int | None = None,
    val: int | None = None,
    seed: int = 0,
    groups: Mapping[str, str] | None = None,
) -> Splits:
    """Draw two disjoint splits without duplicates.

    Args:
        trainset: the pool of training questions; they are shuffled.
        valset: the pool of validation questions; None takes them from the training pool.
        train: the number of training questions; None takes all, or all that validation leaves.
        val: the number of validation questions; None takes all of its pool, or a third of the
            common one.
        seed: the seed of the shuffle.
        groups: the group of each question by its fingerprint. The groups of the training questions
            have no validation questions, of which there may then be fewer.

    Raises:
        CopeError: when a pool is too small, or holds something that is no question.
    """
    groups = groups or {}
    for name, rows in (("trainset", trainset), ("valset", valset)):
        _check_rows(name, () if rows is None else rows)
    rng = random.Random(seed)
    pool, duplicates = _unique(trainset, set())
    rng.shuffle(pool)
    if valset is None:
        val = len(pool) // 3 if val is None else val
        train = max(0, len(pool) - val) if train is None else train
        if train + val > len(pool):
            raise CopeError(
                f"{train} questions to train on and {val} to validate with are more than the "
                f"{len(pool)} different ones there are: give smaller --train and --val, or more "
                "data"
            )
        pool = _by_group(pool, groups)
        chosen = pool[:train]
        return Splits(chosen, _other_groups(pool[train:], chosen, groups)[:val], duplicates)
    others, more = _unique(valset, {example_fingerprint(example) for example in pool})
    rng.shuffle(others)
    for name, wanted, rows in (("train", train, pool), ("validation", val, others)):
        if wanted is not None and wanted > len(rows):
            raise CopeError(
                f"the {name} split has {len(rows)} different questions, not {wanted}: ask for fewer"
            )
    chosen = _by_group(pool, groups)[:train]
    return Splits(chosen, _other_groups(others, chosen, groups)[:val], duplicates + more)


def _by_group(rows: Sequence[dspy.Example], groups: Mapping[str, str]) -> list[dspy.Example]:
    """Return the rows with those of a group one after the other, at the place of its first row."""
    together: dict[str, list[dspy.Example]] = {}
    for row in rows:
        fingerprint = question_fingerprint(row.question)
        together.setdefault(groups.get(fingerprint, fingerprint), []).append(row)
    return [row for group in together.values() for row in group]


def _other_groups(
    rows: Sequence[dspy.Example], chosen: Sequence[dspy.Example], groups: Mapping[str, str]
) -> list[dspy.Example]:
    """Return the rows whose group is that of no chosen row."""
    taken = {groups.get(question_fingerprint(row.question)) for row in chosen} - {None}
    return [row for row in rows if groups.get(question_fingerprint(row.question)) not in taken]


def _load_groups(
    data: str, column: str, parts: Mapping[str, Sequence[dspy.Example]]
) -> dict[str, str]:
    """Return the group of each question by its fingerprint.

    Args:
        data: the user's table.
        column: the column of the groups.
        parts: the questions of each split of the table.

    Raises:
        CopeError: if there is no such column, or a row has several questions.
    """
    groups: dict[str, str] = {}
    for name, examples in parts.items():
        labels = read_column(data, name, column)
        if len(labels) != len(examples):
            raise CopeError("--group needs a task with one question for each row: leave it out")
        for example, label in zip(examples, labels, strict=True):
            groups[question_fingerprint(example.question)] = label
    return groups


def _check_rows(name: str, rows: object) -> None:
    """Raise a CopeError for rows that are no examples with a question."""
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
            inputs = row.inputs()
        except ValueError:
            inputs = {}
        if "question" not in inputs:
            raise CopeError(
                f'row {number} of {name} does not say what is given: add .with_inputs("question")'
            )


def _unique(examples: Sequence[dspy.Example], seen: set[str]) -> tuple[list[dspy.Example], int]:
    """Return the examples with new questions, and the number of the others."""
    unique, seen = [], set(seen)
    for example in examples:
        fingerprint = example_fingerprint(example)
        if fingerprint not in seen:
            seen.add(fingerprint)
            unique.append(example)
    return unique, len(examples) - len(unique)


def load_splits(task: "Task", options: SplitOptions, seed: int = 0) -> Splits:
    """Load the questions of a task and draw both splits.

    They come from two parts of the data if it has them; else validation takes rows that training
    leaves.

    Args:
        task: the task.
        options: the source and the number of the questions.
        seed: the seed of the shuffle.

    Raises:
        CopeError: for the test split, for a split that does not exist, or when there are too few
            questions.
    """
    data = options.data
    parts = list_splits(data) if data else []
    for option in ("train_split", "val_split"):
        name, flag = getattr(options, option), f"--{option.replace('_', '-')}"
        if name == "test":
            raise CopeError(
                f"{flag} test: the test split is kept for cope eval, so compile never reads it"
            )
        if data and not parts and not is_hub_address(data) and option in options.named:
            raise CopeError(f"{flag} {name}: the rows of {data} have no field split that names it")
    pool = _load_pool(task, options)
    pools = {options.train_split: pool}
    val_pool = None
    if options.val_split != options.train_split:
        name = _validation_part(task, options, parts)
        if name:
            val_pool = pools[name] = task.load(name, None, data)
    groups = None
    if options.group is not None:
        if data is None:
            raise CopeError("--group names a column of your own file: give it with --data FILE")
        groups = _load_groups(data, options.group, pools)
    return split(pool, val_pool, options.train, options.val, seed, groups)


def _load_pool(task: "Task", options: SplitOptions) -> list[dspy.Example]:
    """Return the training questions; a task that generates them makes as many different ones."""
    wanted = _wanted_of_generated(task, options)
    pool = task.load(options.train_split, wanted, options.data)
    if wanted is None:
        return pool
    count = wanted
    for _ in range(_MOST_LOADS):
        missing = wanted - len(_unique(pool, set())[0])
        if missing <= 0:
            break
        count += max(missing, count // 10)
        pool = task.load(options.train_split, count, options.data)
    return pool


def _wanted_of_generated(task: "Task", options: SplitOptions) -> int | None:
    """Return how many questions a task that generates them has to make; None for its default."""
    if not getattr(task, "is_generated", False) or options.train is None:
        return None
    return options.train + (options.train // 2 if options.val is None else options.val)


def _validation_part(task: "Task", options: SplitOptions, parts: Sequence[str]) -> str | None:
    """Return the part with the validation questions; None when both splits share a part."""
    if "val_split" in options.named:
        return options.val_split
    if options.data:
        return next((name for name in _VALIDATION_NAMES if name in parts), None)
    # Of the published sets only mbpp has one.
    return options.val_split if task.name == "mbpp" else None

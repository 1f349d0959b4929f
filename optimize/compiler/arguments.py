"""What a caller gives to a compile, taken in every form that is plain, and refused in a line where it is not."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import dspy

from ...errors import CopeError, known_names
from ...eval.tasks.base import ShortAnswer, answer_kind_of
from ...eval.tasks.registry import TASKS, task_by_name
from ...models.engines.base import LocalEngine
from ...programs import Cascade
from ...programs.domains.registry import domain_by_name
from .budget import Budget
from .metric import Objective, Scorer


def as_program(program: Any) -> Cascade:
    """Raise a CopeError for anything but a cascade."""
    if not isinstance(program, Cascade):
        raise CopeError(
            f"{_kind(program)} is no Cascade: make one with cope.Cascade(PRESET, TEAM), or load one with Cascade.from_file"
        )
    return program


def as_budget(budget: Any) -> Budget | None:
    """A budget; a whole number is one of calls.

    >>> as_budget(500)
    Budget(calls=500, tokens=None, usd=None, seconds=None)
    """
    if budget is None or isinstance(budget, Budget):
        return budget
    if not _whole(budget):
        raise CopeError(f"budget is {budget!r}: give a Budget, or a whole number of calls")
    return Budget(calls=budget)


def as_names(option: str, names: Any) -> tuple[str, ...]:
    """Names out of a sequence, or out of a text that commas divide.

    >>> as_names("only", "small, round:1")
    ('small', 'round:1')
    """
    if isinstance(names, str):
        return tuple(name for part in names.split(",") if (name := part.strip()))
    found: tuple[Any, ...] = tuple(names) if isinstance(names, Iterable) else (None,)
    if not all(isinstance(name, str) for name in found):
        raise CopeError(f"{option} is {names!r}: give names, as a text or as a sequence of texts")
    return found


def as_folder(folder: Any) -> Path | None:
    """A folder's path."""
    if folder is None or isinstance(folder, str | Path):
        return None if folder is None else Path(folder)
    raise CopeError(f"folder is {folder!r}: give a path, or None for a temporary one")


def as_objective(objective: Any) -> Objective:
    """One of the objectives."""
    if objective not in get_args(Objective):
        raise CopeError(
            f"no objective is named {objective!r}: {known_names(str(objective), get_args(Objective))}"
        )
    return objective


def as_count(option: str, value: Any, least: int | None = 0) -> int:
    """A whole number, not below the least."""
    if not _whole(value) or (least is not None and value < least):
        raise CopeError(
            f"{option} is {value!r}: give a whole number{'' if least is None else f' from {least} on'}"
        )
    return value


def check_proposer(proposer: Any) -> None:
    """Raise a CopeError when it cannot be a model."""
    if not (proposer is None or isinstance(proposer, str | dspy.LM | LocalEngine)):
        raise CopeError(
            f"proposer is {_kind(proposer)}: give a model's name as for Team, an engine, or a dspy.LM"
        )


def default_scorer(program: Cascade, rows: Sequence[dspy.Example]) -> Scorer:
    """Return the score of the program's kind of questions, for callers who give none.

    Short answers are compared as the program's kind of answers says; programs run the hidden tests of their question.

    Raises:
        CopeError: for programs without tests to score them by, and for kinds of questions without a score.
    """
    domain = domain_by_name(program.domain)
    if domain.default_scorer not in TASKS:
        raise CopeError(
            f"questions of kind {domain.name!r} have no score of their own: give score="
        )
    for row in rows:
        lacking = [name for name in domain.scorer_fields if name not in row]
        if lacking:
            raise CopeError(
                f"a question has no {' and no '.join(lacking)}, so no {domain.answer_field} can be scored by its tests: "
                f'load the rows with task_by_name("{domain.default_scorer}").load, or give score='
            )
    task = task_by_name(domain.default_scorer)
    if answer_kind_of(task) != program.answer_kind:
        return ShortAnswer(task.name, answer_kind=program.answer_kind).score
    return task.score


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    """What a value is, in a word or two."""
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"

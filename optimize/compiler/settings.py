"""The settings of a compile, and the functions that parse them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, get_args

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ...errors import CopeError, suggest_names
from ...eval.tasks.base import ShortAnswerTask, answer_kind_of
from ...eval.tasks.registry import TASKS, task_by_name
from ...models import Budget, Price
from ...models.engines.base import LocalEngine
from ...programs import Cascade
from ...programs.domains.registry import domain_by_name
from ...util.hashing import digest
from .metric import Objective, Scorer
from .result import prompt_settings_of
from .session import CompileCallback, CompileSession
from .splits import Splits


@dataclass(frozen=True)
class CompileSettings:
    """The keyword arguments of a compile.

    Attributes:
        optimizer: a name (see `OPTIMIZERS`), or an object of one of DSPy's optimizers.
        budget: bounds on the total of calls, tokens, USD and seconds; a number bounds the calls;
            None sets no bound.
        only: which predictors are compiled: a tier's name, `planner`, `reasoner` or `round:N`; all
            conditions must hold.
        objective: `accuracy`; `cost`, which prefers right answers with few tokens of the last tier;
            or `pareto`.
        proposer: the model that writes instructions, as for `Team`; None takes the last tier's.
        demos: the maximum number of demonstrations of a predictor.
        seed: the seed of the optimizer and of the split.
        chain: the optimizers of `chain` or `better-together`, in order; empty for their default.
        surrogate: leave out the rounds after the last compiled one, and the questions that earlier
            rounds decide.
        folder: the folder of the state; a later compile with the same folder resumes. None takes a
            temporary one.
        watch: called with the session after every score.
        callbacks: called after every score, and at the start and end of a model call.
        fresh: remove the state of an earlier compile from the folder.
        proposer_price: the proposer's price, if its model is no priced tier's; a budget in USD
            needs it.
    """

    optimizer: str | Teleprompter = "bootstrap-random-search"
    budget: Budget | int | None = None
    only: str | Sequence[str] = ()
    objective: Objective = "accuracy"
    proposer: str | dspy.LM | LocalEngine | None = None
    demos: int = 4
    seed: int = 0
    chain: str | Sequence[str] = ()
    surrogate: bool = False
    folder: str | Path | None = None
    watch: Callable[[CompileSession], None] | None = None
    callbacks: Sequence[CompileCallback] = ()
    fresh: bool = False
    proposer_price: Price | None = None

    def document(
        self,
        task: str,
        program: Cascade,
        splits: Splits,
        *,
        test_visibility: str = "",
        prompt_settings: Mapping[str, Any] | None = None,
        task_file: str | None = None,
        agent: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the settings that decide the outcome of a compile, under their names in files.

        The budget is not among them, so that a compile can resume with a larger one.

        Args:
            task: the task's name.
            program: the program before the compile.
            splits: the questions.
            test_visibility: which tests the models see; empty without tests.
            prompt_settings: adapter, maximum tokens of a reply and of a request, where the user
                sets them; others are those of the program's tiers.
            task_file: the digest of the user's own file that defines the task.
            agent: the limits of a game, where the questions are games.
        """
        document: dict[str, Any] = {
            "task": task,
            "optimizer": self._optimizer_name,
            "only": list(parse_names("only", self.only)),
            "preset": program.preset.name,
            "program": digest(program.dump_state()),
            "models": {tier: program.team[tier].model for tier in program.preset.tiers},
            "reflection_lm": self._proposer_name(program),
            "splits": {name: splits.fingerprint(name) for name in ("train", "val")},
        }
        document |= prompt_settings_of(program)
        more: dict[str, Any] = dict(prompt_settings or {})
        more["shown"] = test_visibility
        more["task_file"] = task_file
        more["agent"] = None if agent is None else dict(agent)
        more["chain"] = self.chain if isinstance(self.chain, str) else ",".join(self.chain)
        for name in ("objective", "surrogate", "demos", "seed"):
            more[name] = getattr(self, name)
        for name, value in more.items():
            if value:
                document[name] = value
        return document

    def fingerprint(self, task: str, program: Cascade, splits: Splits, **context: Any) -> str:
        """Return the digest of `document` with the same arguments; it names the folder."""
        return digest(self.document(task, program, splits, **context))[:8]

    @property
    def _optimizer_name(self) -> str:
        if isinstance(self.optimizer, str):
            return self.optimizer
        return type(self.optimizer).__name__

    def _proposer_name(self, program: Cascade) -> str:
        if not self.proposer:
            return program.team[program.baseline_tier].model
        return str(getattr(self.proposer, "model", self.proposer))


def parse_program(program: object) -> Cascade:
    """Return the program; raise a CopeError for anything but a cascade."""
    if not isinstance(program, Cascade):
        raise CopeError(
            f"{_type_name(program)} is no Cascade: make one with cope.Cascade(PRESET, TEAM), or "
            "load one with Cascade.from_file"
        )
    return program


def parse_budget(budget: object) -> Budget | None:
    """Return a budget; a whole number bounds the calls.

    >>> parse_budget(500)
    Budget(calls=500, tokens=None, usd=None, seconds=None)
    """
    if budget is None or isinstance(budget, Budget):
        return budget
    if not _is_int(budget):
        raise CopeError(f"budget is {budget!r}: give a Budget, or a whole number of calls")
    return Budget(calls=budget)


def parse_names(option: str, names: object) -> tuple[str, ...]:
    """Return names from a sequence, or from a text with commas.

    >>> parse_names("only", "small, round:1")
    ('small', 'round:1')
    """
    if isinstance(names, str):
        parts = [part.strip() for part in names.split(",")]
        return tuple(part for part in parts if part)
    parsed: list[str] = []
    for name in names if isinstance(names, Iterable) else (None,):
        if not isinstance(name, str):
            raise CopeError(
                f"{option} is {names!r}: give names, as a text or as a sequence of texts"
            )
        parsed.append(name)
    return tuple(parsed)


def parse_folder(folder: object) -> Path | None:
    """Return a folder's path; None for a temporary folder."""
    if folder is None:
        return None
    if not isinstance(folder, str | Path):
        raise CopeError(f"folder is {folder!r}: give a path, or None for a temporary one")
    return Path(folder)


def parse_objective(objective: Any) -> Objective:
    """Return one of the objectives."""
    names = get_args(Objective)
    if objective not in names:
        raise CopeError(
            f"no objective is named {objective!r}: {suggest_names(str(objective), names)}"
        )
    return objective


def parse_count(option: str, value: object, minimum: int | None = 0) -> int:
    """Return a whole number that is not below `minimum`."""
    if _is_int(value) and (minimum is None or value >= minimum):
        return value
    lower = "" if minimum is None else f" from {minimum} on"
    raise CopeError(f"{option} is {value!r}: give a whole number{lower}")


def check_proposer(proposer: object) -> None:
    """Raise a CopeError when an object cannot be a model."""
    if not (proposer is None or isinstance(proposer, str | dspy.LM | LocalEngine)):
        raise CopeError(
            f"proposer is {_type_name(proposer)}: give a model's name as for Team, an engine, or a "
            "dspy.LM"
        )


def default_scorer(program: Cascade, rows: Sequence[dspy.Example]) -> Scorer:
    """Return the default score of the program's domain.

    Short answers are compared as the program's answer kind defines; programs run the hidden tests
    of their question.

    Raises:
        CopeError: for a domain without a score, and for questions without the fields, such as
            tests, that it needs.
    """
    domain = domain_by_name(program.domain)
    if domain.default_scorer not in TASKS:
        raise CopeError(
            f"questions of kind {domain.name!r} have no score of their own: give score="
        )
    for row in rows:
        missing = [name for name in domain.scorer_fields if name not in row]
        if missing:
            raise CopeError(
                f"a question has no {' and no '.join(missing)}, so no {domain.answer_field} can "
                "be scored by its tests: load the rows with "
                f'task_by_name("{domain.default_scorer}").load, or give score='
            )
    task = task_by_name(domain.default_scorer)
    if answer_kind_of(task) != program.answer_kind:
        return ShortAnswerTask(task.name, answer_kind=program.answer_kind).score
    return task.score


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _type_name(value: object) -> str:
    """Return a short text on the type of a value."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"a {type(value).__name__}"

"""A DSPy optimizer that the user made: taken as it is, inside the same budget, records and choice."""

import inspect
from typing import Any

from dspy.teleprompt import BetterTogether, Ensemble
from dspy.teleprompt.bootstrap_finetune import FinetuneTeleprompter
from dspy.teleprompt.teleprompt import Teleprompter

from ...errors import CopeError
from ...models import Price
from ...models.lm import TierLM
from ..compiler.student import Student
from .base import Job, Optimizer
from .custom_lms import held_by, lent_models, models_of
from .registry import trains_weights


class Own(Optimizer):
    """An optimizer object. Calls of the models that it holds are booked as the proposer's, and the budget holds them.

    Args:
        teleprompter: it compiles a student with what its `compile` takes of trainset and valset.
        price: of its models that have none.

    Raises:
        CopeError: for what is no optimizer, trains weights, or wants more than a compile can give.
    """

    description = "as the given optimizer does"
    demonstrates = True  # it may
    instructs = True

    def __init__(self, teleprompter: Teleprompter, price: Price | None = None) -> None:
        if not isinstance(teleprompter, Teleprompter):
            what = teleprompter if isinstance(teleprompter, type) else type(teleprompter)
            raise CopeError(
                f"{what.__name__} is no optimizer: give a name, or an object of one of DSPy's optimizers"
            )
        self._teleprompter, self._price = teleprompter, price
        self.name = type(teleprompter).__name__
        self.reflects = self.name == "GEPA"
        self._check()

    @property
    def models(self) -> list[TierLM]:
        """Those that it holds, as they are booked."""
        return models_of(self._teleprompter, self._price)

    def _check(self) -> None:
        own = self._teleprompter
        if trains := next(
            (o for o in (own, *held_by(own)) if isinstance(o, FinetuneTeleprompter)), None
        ):
            inner = type(trains).__name__
            raise trains_weights(inner if trains is own else f"{self.name}'s step {inner}")
        if isinstance(own, Ensemble):
            raise CopeError(
                "Ensemble joins programs that are there already, and learns nothing: choose the optimizer ensemble, which "
                "finds them too"
            )
        if isinstance(own, BetterTogether) and not own.optimizers.keys() >= {"p", "w"}:
            raise CopeError(
                "BetterTogether is run with its usual strategy, p -> w -> p: name its optimizers p and w, or choose the "
                "optimizer better-together with a chain"
            )
        takes = inspect.signature(own.compile).parameters.values()
        given = ("student", "trainset", "valset")
        more = [
            p.name
            for p in takes
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        if lacking := [name for name in more[(more[:1] != ["student"]) :] if name not in given]:
            raise CopeError(
                f"{self.name}.compile wants {' and '.join(lacking)}, which a compile has not: give a subclass that sets it, "
                "or choose one of the optimizers by name"
            )

    def least(self, job: Job) -> int:
        return len(job.valset)

    def runs(self, job: Job) -> tuple[int, int]:
        return len(job.trainset) + 4 * len(job.valset), 0

    def compile(self, job: Job) -> Student:
        own: Any = self._teleprompter
        takes = inspect.signature(own.compile).parameters
        given: dict[str, Any] = {"trainset": job.trainset, "valset": job.valset}
        student = job.student
        if isinstance(own, BetterTogether):
            student = student.deepcopy()
            student.set_lm(
                job.proposer
            )  # it wants every predictor to have one; calls go to the tiers whatever it is
        with lent_models(own, self._price):
            made: Any = own.compile(
                student, **{name: rows for name, rows in given.items() if name in takes}
            )
        if getattr(made, "flag_compilation_error_occurred", False):
            raise RuntimeError("one of its steps failed; the log tells why")
        return made

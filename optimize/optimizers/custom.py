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
from .base import Optimizer, OptimizerContext
from .custom_lms import find_lms, nested_optimizers, use_metered_lms
from .registry import trains_weights


class CustomOptimizer(Optimizer):
    """An optimizer object. Calls of the models that it holds are booked as the proposer's, and the budget holds them.

    Args:
        teleprompter: it compiles a student with what its `compile` takes of trainset and valset.
        price: of its models that have none.

    Raises:
        CopeError: for what is no optimizer, trains weights, or wants more than a compile can give.
    """

    description = "as the given optimizer does"
    adds_demos = True  # it may
    changes_instructions = True

    def __init__(self, teleprompter: Teleprompter, price: Price | None = None) -> None:
        if not isinstance(teleprompter, Teleprompter):
            what = teleprompter if isinstance(teleprompter, type) else type(teleprompter)
            raise CopeError(
                f"{what.__name__} is no optimizer: give a name, or an object of one of DSPy's optimizers"
            )
        self._teleprompter, self._price = teleprompter, price
        self.name = type(teleprompter).__name__
        self.learns_from_failures = self.name == "GEPA"
        self._check()

    @property
    def lms(self) -> list[TierLM]:
        """Those that it holds, as they are booked."""
        return find_lms(self._teleprompter, self._price)

    def _check(self) -> None:
        own = self._teleprompter
        if trains := next(
            (o for o in (own, *nested_optimizers(own)) if isinstance(o, FinetuneTeleprompter)), None
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

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.trainset) + 4 * len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        own: Any = self._teleprompter
        takes = inspect.signature(own.compile).parameters
        given: dict[str, Any] = {"trainset": context.trainset, "valset": context.valset}
        student = context.student
        if isinstance(own, BetterTogether):
            student = student.deepcopy()
            student.set_lm(
                context.proposer
            )  # it wants every predictor to have one; calls go to the tiers whatever it is
        with use_metered_lms(own, self._price):
            made: Any = own.compile(
                student, **{name: rows for name, rows in given.items() if name in takes}
            )
        if getattr(made, "flag_compilation_error_occurred", False):
            raise RuntimeError("one of its steps failed; the log tells why")
        return made

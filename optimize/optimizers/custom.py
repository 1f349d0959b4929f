"""A DSPy optimizer object of the user, run with the same budget, records and final choice."""

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
from .registry import optimizer_by_name, trains_weights


class CustomOptimizer(Optimizer):
    """Run an optimizer object of DSPy's classes.

    Calls of the language models inside the object are metered as the proposer's and count against
    the budget.

    Args:
        teleprompter: the object; its `compile` gets the student, and of `trainset` and `valset`
            those that it has as parameters.
        price: the price of its models that have none.

    Raises:
        CopeError: for an object that is no optimizer, trains weights, or needs arguments that a
            compile does not have.
    """

    description = "as the given optimizer does"
    adds_demos = True  # it may
    changes_instructions = True

    def __init__(self, teleprompter: Teleprompter, price: Price | None = None) -> None:
        if not isinstance(teleprompter, Teleprompter):
            kind = teleprompter if isinstance(teleprompter, type) else type(teleprompter)
            raise CopeError(
                f"{kind.__name__} is no optimizer: give a name, or an object of one of DSPy's "
                "optimizers"
            )
        self._teleprompter, self._price = teleprompter, price
        self.name = type(teleprompter).__name__
        self.learns_from_failures = self.name == "GEPA"
        self._check_kind()
        self._check_parameters()

    @property
    def lms(self) -> list[TierLM]:
        """The language models inside the object, as they are metered."""
        return find_lms(self._teleprompter, self._price)

    def _check_kind(self) -> None:
        teleprompter = self._teleprompter
        if isinstance(teleprompter, FinetuneTeleprompter):
            raise trains_weights(self.name)
        for step in nested_optimizers(teleprompter):
            if isinstance(step, FinetuneTeleprompter):
                raise trains_weights(f"{self.name}'s step {type(step).__name__}")
        if isinstance(teleprompter, Ensemble):
            raise CopeError(
                "Ensemble joins programs that are there already, and learns nothing: choose the "
                "optimizer ensemble, which finds them too"
            )
        if isinstance(teleprompter, BetterTogether) and not (
            teleprompter.optimizers.keys() >= {"p", "w"}
        ):
            raise CopeError(
                "BetterTogether is run with its usual strategy, p -> w -> p: name its optimizers p "
                "and w, or choose the optimizer better-together with a chain"
            )

    def _check_parameters(self) -> None:
        required = []
        for parameter in inspect.signature(self._teleprompter.compile).parameters.values():
            variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            if parameter.default is parameter.empty and not variadic:
                required.append(parameter.name)
        missing = [name for name in required if name not in ("student", "trainset", "valset")]
        if missing and required[0] == missing[0]:
            missing = missing[1:]  # the first parameter is the student, whatever its name
        if missing:
            raise CopeError(
                f"{self.name}.compile wants {' and '.join(missing)}, which a compile has not: give "
                "a subclass that sets it, or choose one of the optimizers by name"
            )

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.trainset) + 4 * len(context.valset), 0

    def compile(self, context: OptimizerContext) -> Student:
        teleprompter: Any = self._teleprompter
        student = context.student
        if isinstance(teleprompter, BetterTogether):
            student = student.deepcopy()
            # It needs an LM on every predictor. Calls go to the tiers' models all the same.
            student.set_lm(context.proposer)
        parameters = inspect.signature(teleprompter.compile).parameters
        arguments: dict[str, Any] = {}
        if "trainset" in parameters:
            arguments["trainset"] = context.trainset
        if "valset" in parameters:
            arguments["valset"] = context.valset
        with use_metered_lms(teleprompter, self._price):
            compiled: Any = teleprompter.compile(student, **arguments)
        if getattr(compiled, "flag_compilation_error_occurred", False):
            raise RuntimeError("one of its steps failed; the log says why")
        return compiled


def as_optimizer(optimizer: str | Teleprompter, price: Price | None) -> Optimizer:
    """Return the optimizer of a name, or DSPy's own one wrapped.

    Args:
        optimizer: its name in the registry, or a teleprompter.
        price: the user's price of the proposer, for a teleprompter.

    Raises:
        CopeError: for an unknown name, with the nearest one.
    """
    if isinstance(optimizer, str):
        return optimizer_by_name(optimizer)
    return CustomOptimizer(optimizer, price)

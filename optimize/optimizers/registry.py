"""The optimizers by name: the project's own and those of other packages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import CopeError
from ...util.registry import Registry

if TYPE_CHECKING:
    from .base import Optimizer

_FINETUNING = ("bootstrap-finetune", "grpo", "arbor-grpo", "finetune")
_ATTRIBUTES = (
    "name",
    "description",
    "learns_from_failures",
    "adds_demos",
    "changes_instructions",
    "default_chain",
)
_METHODS = ("min_questions", "estimate_cost", "compile")


def _check(optimizer: object) -> None:
    """Raise a TypeError for an object that is no optimizer."""
    if isinstance(optimizer, type):
        raise TypeError(f"{optimizer.__name__} is a class: name an object of it")
    for name in (*_ATTRIBUTES, *_METHODS):
        if not hasattr(optimizer, name):
            raise TypeError(f"a {type(optimizer).__name__} is no Optimizer: it has no {name}")


OPTIMIZERS: "Registry[Optimizer]" = Registry("optimizer", "cope.optimizers", _check)


def optimizer_by_name(name: str) -> "Optimizer":
    """Return an optimizer by its name.

    Raises:
        CopeError: for an unknown name, with the nearest one; for an optimizer that trains weights,
            with the reason.

    >>> optimizer_by_name("gepa").learns_from_failures
    True
    """
    if name in _FINETUNING and name not in OPTIMIZERS:
        raise trains_weights(name)
    return OPTIMIZERS.by_name(name)


def trains_weights(name: str) -> CopeError:
    """Return the error for an optimizer that finetunes."""
    return CopeError(
        f"{name} trains a model's weights, and the engines here serve weights as they are: choose "
        "an optimizer of prompts, such as bootstrap-random-search, miprov2 or gepa"
    )


def check_steps(
    optimizer: "Optimizer", chain: "Sequence[Optimizer]", demos: int, plays: bool = False
) -> None:
    """Raise a CopeError for a chain without an optimizer of steps, and for a step without effect.

    Of questions that are games, an optimizer of training rows has none either.

    Args:
        optimizer: the optimizer of the compile.
        chain: the steps that the user names; empty for the default ones.
        demos: the maximum number of demonstrations of a predictor.
        plays: whether the training questions are games.
    """
    if chain and not optimizer.default_chain:
        chains = [name for name, known in OPTIMIZERS.items() if known.default_chain]
        raise CopeError(
            f"a chain needs the optimizer {' or '.join(reversed(chains))}, and not "
            f"{optimizer.name}: give --optimizer chain, or leave out --chain"
        )
    for step in _steps(optimizer, chain):
        if plays and not getattr(step, "learns_from_games", True):
            raise CopeError(
                f"{step.name} shows or reads training rows, and a game is no step: train on the "
                "steps of solved games, as cope compile does, or choose another optimizer, such as "
                "bootstrap-random-search or gepa"
            )
        if demos == 0 and not step.changes_instructions:
            raise CopeError(
                f"{step.name} only adds demonstrations, and with --demos 0 there are none: give "
                "more, or choose an optimizer of instructions, such as miprov2 or gepa"
            )


def reads_rows(optimizer: "Optimizer", chain: "Sequence[Optimizer]") -> bool:
    """Return whether a step of a compile shows or reads training rows, which cannot be games."""
    steps = _steps(optimizer, chain)
    return not all(getattr(step, "learns_from_games", True) for step in steps)


def _steps(optimizer: "Optimizer", chain: "Sequence[Optimizer]") -> "Sequence[Optimizer]":
    """Return the optimizers that run: those of a chain, else the optimizer itself."""
    return chain or [optimizer_by_name(name) for name in optimizer.default_chain] or [optimizer]

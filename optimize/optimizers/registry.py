"""The optimizers by name."""

from collections.abc import Sequence

from ...errors import CopeError, known_names
from .base import Optimizer
from .chain import Chain, Together
from .custom import trains_weights
from .ensemble import Voting
from .few_shot import BootstrapDemos, LabeledDemos, RandomSearch
from .gepa import Gepa
from .instructions import Copro, Rules
from .knn import NearestDemos
from .mipro import Mipro
from .simba import Simba

_FINETUNING = ("bootstrap-finetune", "grpo", "arbor-grpo", "finetune")


def optimizer_by_name(name: str) -> Optimizer:
    """An optimizer by its name.

    Raises:
        CopeError: when there is none, with the nearest name; for those that train weights, with the reason.

    >>> optimizer_by_name("gepa").reflects
    True
    """
    if name in OPTIMIZERS:
        return OPTIMIZERS[name]
    if name in _FINETUNING:
        raise trains_weights(name)
    raise CopeError(f"no optimizer is named {name!r}: {known_names(name, OPTIMIZERS)}")


def check_steps(optimizer: Optimizer, chain: Sequence[Optimizer], demos: int) -> None:
    """Raise a CopeError when a chain is given to an optimizer that has no steps, or a step could change nothing.

    Args:
        optimizer: the one of the compile.
        chain: the steps that the user names; none for the usual ones.
        demos: the most demonstrations of a predictor.
    """
    takes_steps = isinstance(optimizer, Chain | Together)
    if chain and not takes_steps:
        raise CopeError(
            f"a chain needs the optimizer chain or better-together, and not {optimizer.name}: give --optimizer chain, or "
            "leave out --chain"
        )
    steps = (
        (chain or [optimizer_by_name(name) for name in Chain.usual]) if takes_steps else [optimizer]
    )
    if demos == 0 and (idle := next((step for step in steps if not step.instructs), None)):
        raise CopeError(
            f"{idle.name} only adds demonstrations, and with --demos 0 there are none: give more, or choose an optimizer "
            "of instructions, such as miprov2 or gepa"
        )


OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        LabeledDemos(),
        BootstrapDemos(),
        RandomSearch(),
        NearestDemos(),
        Copro(),
        Mipro(),
        Simba(),
        Rules(),
        Gepa(),
        Chain(optimizer_by_name),
        Together(optimizer_by_name),
        Voting(),
    )
}

"""The optimizers by name."""

from ...errors import CopeError, known_names
from ..job import Optimizer
from .chains import Chain, Together
from .demonstrations import BootstrapDemos, LabeledDemos, RandomSearch
from .ensemble import Voting
from .gepa import Gepa
from .instructions import Copro, Rules
from .mipro import Mipro
from .neighbours import NearestDemos
from .own import trains_weights
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


OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        LabeledDemos(), BootstrapDemos(), RandomSearch(), NearestDemos(), Copro(), Mipro(), Simba(), Rules(), Gepa(),
        Chain(optimizer_by_name), Together(optimizer_by_name), Voting(),
    )
}  # fmt: skip

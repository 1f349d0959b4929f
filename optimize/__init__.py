"""Compile: DSPy's optimizers on a program whose rounds run on different tiers, with an estimate, a budget and a resume."""

from .budget import Budget
from .compiled import Compiled, Scores
from .compiling import Compilation, compile
from .methods import OPTIMIZERS, optimizer_by_name
from .splits import Splits, split

__all__ = [
    "OPTIMIZERS",
    "Budget",
    "Compilation",
    "Compiled",
    "Scores",
    "Splits",
    "compile",
    "optimizer_by_name",
    "split",
]

"""Prompts and thresholds from data: compile with DSPy's optimizers, calibrate with a guarantee."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .budget import Budget
    from .compiled import Compiled, Scores
    from .compiling import Compilation
    from .methods import OPTIMIZERS, optimizer_by_name
    from .splits import Splits, split
    from .verb import compile

# Loaded on first use, so that calibration does not pay for the optimizers.
_HOMES = {
    "Budget": ".budget",
    "Compilation": ".compiling",
    "Compiled": ".compiled",
    "OPTIMIZERS": ".methods",
    "Scores": ".compiled",
    "Splits": ".splits",
    "compile": ".verb",
    "optimizer_by_name": ".methods",
    "split": ".splits",
}

__all__ = [
    "OPTIMIZERS", "Budget", "Compilation", "Compiled", "Scores", "Splits", "compile", "optimizer_by_name", "split",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'cope.optimize' has no attribute {name!r}")

"""Re-exports `cope.report` under its earlier name, for one version."""

import warnings
from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    warnings.warn(
        "cope.eval.report is now cope.report: import it from there",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module("cope.report"), name)

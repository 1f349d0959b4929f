"""COPE: a small and a large language model solve problems together, through plans.

>>> from cope import Cascade, Team
>>> cascade = Cascade("cope", Team(small="local/qwen2.5-coder-0.5b", large="openai/gpt-4o-mini"))
>>> cascade(question="What is 6 times 7?").answer  # doctest: +SKIP
'42'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import CopeError, Unavailable
    from .models import Meter, Team, metered
    from .programs import Cascade, Preset, load_preset

__version__ = "0.1.0"

# Loaded on first use: `cope --help` must not pay for dspy.
_HOMES = {
    "Cascade": ".programs",
    "CopeError": ".errors",
    "Meter": ".models",
    "Preset": ".programs",
    "Team": ".models",
    "Unavailable": ".errors",
    "load_preset": ".programs",
    "metered": ".models",
}

__all__ = ["Cascade", "CopeError", "Meter", "Preset", "Team", "Unavailable", "__version__", "load_preset", "metered"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'cope' has no attribute {name!r}")

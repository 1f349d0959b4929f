"""Context-local values (meters, ledger, observer), stored in DSPy's settings.

DSPy's Evaluate and its optimizers run programs in threads that inherit DSPy's settings and no other
context.
"""

from contextlib import AbstractContextManager
from typing import Any

import dspy
from dspy.dsp.utils.settings import main_thread_config, thread_local_overrides

_PREFIX = "cope_"


def scoped(name: str, value: object) -> AbstractContextManager[None]:
    """Set the value of `in_scope(name)` inside, in every task and thread that DSPy starts there."""
    return dspy.context(**{_PREFIX + name: value})


def in_scope(name: str, default: Any = None) -> Any:
    """Return the innermost value of a name.

    >>> with scoped("example", 1):
    ...     in_scope("example")
    1
    """
    key = _PREFIX + name
    overrides = thread_local_overrides.get()
    if key in overrides:
        return overrides[key]
    return main_thread_config.get(key, default)  # as `dspy.settings.get`, in a third of the time

"""What calls are metered, recorded or observed by: kept among DSPy's settings, since these follow calls everywhere.

DSPy's Evaluate and its optimizers run programs in threads that carry DSPy's settings and no other context.
"""

from contextlib import AbstractContextManager
from typing import Any

import dspy

_PREFIX = "cope_"


def scoped(name: str, value: Any) -> AbstractContextManager[None]:
    """A context inside which `in_scope(name)` is `value`, in every task and thread that DSPy starts there."""
    return dspy.context(**{_PREFIX + name: value})


def in_scope(name: str, default: Any = None) -> Any:
    """The innermost value of a name here.

    >>> with scoped("example", 1):
    ...     in_scope("example")
    1
    """
    return dspy.settings.get(_PREFIX + name, default)

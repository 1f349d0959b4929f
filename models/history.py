"""Let DSPy report the usage of calls also where its history is turned off."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import dspy

_disabled: ContextVar[bool] = ContextVar("cope_no_history", default=False)


@contextmanager
def usage_is_reported() -> Iterator[None]:
    """Let DSPy report calls inside by `update_history`, which it does not where nobody reads it."""
    if not dspy.settings.disable_history:
        yield
        return
    token = _disabled.set(True)
    try:
        with dspy.context(disable_history=False):
            yield
    finally:
        _disabled.reset(token)


def history_is_kept() -> bool:
    """Return whether calls are to be added to DSPy's history."""
    return not _disabled.get()

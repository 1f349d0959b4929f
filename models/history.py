"""Let DSPy report the usage of calls also where its history is turned off."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from .scope import dspy_context, dspy_setting, using

_disabled: ContextVar[bool] = ContextVar("cope_no_history", default=False)
_AS_IT_IS = nullcontext()


def usage_is_reported() -> AbstractContextManager[None]:
    """Let DSPy report calls inside by `update_history`, which it does not where nobody reads it."""
    return _reporting() if dspy_setting("disable_history") else _AS_IT_IS


@contextmanager
def _reporting() -> Iterator[None]:
    with using(_disabled, True), dspy_context(disable_history=False):
        yield


def history_is_kept() -> bool:
    """Return whether calls are to be added to DSPy's history."""
    return not _disabled.get()

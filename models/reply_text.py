"""The text of a reply while an engine writes it, for those who show it at once."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from .scope import in_scope, scoped

TextSink = Callable[[str], None]


def use_text_sink(sink: TextSink | None) -> AbstractContextManager[None]:
    """Pass the text of replies that are requested inside to `sink`, part by part.

    It is called on the event loop of the request. Engines that cannot stream call it never.
    """
    if sink is None and text_sink() is None:
        return nullcontext()
    return scoped("text_sink", sink)


def text_sink() -> TextSink | None:
    """Return the sink of the current context; None when nobody reads the parts."""
    sink: TextSink | None = in_scope("text_sink")
    return sink

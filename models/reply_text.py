"""The text of a reply while an engine writes it, for those who show it at once."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from .scope import in_scope, scoped


class TextSink(Protocol):
    """Receives the text of a reply, part by part."""

    def begin(self) -> None:
        """Take notice that a reply begins; parts before it belong to one that broke off."""
        ...

    def __call__(self, text: str) -> None:
        """Take a part of the reply."""
        ...


def use_text_sink(sink: TextSink | None) -> AbstractContextManager[None]:
    """Pass the text of replies that are requested inside to `sink`, part by part.

    It is called on the event loop of the request. Engines that cannot stream write no part.
    """
    if sink is None and text_sink() is None:
        return nullcontext()
    return scoped("text_sink", sink)


def text_sink() -> TextSink | None:
    """Return the sink of the current context; None when nobody reads the parts."""
    sink: TextSink | None = in_scope("text_sink")
    return sink


def begin_reply() -> None:
    """Say that a model is asked for a reply, also when it is asked again."""
    sink = text_sink()
    if sink is not None:
        sink.begin()

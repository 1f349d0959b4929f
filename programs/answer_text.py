"""Report the text of an answer while a model writes it."""

from .events import AnswerText, Observer, current_observer


class AnswerSink:
    """Reports the parts of a reply that is the answer.

    Args:
        observer: receives the parts.
        number: the round, from 1.
        start: the start of the reply that the model does not write again.
    """

    def __init__(self, observer: Observer, number: int, start: str = "") -> None:
        self._observer, self._number, self._start = observer, number, start
        self._has_begun = False

    def begin(self) -> None:
        """Report the start of the reply, and that it is written anew if it broke off before."""
        if self._start or self._has_begun:
            self._observer(AnswerText(self._number, self._start, self._has_begun))
        self._has_begun = True

    def __call__(self, text: str) -> None:
        """Report a part of the reply."""
        self._observer(AnswerText(self._number, text))


def answer_sink(number: int, start: str = "") -> AnswerSink | None:
    """Return what reports the text of a round's answer; None when nobody observes the cascade.

    Args:
        number: the round, from 1.
        start: the start of the reply that the model does not write again.
    """
    observer = current_observer()
    return None if observer is None else AnswerSink(observer, number, start)

"""The text of an answer as it is written, without what follows a stop."""

from collections.abc import Sequence


def cut_at_stops(text: str, stops: Sequence[str]) -> str:
    """Return a text up to the first of some texts, without the space before it.

    >>> cut_at_stops("one \\ntwo", ["\\n"])
    'one'
    """
    ends = [text.index(stop) for stop in stops if stop in text]
    return text[: min(ends)].rstrip() if ends else text


class TextStream:
    """Passes on parts of an answer, and holds back what may belong to a stop or be trimmed.

    Args:
        stops: texts before which the answer ends.

    >>> stream = TextStream(["END"])
    >>> stream.add(" 4"), stream.add("2 E"), stream.add("ND more")
    ('4', '2', '')
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = tuple(stops)
        self._text = ""
        self._sent = 0

    def add(self, part: str) -> str:
        """Take a part, and return the text that can be sent now."""
        self._text = (self._text + part).lstrip() if not self._sent else self._text + part
        ready = cut_at_stops(self._text, self._stops)
        if len(ready) == len(self._text):
            ready = ready[: len(ready) - self._held(ready)].rstrip()
        return self._take(ready)

    def finish(self, answer: str) -> str:
        """Return what is left of the answer; nothing, if it differs from what was sent.

        Args:
            answer: the answer without what follows a stop.
        """
        sent = self._text[: self._sent]
        return answer[len(sent) :] if answer.startswith(sent) else ""

    def _held(self, text: str) -> int:
        """Return the length of the text's end that may be the beginning of a stop."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for size in range(min(longest, len(text)), 0, -1):
            end = text[-size:]
            if any(stop.startswith(end) for stop in self._stops):
                return size
        return 0

    def _take(self, ready: str) -> str:
        new = ready[self._sent :]
        self._sent = max(self._sent, len(ready))
        return new

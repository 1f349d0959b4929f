"""The text of an answer as it is written, as the whole reply will have it."""

from collections.abc import Sequence
from typing import Protocol

from ..answers.json_stream import JsonStart
from ..answers.reply.growing import GrowingReply
from .errors import answer_changed


class Reader(Protocol):
    """Reads a growing reply."""

    def add(self, part: str) -> str:
        """Take a part of the reply, and return all text that can be sent."""
        ...


def cut_at_stops(text: str, stops: Sequence[str]) -> str:
    """Return a text up to the first of some texts, without the space before it.

    >>> cut_at_stops("one \\ntwo", ["\\n"])
    'one'
    """
    ends = [text.index(stop) for stop in stops if stop in text]
    return text[: min(ends)].rstrip() if ends else text


class PlainReader:
    """Reads text, and holds back what may be hidden, belong to a stop, or be trimmed.

    Args:
        stops: texts before which the answer ends.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = tuple(stops)
        self._reply = GrowingReply()

    def add(self, part: str) -> str:
        """Take a part of the reply, and return all text that can be sent."""
        text = self._reply.add(part)
        ready = cut_at_stops(text, self._stops)
        if len(ready) < len(text):
            return ready
        return ready[: len(ready) - self._held(ready)].rstrip()

    def _held(self, text: str) -> int:
        """Return the length of the text's end that may be the beginning of a stop."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for size in range(min(longest, len(text)), 0, -1):
            end = text[-size:]
            if any(stop.startswith(end) for stop in self._stops):
                return size
        return 0


class JsonReader:
    """Reads a reply that begins with JSON; any other one is read when it is whole."""

    def __init__(self) -> None:
        self._value = JsonStart()
        self._text = ""

    def add(self, part: str) -> str:
        """Take a part of the reply, and return all text that can be sent."""
        self._text += self._value.add(part)
        return self._text


class TextStream:
    """Passes on parts of an answer as soon as they are known to be in it.

    Args:
        stops: texts before which the answer ends.
        is_json: whether the answer is JSON, which no stop cuts.

    Attributes:
        sent: the text that was passed on.

    >>> stream = TextStream(["END"])
    >>> stream.add(" 4"), stream.add("2 E"), stream.add("ND more")
    ('4', '2', '')
    """

    def __init__(self, stops: Sequence[str] = (), is_json: bool = False) -> None:
        self._stops, self._is_json = tuple(stops), is_json
        self._reader = self._new_reader()
        self.sent = ""

    def _new_reader(self) -> Reader:
        return JsonReader() if self._is_json else PlainReader(self._stops)

    def add(self, part: str, anew: bool = False) -> str:
        """Take a part, and return the text that can be sent now.

        Args:
            part: the part.
            anew: whether the answer begins again. What was sent of it is not sent twice.
        """
        if anew:
            self._reader = self._new_reader()
        ready = self._reader.add(part)
        if not ready.startswith(self.sent):
            return ""
        new = ready[len(self.sent) :]
        self.sent = ready
        return new

    def finish(self, answer: str) -> str:
        """Return what is left of the answer.

        Args:
            answer: the answer without what follows a stop.

        Raises:
            ApiError: when it differs from what was sent.
        """
        if not answer.startswith(self.sent):
            raise answer_changed()
        return answer[len(self.sent) :]

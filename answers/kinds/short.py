"""Base class of kinds with short answers: decide which part of a reply is read."""

from abc import ABC, abstractmethod

from ..reply.reader import read_reply


class NoAnswer(Exception):
    """A marked text says that there is no answer of this kind, so that no other text is tried."""


class ReplyReader(ABC):
    """Reads an answer that is on one line of a reply.

    A subclass reads one text at a time. `parse` gives it the marked answers first, then a first
    line that is nothing but an answer, then the last line.
    """

    def parse(self, text: str) -> str | None:
        """Return the answer in an answer field or a whole reply; None when there is none."""
        reply = read_reply(text)
        if reply.state != "answer":
            return None
        try:
            return self._from_marks(reply.marked, reply.weak) or self.read_lines(reply.lines)
        except NoAnswer:
            return None

    def _from_marks(self, marked: tuple[str, ...], weak: tuple[str, ...]) -> str | None:
        for content in marked:
            answer = self.read_marked(content)
            if answer is not None:
                return answer
        for content in weak:
            answer = self.read_bare(content)
            if answer is not None:
                return answer
        return None

    def read_lines(self, lines: tuple[str, ...]) -> str | None:
        """Return the answer in lines without marks."""
        if not lines:
            return None
        if len(lines) == 1:
            return self.read_line(lines[0])
        return self.read_bare(lines[0]) or self.read_line(lines[-1])

    @abstractmethod
    def read_marked(self, content: str) -> str | None:
        """Return the answer in the text after a mark; None to try a weaker mark.

        Raises:
            NoAnswer: The text says that there is no answer, or holds several.
        """

    @abstractmethod
    def read_bare(self, line: str) -> str | None:
        """Return a line that is nothing but an answer; None for anything else."""

    @abstractmethod
    def read_line(self, line: str) -> str | None:
        """Return the answer in a line of a reply without marks."""

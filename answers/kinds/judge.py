"""Free text: the whole reply is the answer, and a judge scores it."""

from ..reply.cleaning import whole_visible_text
from .base import NormalFormKind


class JudgeKind(NormalFormKind):
    """The whole reply. Two samples are equal when they are the same but for spaces.

    Whether an answer is right needs a judge, see `cope.eval.judging`.

    >>> JUDGE.parse("  Dear reader, ... "), JUDGE.parse(" ")
    ('Dear reader, ...', None)
    """

    name = "judge"
    comparison = "by a judge"

    def parse(self, text: str) -> str | None:
        """Return the text without spaces around it and without a model's hidden thoughts."""
        return whole_visible_text(text) or None

    def normalize(self, answer: str) -> str:
        """Return the text with single spaces."""
        return " ".join(answer.split())


JUDGE = JudgeKind()

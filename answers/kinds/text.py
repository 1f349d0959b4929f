"""Compare short texts without regard to case, spacing and surrounding punctuation."""

import string
import unicodedata

from ..short.parse import parse_answer
from .base import NormalFormKind

_AROUND = string.punctuation + string.whitespace + "\u2018\u2019\u201c\u201d\u2026"


class TextKind(NormalFormKind):
    """A name, a phrase or a line of text.

    >>> TEXT.equal_by_normal_form("  The  Eiffel Tower.", "the eiffel tower")
    True
    """

    name = "text"

    def parse(self, text: str) -> str | None:
        """Return the final answer, by the clearest marker in the reply."""
        return parse_answer(text)

    def normalize(self, answer: str) -> str:
        """Return the text after NFKC and case folding, without extra spaces and outer punctuation.

        A text that is nothing but punctuation keeps it.
        """
        folded = unicodedata.normalize("NFKC", answer).casefold()
        line = " ".join(folded.split())
        return line.strip(_AROUND) or line


TEXT = TextKind()

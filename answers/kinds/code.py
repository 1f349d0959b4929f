"""Python programs, compared as they are written: whether two of them do the same can only be found by running them."""

from ..code.extract import extract_program
from .base import NormalFormKind


class CodeKind(NormalFormKind):
    """Programs in a reply, with or without a code block."""

    name = "code"

    def parse(self, text: str) -> str | None:
        """Return the program in a reply."""
        return extract_program(text, None)

    def normalize(self, answer: str) -> str:
        """Return the program as it is."""
        return answer


CODE = CodeKind()

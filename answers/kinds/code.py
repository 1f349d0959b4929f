"""Compare Python programs by their source, because only running them shows if two do the same."""

from ..code.reply import extract_program
from .base import NormalFormKind


class CodeKind(NormalFormKind):
    """A program in a reply, with or without a code block."""

    name = "code"
    runs_programs = True
    comparison = "as programs"

    def parse(self, text: str) -> str | None:
        """Return the program in a reply."""
        return extract_program(text, "")

    def normalize(self, answer: str) -> str:
        """Return the program unchanged."""
        return answer


CODE = CodeKind()

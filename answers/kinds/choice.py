"""Compare answers as options: the letter counts, however the reply names it."""

from ..reply.marks import text_after
from ..short.number_sentence import first_sentence
from ..short.option import (
    bare_option,
    first_option,
    leading_option,
    listed_options,
    names_several,
    options_in_sentence,
    plain_choice,
    starts_denied,
    starts_with_several,
    without_denied,
)
from .base import NormalFormKind
from .short import NoAnswer, ReplyReader
from .text import TEXT, text_form


class ChoiceKind(ReplyReader, NormalFormKind):
    """One option of several, named by its letter. Two options are no answer.

    >>> CHOICE.parse("The answer is not A but C."), CHOICE.parse("Option A or option C")
    ('C', None)
    """

    name = "choice"
    comparison = "as options"

    def read_marked(self, content: str) -> str | None:
        """Return the option after a mark."""
        letter = self.read_bare(content)
        if letter is not None:
            return letter
        content = without_denied(content)
        if starts_denied(content) or starts_with_several(content):
            raise NoAnswer
        sentence = first_sentence(content)
        letter = self.read_bare(sentence)
        if letter is not None:
            return letter
        if names_several(sentence):
            raise NoAnswer
        return _one_of(options_in_sentence(content))

    def read_bare(self, line: str) -> str | None:
        """Return the option of a line that starts with it, as in "C. 14 metres"."""
        return first_option(line)

    def read_line(self, line: str) -> str | None:
        """Return the option that a line chooses."""
        line = without_denied(line)
        letter = self.read_bare(line)
        if letter is not None:
            return letter
        if starts_denied(line) or names_several(line):
            return None
        return _one_of(options_in_sentence(line))

    def read_lines(self, lines: tuple[str, ...]) -> str | None:
        """Return the option of the first line, or the one that a later line chooses."""
        if len(lines) < 2:
            return super().read_lines(lines)
        first = self.read_bare(lines[0])
        if first is not None:
            return first
        for line in reversed(lines):
            chosen = _one_of(options_in_sentence(without_denied(line)))
            if chosen is not None and not names_several(line):
                return chosen
        return self.read_line(lines[-1])

    def parse_for(self, text: str, question: str) -> str | None:
        """Return the letter of the option that a text names by its words.

        >>> CHOICE.parse_for("It is green.", "A. red" + chr(10) + "B. green")
        'B'
        >>> CHOICE.parse_for("Answer: 3", "A. 3 km" + chr(10) + "B. 3")
        'B'
        """
        named = TEXT.parse(text)
        if named is None:
            return None
        for letter, option in listed_options(question).items():
            if text_form(named) == text_form(option):
                return letter
        return None

    def normalize(self, answer: str) -> str:
        """Return the letter in upper case; of a text that is no option, the text itself."""
        line = text_after(answer[:400], 0)
        letter = bare_option(line) or leading_option(line)
        return letter or f"text {plain_choice(answer[:400]).casefold()}"


def _one_of(letters: list[str]) -> str | None:
    return letters[0] if len(letters) == 1 else None


CHOICE = ChoiceKind()

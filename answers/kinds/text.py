"""Compare short texts; Unicode form, case, articles, outer punctuation and quotes do not count."""

from collections.abc import Sequence
from functools import lru_cache

from ..characters import to_plain
from ..short.amount import is_with_unit
from ..short.latex import without_latex
from ..short.option import is_option_with_words
from ..short.phrase import outer_stripped, phrase_form
from ..short.sentence import (
    MAX_CHARS,
    answer_in_sentence,
    is_sentence,
    sentences,
    verdict_of,
    without_reason,
)
from .short import ReplyReader

_MAX_READ = 20_000
"""Characters of an answer that are compared."""


class TextKind(ReplyReader):
    """A name, a phrase or a line of text. Names keep their numbers; nothing is computed.

    A number is equal to itself with a unit behind it, because models write units at one time and
    not at another. The letter of an option is equal to itself with the option's words behind it.

    >>> TEXT.equal_by_normal_form("3", "3 bolts"), TEXT.equal_by_normal_form("12", "12 Monkeys")
    (True, False)
    >>> TEXT.equal_by_normal_form("(B)", "(B) 14 metres")
    True
    >>> TEXT.equal_by_normal_form("  The  Eiffel Tower.", "the eiffel tower")
    True
    >>> TEXT.parse("The answer is Apollo 12."), TEXT.equal_by_normal_form("9-11", "10-12")
    ('Apollo 12', False)
    """

    name = "text"
    comparison = "as texts"

    def read_marked(self, content: str) -> str | None:
        """Return the text after a mark, without a reason behind it."""
        return _read(content)

    def read_bare(self, line: str) -> str | None:
        """Return a line that is a name or a phrase and no sentence."""
        return None if is_sentence(line) or line.rstrip().endswith((":", "?")) else _read(line)

    def read_line(self, line: str) -> str | None:
        """Return the answer in a single line: what its sentence gives, or all of it."""
        return _read(line)

    def read_lines(self, lines: tuple[str, ...]) -> str | None:
        """Return the answer in lines without marks."""
        if len(lines) < 2:
            return super().read_lines(lines)
        found = self.read_bare(lines[0]) or self.read_bare(lines[-1])
        if found is not None:
            return found
        for line in (lines[-1], lines[0]):
            given = answer_in_sentence(sentences(line)[-1])
            if given is not None:
                return _clean(given)
        return None

    def equal_by_normal_form(self, a: str, b: str) -> bool:
        """Return whether two answers have the same form, beside a unit or an option's words."""
        a, b = a[:_MAX_READ], b[:_MAX_READ]
        first, second = text_form(a), text_form(b)
        if first == second:
            return True
        if is_with_unit(_text(a), second) or is_with_unit(_text(b), first):
            return True
        return is_option_with_words(_text(a), b) or is_option_with_words(_text(b), a)

    async def equal_async(self, a: str, b: str) -> bool:
        """Compare like `equal_by_normal_form`."""
        return self.equal_by_normal_form(a, b)

    async def group_async(self, answers: Sequence[str | None]) -> list[int | None]:
        """Number the groups of equal answers in order of first appearance; None stays None."""
        known: list[str] = []  # the first answer of each group
        groups: list[int | None] = []
        for answer in answers:
            if answer is None:
                groups.append(None)
                continue
            same = [self.equal_by_normal_form(first, answer) for first in known]
            if True not in same:
                known.append(answer)
            groups.append(same.index(True) if True in same else len(same))
        return groups


@lru_cache(maxsize=4096)
def text_form(answer: str) -> str:
    """Return the text in one form, see `phrase_form`; of a sentence, the form of its answer."""
    return phrase_form(_read(answer) or answer)


@lru_cache(maxsize=4096)
def _text(answer: str) -> str:
    """Return what an answer says, in its own case."""
    return to_plain(_read(answer) or answer)


@lru_cache(maxsize=1024)
def _read(content: str) -> str | None:
    """Return the answer in one line; it is idempotent."""
    line = without_latex(content) if "\\" in content else content
    line = " ".join(line.split()).strip()
    verdict = verdict_of(line)
    if verdict is not None:
        return verdict
    parts = sentences(line)
    if not parts:
        return None
    if is_sentence(parts[0]) or len(parts) == 1:
        for part in (parts[0], parts[-1]):
            given = answer_in_sentence(part)
            if given is not None:
                return _clean(given)
    answer = _clean(without_reason(parts[0]))
    return answer if answer and len(answer) <= MAX_CHARS else None


def _clean(text: str) -> str | None:
    """Return a text without the marks around it; a text of marks alone keeps them."""
    s = text.strip()
    if len(s) > 2 and s.startswith("$") and s.endswith("$"):
        s = s[1:-1]
    s = s.strip(" *_`")
    if s.endswith(".") and not s[:-1].endswith("."):
        s = s[:-1] if not _is_initials(s) else s
    stripped = outer_stripped(s)
    if s[:1] in "\"'\u201c\u2018(" and stripped:
        return stripped
    return s.rstrip(",;:!").strip() or stripped or text.strip() or None


def _is_initials(s: str) -> bool:
    last = s.rsplit(" ", 1)[-1]
    return last.count(".") > 1


TEXT = TextKind()

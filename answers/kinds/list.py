"""Compare lists of answers: the same items as often, in any order."""

import re
from collections.abc import Sequence
from functools import lru_cache

from ..short.amount import read_amount
from ..short.latex import without_latex
from ..short.phrase import outer_stripped, phrase_form
from ..short.sentence import is_sentence, without_reason
from .base import NormalFormKind
from .short import ReplyReader

_BULLET = re.compile(r"\s*(?:[-*\u2022+]\s+|\(?\d{1,3}[.)]\s+)")
_SEPARATOR = re.compile(r"\s*;\s*|\s*,\s*(?:(?:and|or|&)\s+)?(?!\d{3}(?!\d))|\s+(?:and|or|&)\s+|\n")
_SEMICOLON = re.compile(r"\s*[;\n]\s*(?:(?:and|or)\s+)?")
_FRAME = re.compile(r".{0,80}?(?:\b(?:is|are|were|be)\b|:)\s+(?=\S)", re.S)
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_BLANKS = re.compile(r"[ \t]+")
MAX_ITEMS = 1000


class ListKind(ReplyReader, NormalFormKind):
    """Several answers, as a list with commas, semicolons or bullets, or as a JSON list.

    Items are compared as numbers where they are numbers, else as texts. Order does not matter, and
    an item that is there twice counts twice.

    >>> LIST.equal_by_normal_form("red, blue and 1,000", "['blue', '1000', 'red']")
    True
    """

    name = "list"
    comparison = "as lists"

    def read_marked(self, content: str) -> str | None:
        """Return the list after a mark."""
        items = split_items(without_reason(content))
        return "; ".join(items) or None

    def read_bare(self, line: str) -> str | None:
        """Return a line that is a list of at least two items."""
        if is_sentence(line):
            return None
        items = split_items(line)
        return "; ".join(items) if len(items) > 1 else None

    def read_line(self, line: str) -> str | None:
        """Return the list in a line, behind "are" or a colon where there is one."""
        frame = _FRAME.match(line) if is_sentence(line) or ":" in line else None
        return self.read_marked(line[frame.end() :] if frame else line)

    def read_lines(self, lines: tuple[str, ...]) -> str | None:
        """Return the items of lines with bullets, else the list in the first or last line."""
        items = [_BULLET.sub("", line, count=1) for line in lines if _BULLET.match(line)]
        if len(items) > 1:
            return "; ".join(filter(None, map(outer_stripped, items)))
        return super().read_lines(lines)

    def normalize(self, answer: str) -> str:
        """Return the forms of the items in alphabetical order."""
        return _form(_BLANKS.sub(" ", answer[:4000]))


@lru_cache(maxsize=2048)
def _form(answer: str) -> str:
    return "; ".join(sorted(_item_form(item) for item in split_items(answer)))


def split_items(text: str) -> Sequence[str]:
    """Return the items of a list as it is written; a comma in "1,000" is no separator.

    >>> split_items("2, 5, and 1,000"), split_items("Paris, France; Rome, Italy")
    (['2', '5', '1,000'], ['Paris, France', 'Rome, Italy'])
    """
    s = without_latex(text).replace("$", "").strip(" \t\n.`*")
    s = re.sub(r"\\([{}])", r"\1", s)
    if s[:1] in _BRACKETS and s.endswith(_BRACKETS[s[0]]):
        s = s[1:-1]
    separator = _SEMICOLON if ";" in s or "\n" in s else _SEPARATOR
    items = [outer_stripped(_BULLET.sub("", item, count=1)) for item in separator.split(s)]
    return [item for item in items if item][:MAX_ITEMS]


def _item_form(item: str) -> str:
    amount = read_amount(item) if any(c.isdigit() for c in item) else None
    return phrase_form(item) if amount is None else str(amount.value)


LIST = ListKind()

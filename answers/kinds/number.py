"""Compare answers as numbers, by their exact values, without currency, units and percent signs."""

import re
from functools import lru_cache

from ..short.amount import read_amount
from ..short.number_sentence import read_number
from .base import NormalFormKind
from .short import NoAnswer, ReplyReader

_BULLET = re.compile(
    r"[\s>#]*(?:[*\u2022]\s+|-\s+(?=[A-Za-z*$\\]))?(?:\d{1,2}[.)]\s+(?=\S*[A-Za-z*]))?"
)
_DIGIT = re.compile(r"\d")


class NumberKind(ReplyReader, NormalFormKind):
    """One number: a count, an amount of money, a percentage, a measure.

    Values are compared exactly: 0.33 is not 1/3. A question fixes the unit of its answer, so units
    and currencies do not count. A percent sign does not divide by 100, because to "what percent?"
    both 18 and 18% are right. Several numbers ("3 hours 20 minutes", "10-15") are not one number.

    >>> NUMBER.parse("So she pays $1,050.00 in all."), NUMBER.normalize("2½ cups")
    ('1050.00', '5/2')
    """

    name = "number"
    comparison = "as numbers"

    def read_marked(self, content: str) -> str | None:
        """Return the number after a mark."""
        amount = read_number(content, marked=True)
        if amount is not None:
            return amount.text
        if _DIGIT.search(content):
            raise NoAnswer
        return None

    def read_bare(self, line: str) -> str | None:
        """Return a line that is one number, with its unit at most."""
        if "=" in line:
            return None  # a step, such as "Chair = 3 feet"
        amount = read_amount(_BULLET.sub("", line, count=1))
        return None if amount is None else amount.text

    def read_line(self, line: str) -> str | None:
        """Return the last number of a line."""
        amount = read_number(_BULLET.sub("", line, count=1), marked=False)
        return None if amount is None else amount.text

    def read_lines(self, lines: tuple[str, ...]) -> str | None:
        """Return the number in lines without marks; a last line without digits is passed over."""
        found = super().read_lines(lines)
        if found is None and len(lines) > 1 and not _DIGIT.search(lines[-1]):
            return self._from_display(lines)
        return found

    def _from_display(self, lines: tuple[str, ...]) -> str | None:
        """Return the result of a displayed equation with words after it."""
        for line in reversed(lines[-3:-1]):
            if line.startswith("$") and line.rstrip(".,;").endswith("$"):
                return self.read_line(line)
        return None

    def normalize(self, answer: str) -> str:
        """Return the exact value as a fraction; of a text that is no number, the text itself."""
        return _value(" ".join(answer[:2000].split()))


@lru_cache(maxsize=4096)
def _value(answer: str) -> str:
    amount = read_amount(answer) or read_number(answer, marked=True)
    if amount is None:
        return f"text {answer.casefold()}"
    return str(amount.value)


NUMBER = NumberKind()

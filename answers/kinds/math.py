"""Compare answers as mathematics where they are mathematics, and as text elsewhere."""

from collections.abc import Sequence

from ..short.equivalence import equal_async, equal_by_normal_form, group_equal_async
from ..short.math_reading import read_expression, read_last_expression, read_only_expression
from .short import ReplyReader


class MathKind(ReplyReader):
    """A mathematical answer: a number, a formula, a set, an interval; also a few words.

    >>> MATH.parse("So the total is $18."), MATH.equal_by_normal_form("0.5", "1/2")
    ('18', True)
    """

    name = "math"
    comparison = "as mathematics"

    def read_marked(self, content: str) -> str | None:
        """Return the expression after a mark."""
        return read_expression(content)

    def read_bare(self, line: str) -> str | None:
        """Return a line that is nothing but a number or an expression."""
        return read_only_expression(line)

    def read_line(self, line: str) -> str | None:
        """Return the expression of a single line."""
        return read_expression(line)

    def read_lines(self, lines: tuple[str, ...]) -> str | None:
        """Return the expression in lines without marks."""
        if len(lines) < 2:
            return super().read_lines(lines)
        first = None if "=" in lines[0] else self.read_bare(lines[0])
        return first or read_last_expression(lines[-1])

    def equal_by_normal_form(self, a: str, b: str) -> bool | None:
        """Compare by normal form; return None when only algebra can decide."""
        return equal_by_normal_form(a, b)

    async def equal_async(self, a: str, b: str) -> bool:
        """Compare by normal form, then by algebra in a child process."""
        return await equal_async(a, b)

    async def group_async(self, answers: Sequence[str | None]) -> list[int | None]:
        """Number the classes of equal answers, see `answers.short.equivalence.group_equal`."""
        return await group_equal_async(answers)


MATH = MathKind()

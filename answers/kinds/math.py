"""Answers that are compared as mathematics where they are mathematics, and as words elsewhere."""

from collections.abc import Sequence

from ..short.equivalence import aequal, agroup, equal_fast
from ..short.parse import read_answer


class MathKind:
    """Short final answers: numbers, formulas, sets, options, a few words.

    >>> MATH.parse("So the total is $18."), MATH.equal_by_normal_form("0.5", "1/2")
    ('18', True)
    """

    name = "math"

    def parse(self, text: str) -> str | None:
        """Return the final answer, by the clearest mark that a reply has."""
        return read_answer(text)

    def equal_by_normal_form(self, a: str, b: str) -> bool | None:
        """Compare by normal form; None when only algebra can tell."""
        return equal_fast(a, b)

    async def equal_async(self, a: str, b: str) -> bool:
        """Compare by normal form, then by algebra in a child process."""
        return await aequal(a, b)

    async def group_async(self, answers: Sequence[str | None]) -> list[int | None]:
        """Number the classes of equal answers, see `answers.short.equivalence.group`."""
        return await agroup(answers)


MATH = MathKind()

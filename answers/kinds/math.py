"""Compare answers as mathematics where they are mathematics, and as text elsewhere."""

from collections.abc import Sequence

from ..short.equivalence import equal_async, equal_by_normal_form, group_equal_async
from ..short.parse import parse_answer


class MathKind:
    """A short final answer: a number, a formula, a set, an option or a few words.

    >>> MATH.parse("So the total is $18."), MATH.equal_by_normal_form("0.5", "1/2")
    ('18', True)
    """

    name = "math"

    def parse(self, text: str) -> str | None:
        """Return the final answer, by the clearest marker in the reply."""
        return parse_answer(text)

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

"""Accept an answer in which the right one, a regular expression, is found."""

import re
from functools import lru_cache

from ...errors import CopeError
from .whole import WholeText


class RegexRule(WholeText):
    r"""The right answer is a regular expression of Python, which must match in the answer.

    >>> REGEX.accepts(r"colou?r", "the color red"), REGEX.accepts(r"^\d+$", "12 apples")
    (True, False)
    """

    name = "regex"
    comparison = "by regular expressions"

    def accepts(self, gold: str, answer: str) -> bool:
        """Return whether the expression is found in the answer.

        Raises:
            CopeError: The right answer is no regular expression.
        """
        return _compiled(gold).search(answer[:20_000]) is not None


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error as error:
        raise CopeError(
            f"the right answer {expression[:80]!r} is no regular expression ({error}): "
            "correct it, or name another --match"
        ) from None


REGEX = RegexRule()

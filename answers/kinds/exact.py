"""Compare answers character by character, apart from spaces around them."""

from .whole import WholeText


class ExactRule(WholeText):
    """The answer is the right one, written in the same way.

    >>> EXACT.equal_by_normal_form("Paris", "Paris "), EXACT.equal_by_normal_form("Paris", "paris")
    (True, False)
    """

    name = "exact"
    comparison = "character by character"

    def normalize(self, answer: str) -> str:
        """Return the text without spaces around it."""
        return answer.strip()


EXACT = ExactRule()

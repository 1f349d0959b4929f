"""Accept an answer that contains the right one, as whole words."""

import re

from ..short.phrase import phrase_form
from .whole import WholeText


class ContainsRule(WholeText):
    """The answer contains the right one. Case, quotes and the form of Unicode do not count.

    >>> CONTAINS.accepts("Paris", "It is Paris, I think."), CONTAINS.accepts("2", "12 apples")
    (True, False)
    """

    name = "contains"
    comparison = "by whether they contain the right one"

    def accepts(self, gold: str, answer: str) -> bool:
        """Return whether an answer contains the words of the right one."""
        wanted = phrase_form(gold[:20_000])
        start = r"(?<!\w)" if wanted[:1].isalnum() else ""
        end = r"(?!\w)" if wanted[-1:].isalnum() else ""
        return re.search(start + re.escape(wanted) + end, phrase_form(answer[:20_000])) is not None

    def normalize(self, answer: str) -> str:
        """Return the text in one form; by it, samples vote."""
        return phrase_form(answer[:20_000])


CONTAINS = ContainsRule()

"""Read examples that a text writes as a call and its value, such as `f(3) -> 9`."""

import re
from collections import Counter
from collections.abc import Iterator

from .calls import LiteralCall, literal_calls, may_be_asked_for
from .written_values import WrittenValue, written_value

_SIGN = r"={1,3}>?|-{1,2}>|[\u2192\u21a6\u21d2\u27a1\u279c\u279e\u27a4\u27f6\u27f9\u2261:]"
_VERB = (
    r"(?:(?:should|must|will|would|shall)[ ]+)?"
    r"(?:returns?|gives?|yields?|outputs?|produces?|equals?|evaluates?[ ]to|is|be)"
    r"(?:[ ]equal[ ]to)?\b"
)
_MARKER = re.compile(
    rf"""`?[ \t]*(?:
        (?:\#|//)[ \t]*(?:(?:{_SIGN}|{_VERB})[ \t]*:?)?    # a comment behind the call
        | (?:{_SIGN}|{_VERB})
    )[ \t]*`?""",
    re.VERBOSE | re.IGNORECASE,
)
_BULLET = re.compile(r"^[ \t]*[-*+>][ \t]*")
_IN_EXPRESSION = re.compile(r"(?:[-+*/%<>=&|^~@]|\b(?:not|in|or|if|lambda))[ \t]*$")


def written_examples(text: str, name: str | None = None) -> Iterator[str]:
    r"""Yield a test for each call of a text that its value follows in the same line.

    Between both stands `==`, `=`, an arrow, a colon, `#`, or a word such as "returns". An example
    counts only if it can be read in one way: nothing but a remark may follow the value, and the
    call is no part of an expression.

    Args:
        text: plain text or the value of a docstring, cleaned by `clean_text`.
        name: the function's name. When None it is the one with the most examples.

    >>> list(written_examples("- half(4) => 2\n- half(3) should return 1.5.\n- half(x) => x / 2"))
    ['assert half(4) == 2', 'assert half(3) == 1.5']
    """
    found: list[tuple[str, str]] = []
    for call in literal_calls(text, name):
        value = _value_of(text, call)
        if value is not None and (name is not None or may_be_asked_for(call.name)):
            found.append((call.name, f"assert {call.source} == {value.source}"))
    counts = Counter(called for called, _ in found)
    most = max(counts, key=lambda called: counts[called], default=name)
    for called, test in found:
        if called == most:
            yield test


def _value_of(text: str, call: LiteralCall) -> WrittenValue | None:
    line_start = text.rfind("\n", 0, call.start) + 1
    before = _BULLET.sub("", text[line_start : call.start], count=1)
    if _IN_EXPRESSION.search(before):
        return None
    marker = _MARKER.match(text, call.end)
    return written_value(text, marker.end()) if marker else None

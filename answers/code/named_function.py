"""Find the function that a sentence names."""

import re

from .calls import BUILTIN_NAMES

_NAMED = (
    re.compile(r"\b(?:function|method|def)\s+(?:called|named)\s+[`'\"]?([A-Za-z_]\w*)", re.I),
    re.compile(r"\bfunction\s+`([A-Za-z_]\w*)[`(]", re.I),
    re.compile(r"\bfunction\s+([A-Za-z_]\w*)\(", re.I),
    re.compile(r"`([A-Za-z_]\w*)\([^`\n]*\)"),
)
_NO_NAMES = frozenset(
    "a after an and as at before by every for from if in it on once only or that the to when"
    " with".split()
)


def named_function(text: str) -> str | None:
    """Return the name that a text gives to a function, or None.

    >>> named_function("Write a function called add_two.")
    'add_two'
    """
    for pattern in _NAMED:
        for m in pattern.finditer(text):
            if m[1] not in BUILTIN_NAMES and m[1].lower() not in _NO_NAMES:
                return m[1]
    return None

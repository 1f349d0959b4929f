"""Find the name of the function that a question asks for."""

import re

from .calls import called_names, clean_text
from .named_function import named_function
from .partial_parse import parse_or_none
from .statements import FUNCTION_NODES
from .visible_tests import visible_tests


def guess_entry_point(question: str) -> str | None:
    """Return the name of the function that a question asks for.

    Args:
        question: The head of a program, or text with or without tests.

    Returns:
        The last function of the head; else what the shown tests call most; else the name that the
        text gives it.

    Example:
        >>> guess_entry_point("Write a function to double a number.\\n\\nassert double(2) == 4")
        'double'
    """
    text = clean_text(question).rstrip()
    head = parse_or_none(text) or parse_or_none(f"{text}\n    pass")
    functions = [s.name for s in head.body if isinstance(s, FUNCTION_NODES)] if head else []
    if functions:
        return functions[-1]
    counts: dict[str, int] = {}
    for test in visible_tests(text):
        tree = parse_or_none(test)
        names = called_names(tree)[:1] if tree else []
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    if counts:
        return max(counts, key=lambda name: counts[name])
    definitions = re.findall(r"^[ \t]*(?:async[ \t]+)?def[ \t]+([A-Za-z_]\w*)[ \t]*\(", text, re.M)
    if definitions:
        return definitions[-1]
    return named_function(text)

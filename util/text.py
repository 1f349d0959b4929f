"""Format texts, counts, money and durations."""

import json
import math
import re
import textwrap
from typing import Any

LONGEST_VALUE = 240
"""The maximum of characters of a value that is shown in full."""


_GLUE = "\ue000"
# Parts of a number that belong on one line, as in "30.1% to 95.4%", "3 of 40" and "n = 4".
_RANGE = re.compile(r"(?<=[\d%)]) (to|of|/) (?=[-+$(\d])")
_UNIT = re.compile(r"(?<=\d) (?=(?:[kKMGT]?i?B|m?s|min|h|USD|tokens?|calls?|questions?)\b)")
_EQUATION = re.compile(r" = (?=[-+$\d])")


def one_line(text: str) -> str:
    """Return a model's text on one line, without terminal control characters."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else " " for c in line)


def shorten(text: str, max_chars: int) -> str:
    """Return a text in one line of at most `max_chars` characters, as feedback and errors quote it.

    >>> shorten("assert add(1, 2)  ==  3", 14)
    'assert add(...'
    """
    line = " ".join(text.split())
    return line if len(line) <= max_chars else f"{line[: max_chars - 3]}..."


def common_start(first: str, second: str) -> int:
    """Return the number of characters at the start of both texts that are equal, by bisection.

    >>> common_start("go to shelf 1", "go to desk 1")
    6
    """
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def plural(count: int, noun: str) -> str:
    """Format a count with its noun, which takes an s unless the count is 1.

    >>> plural(1, "call"), plural(2, "call")
    ('1 call', '2 calls')
    """
    if count == 1:
        return f"{count:,} {noun}"
    return f"{count:,} {noun}s"


def format_usd(usd: float) -> str:
    """Format an amount in USD with two significant digits, because costs are often below a cent.

    >>> format_usd(1.5), format_usd(0.000123), format_usd(0)
    ('$1.50', '$0.00012', '$0')
    """
    if usd <= 0:
        return "$0"
    return f"${usd:.{max(2, 1 - math.floor(math.log10(usd)))}f}"


def format_duration(seconds: float) -> str:
    """Format a duration in a suitable unit.

    >>> format_duration(42), format_duration(600), format_duration(9000)
    ('42 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def printable(text: str) -> str:
    """Return untrusted text with terminal control characters escaped.

    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def is_file_name(text: str) -> bool:
    """Return whether a text can name a file on every platform, so that it never becomes a path.

    >>> is_file_name("my-preset"), is_file_name("../../tmp/y"), is_file_name("a\\tb")
    (True, False, False)
    """
    reserved = set('/\\:*?"<>|')
    return (
        0 < len(text) <= 100
        and text.isprintable()
        and not reserved & set(text)
        and text == text.strip(" .")
    )


def indented(text: str, by: str = "  ") -> str:
    """Return a text with every line indented."""
    return "\n".join(f"{by}{line}".rstrip() for line in text.split("\n"))


def value_text(value: Any, full: bool = False) -> str:
    """Format a demonstration's value: text unchanged, data as JSON, shortened unless `full`.

    >>> value_text("2 + 2"), value_text([1, None])
    ('2 + 2', '[1, null]')
    """
    text = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    if full or len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:LONGEST_VALUE].rstrip()} ... ({len(text):,} characters)"


def wrap_sentence(text: str, width: int) -> str:
    """Return a text with lines of at most `width` characters, broken between words only.

    Ranges and equations of numbers stay on one line, and further lines keep the indentation. A word
    that is longer than a line stays whole, so that it can be copied.

    >>> print(wrap_sentence("accuracy 75.0% (95% interval 30.1% to 95.4%)", 36))
    accuracy 75.0% (95% interval
    30.1% to 95.4%)
    """
    lines = []
    for line in text.split("\n"):
        if len(line) > width:
            indent = line[: len(line) - len(line.lstrip())]
            glued = _RANGE.sub(rf"{_GLUE}\1{_GLUE}", line)
            glued = _UNIT.sub(_GLUE, _EQUATION.sub(f"{_GLUE}={_GLUE}", glued))
            line = textwrap.fill(
                glued,
                max(width, len(indent) + 1),
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
                expand_tabs=False,
                replace_whitespace=False,
            ).replace(_GLUE, " ")
        lines.append(line)
    return "\n".join(lines)


def positive_int(text: str) -> int:
    """Return an integer of at least 1; raise a ValueError for other texts."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def parse_share(text: str) -> float:
    """Return a share between 0 and 1, written as such or in percent.

    Raises:
        ValueError: for any other text.

    >>> parse_share("2%"), parse_share("0.02")
    (0.02, 0.02)
    """
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= share <= 1:
        raise ValueError(f"{text} is not between 0 and 1")
    return share

"""Give equal texts one form: Unicode, case, articles, outer punctuation and quotes do not count."""

import re
import unicodedata

from ..characters import to_plain
from .latex import without_latex

_ARTICLE = re.compile(r"(?:the|an|a)\s+(?=\S)")
_BASE = re.compile(
    r"\(?(\d+|[0-9a-f]+)\)?\s?(?:_\s?\{?\s?(\w+)\s?\}?|\(?\s?(?:in\s)?\(?base[\s-](\w+)\)?"
    r"|\(base\s(\w+)\))"
)
_BASE_NAMES = {
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "sixteen": "16",
    "hexadecimal": "16",
    "binary": "2",
    "octal": "8",
    "decimal": "10",
}
_AMOUNT = re.compile(
    r"^(-?)[$\u20ac\u00a3\u00a5\u20b9]\s?(-?\d(?:[\d.,]*\d)?(?: (?:thousand|million|billion))?)$"
    r"|^(-?\d(?:[\d.,]*\d)?)\s?[$\u20ac\u00a3\u00a5\u20b9]()$"
)
"""A number with the sign of a currency, which models write at one time and not at another."""

_SUBSCRIPT = re.compile(r"_\s?\{\s?(\w+)\s?\}")
_CLOCK = re.compile(r"(\d)\s?([ap])\.?\s?m\b\.?")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\s?([:/-])\s?(?=\d)")
_OPPOSITES = re.compile(r"([+-]?[\d.]+)(?:,| and| or)\s?([+-]?[\d.]+)")
_PLUS_MINUS = re.compile(r"(?:\u00b1|\+/-|\+-)\s?")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_OUTER = ".,;:!?\"'`*_~|\u00a1\u00bf\u2026\u00b7\u2022 \t\n"


def phrase_form(text: str) -> str:
    """Return the form of a text; equal forms mean equal texts.

    >>> phrase_form("  The  Eiffel Tower!"), phrase_form("7:45 p.m."), phrase_form("$1,051")
    ('eiffel tower', '7:45pm', '1,051')
    """
    s = without_latex(to_plain(text)).replace("$", "" if _is_wrapped(text) else "$")
    s = unicodedata.normalize("NFKC", s).casefold()
    s = unicodedata.normalize("NFKC", to_plain(s))  # folding can take a character apart
    line = " ".join(s.replace("**", "").split())
    if not any(map(str.isalnum, line)):
        return line  # signs alone, which punctuation is not around
    form = outer_stripped(line)
    article = _ARTICLE.match(form)
    if article:
        form = outer_stripped(form[article.end() :]) or form
    form = _BETWEEN_DIGITS.sub(r"\1", form)
    form = _CLOCK.sub(r"\1\2m", form)
    form = _AMOUNT.sub(r"\1\2\3\4", form)
    form = _SUBSCRIPT.sub(r"_\1", form)
    based = _BASE.fullmatch(form)
    if based:
        base = based[2] or based[3] or based[4]
        form = f"{based[1]}_{_BASE_NAMES.get(base, base)}"
    return _opposites_form(form) or line


def _is_wrapped(text: str) -> bool:
    """Return whether dollar signs are those of mathematics: one on each side."""
    s = text.strip(" .\n")
    return len(s) > 2 and s.startswith("$") and s.endswith("$")


def outer_stripped(text: str) -> str:
    """Return a text without outer punctuation, quotes and brackets; signs such as in "C++" stay.

    >>> outer_stripped('("Paris").'), outer_stripped("f(x)"), outer_stripped("- Paris")
    ('Paris', 'f(x)', 'Paris')
    """
    s = text
    before = None
    while s != before and s:
        before = s
        s = s.strip(_OUTER)
        for mark in ("- ", "# ", "## ", "### ", "> "):
            s = s.removeprefix(mark)
        if not s:
            break
        opened, closed = s[0], s[-1]
        if opened in _BRACKETS and _BRACKETS[opened] not in s[:-1]:
            s = s[1:-1] if closed == _BRACKETS[opened] else s[1:]
        elif closed in ")]}" and not any(b in s for b in "([{"):
            s = s[:-1]
    return s


def _opposites_form(form: str) -> str:
    """Return "±7" for "7, -7" and "+/-7"; anything else as it is."""
    if len(form) > 60:
        return form
    form = _PLUS_MINUS.sub("\u00b1", form)
    pair = _OPPOSITES.fullmatch(form)
    if pair is None:
        return form
    first, second = pair[1].lstrip("+"), pair[2].lstrip("+")
    if first != second and first.lstrip("-") == second.lstrip("-"):
        return "\u00b1" + first.lstrip("-")
    return form

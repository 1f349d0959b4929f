r"""Return the canonical form of a short answer without algebra: equal forms mean equal answers."""

import re
from functools import lru_cache

from .intervals import interval_form
from .math_characters import to_latex
from .number_literal import NUMBER, number_value, without_endless_digits
from .number_words import number_of_words
from .phrase import phrase_form
from .quantity import is_prose, parse_quantity, strip_markup, without_text_commands
from .solutions import solutions_form
from .verbatim import is_verbatim, verbatim_form

MAX_CHARS = 400
"""Characters. A longer answer is not analysed: its form is itself with single spaces."""

_INTEGER = re.compile(r"-?[1-9]\d{0,17}|0")
_OPTION = re.compile(r"\(([A-Za-z])\)|([A-Za-z])\)?")
_BRACKETS = {"(": (")", "]"), "[": ("]", ")"), "\\{": ("\\}",), "{": ("}",)}
_JOINED = re.compile(r"\s+(?:and|or)\s+")
_BARE_NAME = re.compile(
    r"(?<![\\A-Za-z])(arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|log|ln|sqrt|pi"
    r"|theta|alpha|beta|infty)(?![A-Za-z])"
)
_INFINITY = re.compile(r"(?<![\\A-Za-z])(?:infinity|inf|oo)(?![A-Za-z])")
_POWER = re.compile(r"([\^_])\s*(?:\((-?\w+)\)|\{\s*(-?\w+)\s*\}|(-?\d+|-\w))")
_STAR = re.compile(r"(?<=\d)\s*(?:\*|\\cdot(?![A-Za-z]))\s*(?=[A-Za-z\\(])")
_RENAMED = re.compile(r"\\([lgn])eq(?![A-Za-z])")
_SPACE = re.compile(r"(\\[A-Za-z]+ )(?=[A-Za-z])| ")
_REPEATING = re.compile(rf"[-+]?{NUMBER}")
_OVERLINED = re.compile(r"\d*\.\d*\\(?:overline|bar|dot)\s*\{?\s*\d+\s*\}?")
_SECOND_SPELLING = re.compile(r"([^()]{1,60}?)\s+\(([^()]{1,60})\)")
_ASIDE = re.compile(
    r"(.{1,200}?)\s*\((?:or|i\.e\.|that is|which is|approximately|about|=|\\approx)[^()]*\)"
)


def normalize(answer: str) -> str:
    r"""Return the canonical form of a short answer; equal forms mean equal answers.

    - A number is an exact fraction: ``0.5``, ``.50``, ``1/2``, ``\frac{1}{2}`` are ``1/2``;
      ``1,234.00`` is ``1234``.
    - Currency and units go: a question fixes its unit, and data sets name it or not as they please.
    - A percent sign goes too, without dividing: to "what percent?" both 18 and 18% are right, 0.18
      is not.
    - "million" and its kin multiply; number words up to ninety-nine become digits.
    - ``x = 5`` and ``x \in [1, 2]`` are their right-hand sides; an equation such as ``2x + y = 0``
      stays whole.
    - An option ``(B)`` is ``b``; words are lower case with single spaces.
    - LaTeX loses spacing, ``\left``, ``\text``; ``\dfrac43`` is ``\frac{4}{3}``, ``2*pi`` is
      ``2\pi``, ``x**10`` is ``x^{10}``.

    It is idempotent, does no algebra (see ``equivalence``), and leaves anything over 400 characters
    as it is.

    Example:
        >>> normalize(r"$\dfrac{1}{2}$"), normalize("18 dollars"), normalize("(B)")
        ('1/2', '18', 'b')
    """
    if _INTEGER.fullmatch(answer):
        return answer
    text = " ".join(answer.split())
    return text if len(text) > MAX_CHARS else _normalize_cached(text)


@lru_cache(maxsize=4096)
def _normalize_cached(text: str) -> str:
    # One step can uncover work for another (a box around a unit); the bound is there so that it
    # surely ends.
    for _ in range(8):
        form = _normalize_once(text)
        if form == text:
            break
        text = form
    return text


def _normalize_once(text: str) -> str:
    named = number_of_words(text)
    if named is not None:
        return str(named)
    if is_verbatim(text):
        return verbatim_form(text)
    s = strip_markup(_exact_decimals(text))
    option = _OPTION.fullmatch(s)
    if option:
        return (option[1] or option[2]).lower()
    if is_verbatim(s):
        return verbatim_form(s)
    s = _without_aside(s)
    plain = without_text_commands(s)
    s = solutions_form(plain) or s
    q = parse_quantity(s)
    if q:
        return str(q.value)
    if is_prose(without_text_commands(s)):
        return _word_form(s)
    return interval_form(plain) or _number_list_form(s) or _math_form(s)


def _without_aside(s: str) -> str:
    """Return a text without another spelling in parentheses, as in "0.625 (or 5/8)"."""
    aside = _ASIDE.fullmatch(s)
    if aside:
        return aside[1]
    second = _SECOND_SPELLING.fullmatch(s)
    if second is None:
        return s
    first, other = parse_quantity(second[1]), parse_quantity(second[2])
    if first and other and first.value == other.value:
        return second[1]
    return s


def _exact_decimals(text: str) -> str:
    """Return a text with fractions in place of repeating decimals; "0.(6)" must be all of it."""
    s = to_latex(without_endless_digits(text)).replace("$", "").strip(" .")
    whole = _REPEATING.fullmatch(s)
    if whole and whole["repeating"]:
        return ("-" if s.startswith("-") else "") + str(number_value(whole))
    if "overline" in text or "bar" in text or "dot" in text or not text.isascii():
        return _OVERLINED.sub(_fraction, to_latex(text))
    return text


def _fraction(found: re.Match[str]) -> str:
    number = _REPEATING.fullmatch(found[0])
    value = number_value(number) if number else None
    return found[0] if value is None else f"\\frac{{{value.numerator}}}{{{value.denominator}}}"


def _number_list_form(s: str) -> str | None:
    """Return the form of a list, tuple or set of plain numbers; None for anything else."""
    if "," not in s and " or " not in s and " and " not in s:
        return None
    opened = closed = ""
    for left, rights in _BRACKETS.items():
        if s.startswith(left):
            right = next((r for r in rights if s.endswith(r)), None)
            if right is None:
                return None
            opened, closed, s = left, right, s[len(left) : -len(right)]
            break
    if "\\" in s.replace("\\frac", ""):
        return None
    parts = _JOINED.sub(", ", s).replace(", ,", ",").split(",")
    values = []
    for part in parts:
        q = parse_quantity(part.strip())
        if q is None:
            return None
        values.append(str(q.value))
    if opened == "{":
        opened, closed = "\\{", "\\}"
    return opened + ", ".join(values) + closed


def _word_form(s: str) -> str:
    words = without_text_commands(s).replace(",", " ").replace(";", " ")
    return phrase_form(" ".join(words.split()))


def _math_form(s: str) -> str:
    s = without_text_commands(s).replace("\\%", "").replace("%", "").replace("**", "^")
    s = s.replace("<=", "\\le ").replace(">=", "\\ge ").replace("!=", "\\ne ")
    s = _INFINITY.sub(r"\\infty ", _BARE_NAME.sub(r"\\\1 ", s))
    s = _RENAMED.sub(r"\\\1e ", to_latex(s))
    s = _POWER.sub(_power, _STAR.sub("", s))
    s = " ".join(s.split())
    s = _SPACE.sub(r"\1", s)
    return ", ".join(s.split(","))


def _power(m: re.Match[str]) -> str:
    exponent = m[2] or m[3] or m[4]
    return f"{m[1]}{exponent}" if len(exponent) == 1 else f"{m[1]}{{{exponent}}}"

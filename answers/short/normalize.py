r"""Return the canonical form of a short answer without algebra: equal forms mean equal answers."""

import re
from functools import lru_cache

from .quantity import is_prose, parse_quantity, strip_markup, without_text_commands

MAX_CHARS = 400
"""Characters. A longer answer is not analysed: its form is itself with single spaces."""

_INTEGER = re.compile(r"-?[1-9]\d{0,17}|0")
_OPTION = re.compile(r"\(([A-Za-z])\)|([A-Za-z])\)?")
_BRACKETS = {"(": (")", "]"), "[": ("]", ")"), "\\{": ("\\}",), "{": ("}",)}
_SYMBOL = r"\\?[A-Za-z]+(?:_\{?\w+\}?)?'?(?:\([A-Za-z]\))?"
_ASSIGNED = re.compile(
    rf"(?:{_SYMBOL}|\(\s*[A-Za-z](?:\s*,\s*[A-Za-z])+\s*\)|[A-Za-z][A-Za-z ]*)\s*"
    r"(?:=|\\in(?![A-Za-z]))\s*(?=\S)"
)
_RELATION = re.compile(r"=|\\(?:in|le|ge|ne|leq|geq|neq)(?![A-Za-z])|[<>]")
_JOINED = re.compile(r"\s+(?:and|or)\s+")
_BARE_NAME = re.compile(
    r"(?<![\\A-Za-z])(arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|log|ln|sqrt|pi|theta|alpha|beta|infty)(?![A-Za-z])"
)
_INFINITY = re.compile(r"(?<![\\A-Za-z])(?:infinity|inf|oo)(?![A-Za-z])")
_ROOT = re.compile(r"\\sqrt\s*(?:\(([^()]*)\)|(\w))")
_POWER = re.compile(r"([\^_])\s*(?:\((-?\w+)\)|\{\s*(-?\w+)\s*\}|(-?\d+|-\w))")
_STAR = re.compile(r"(?<=\d)\s*(?:\*|\\cdot(?![A-Za-z]))\s*(?=[A-Za-z\\(])")
_RENAMED = re.compile(r"\\([lgn])eq(?![A-Za-z])")
_SPACE = re.compile(r"(\\[A-Za-z]+ )(?=[A-Za-z])| ")
_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def _number_words() -> dict[str, str]:
    """Return the digits of the number words from zero to ninety-nine."""
    numbers = {word: str(n) for n, word in enumerate(["zero", *_ONES, *_TEENS])}
    for ten, tens in enumerate(_TENS, start=2):
        numbers[tens] = str(10 * ten)
        for one, ones in enumerate(_ONES, start=1):
            numbers[f"{tens}-{ones}"] = numbers[f"{tens} {ones}"] = str(10 * ten + one)
    return numbers


_WORD_NUMBERS = _number_words()


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
    s = strip_markup(text)
    option = _OPTION.fullmatch(s)
    if option:
        return (option[1] or option[2]).lower()
    s = _right_hand_side(s)
    q = parse_quantity(s)
    if q:
        return str(q.value)
    if is_prose(without_text_commands(s)):
        return _word_form(s)
    return _number_list_form(s) or _math_form(s)


def _right_hand_side(s: str) -> str:
    """Return the right-hand side of ``x = 5``, or of each part of ``x = 1, y = 2``."""
    assigned = _ASSIGNED.match(s)
    if assigned is None:
        return s
    if len(_RELATION.findall(s)) == 1:
        return s[assigned.end() :]
    values: list[str] = []
    for part in _JOINED.sub(",", s).split(","):
        assigned = _ASSIGNED.match(part.strip())
        if assigned is None or len(_RELATION.findall(part)) != 1:
            return s
        values.append(part.strip()[assigned.end() :])
    return ", ".join(values)


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
    s = " ".join(without_text_commands(s).replace(",", " ").replace(";", " ").lower().split())
    return _WORD_NUMBERS.get(s, s)


def _math_form(s: str) -> str:
    s = without_text_commands(s).replace("\\%", "").replace("%", "").replace("**", "^")
    s = s.replace("<=", "\\le ").replace(">=", "\\ge ").replace("!=", "\\ne ")
    s = _INFINITY.sub(r"\\infty ", _BARE_NAME.sub(r"\\\1 ", s))
    s = _RENAMED.sub(r"\\\1e ", _ROOT.sub(lambda m: f"\\sqrt{{{m[1] or m[2]}}}", s))
    s = _POWER.sub(_power, _STAR.sub("", s))
    s = " ".join(s.split())
    s = _SPACE.sub(r"\1", s)
    return ", ".join(s.split(","))


def _power(m: re.Match[str]) -> str:
    exponent = m[2] or m[3] or m[4]
    return f"{m[1]}{exponent}" if len(exponent) == 1 else f"{m[1]}{{{exponent}}}"

r"""Strip markup from short answers, and distinguish numbers from prose."""

import re
from fractions import Fraction
from typing import NamedTuple

from .math_characters import to_latex
from .number_literal import NUMBER, number_value, plain_decimal
from .number_words import SCALES

_BOLD = re.compile(r"(?<![\w)*])\*\*(?=[^\s*])([^*]+)(?<=\S)\*\*(?![\w(*])")
_WRAPPED = re.compile(
    r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf)|mbox|f?boxed)\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
)
_TEXT = re.compile(r"\\(?:text(?:bf|it|rm)?|math(?:rm|bf)|mbox|operatorname)\s*\{([^{}]*)\}")
_SPACING = re.compile(
    r"(?<!\\)\\(?:[,;:!> ]|q?quad(?![A-Za-z]))|(?<!\\)~|\\(?:(?:left|right)\.?"
    r"|displaystyle)(?![A-Za-z])"
)
_GROUPED = re.compile(r"(?<=\d)(?:,\s*\\!|\{,\}|,?\s*\\[,;!:])\s*(?=\d{3}(?!\d))")
_CIRC = re.compile(
    r"\s*(?:\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))|\\degrees?(?![A-Za-z]))"
    r"(?:\s*[CF](?![A-Za-z]))?\s*"
)
_FRAC = re.compile(r"\\[dtc]?frac\s*(?:\{\s*([^{}]*?)\s*\}|(\d))\s*(?:\{\s*([^{}]*?)\s*\}|(\d))")
_CURRENCY = re.compile(
    r"(?:[£€¥₹]|(?<![A-Za-z])(?:USD?|EUR|GBP|INR|AUD|CAD|Rs\.?)(?=[\s\d]))\s*"
    r"(?=[-+.\d])|(?<=\d)\s*[£€¥₹]"
)
_BRACKETED = re.compile(r"[\[({]+\s*([-+]?[\d./% ]+)[\])}]+")
_NEGATIVE = re.compile(r"\A(?:negative|minus)\s(?=[\d.\\])", re.I)
_HEDGE = re.compile(
    r"(?:(?:approx(?:imately|\.)?|about|around|roughly|nearly|exactly|only|just|(?:a )?total of)\s+"
    r"|\\approx\s*|[~=:]\s*)(?=[-+\\.\d])",
    re.I,
)
_QUANTITY = re.compile(
    r"(?P<sign>[-+]?)\s*(?P<shown>(?:(?P<units>\d+)\s*)?\\frac\{(?P<over>-?\d+)\}\{(?P<under>-?\d+)\}"
    rf"|{NUMBER})(?![\d.]\d)(?P<gap>-(?=[A-Za-z]{{3}})|\s*)(?P<tail>.*)",
    re.S,
)
_SEVERAL = re.compile(r"\d+-\d|.*,\d{1,2}\Z")  # 3-1/2 is a difference, and 7.301,25 may be a pair
_PERCENT = re.compile(r"\s*(?:\\?%|percent(?:age points?)?\b|per cent\b)\s*", re.I)
_SCALED = re.compile(rf"\s*({'|'.join(SCALES)})\b\s*", re.I)
_UNIT = re.compile(
    r"\(?([A-Za-z]+)((?:[-.'/,&() A-Za-z]|\^\{?-?[123]\}?|(?<=[A-Za-z])[23](?!\d))*)"
)
_SHORT_UNITS = frozenset(
    "km cm mm nm kg mg ml dl lb lbs oz ft in yd mi hr hrs min mins sec secs ms mph kmh kph am pm"
    " st nd rd th usd eur gbp gb mb kb hz kw kwh pts pcs ac of sq cu".split()
)
_LETTER_UNITS = frozenset("mgshlLNJWVK")
_MATH_NAMES = frozenset(
    "and sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log exp sqrt theta alpha beta"
    " gamma delta lambda sigma omega phi infty infinity inf mod gcd lcm det lim max min".split()
)
_NO_UNIT = _MATH_NAMES | frozenset(
    "or to plus minus because since is are was were not pi ln if".split()
)
_NO_UNIT -= {"min", "sec"}
_COMMAND = re.compile(r"\\(?:begin|end)\s*\{\w+\*?\}|\\[A-Za-z]+")
_WORD = re.compile(r"[A-Za-z]{3,}|[^\W\d_A-Za-z]{2,}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


class Quantity(NamedTuple):
    """A number without the markup and the unit around it.

    Attributes:
        value: Exact. A percent sign does not divide by 100; "million" multiplies.
        text: As written, without currency, unit and thousands separators; a percent sign stays.
    """

    value: Fraction
    text: str


def strip_markup(text: str, *, as_written: bool = False) -> str:
    r"""Remove markdown, quotes, ``$``, ``\( \)``, ``\text{}``, full stops, currency and hedges.

    Dollar signs go altogether: whether they open mathematics or name a currency, they say nothing
    about the value. LaTeX inside loses spacing commands, ``\left``, degrees and short fractions
    unless `as_written`.
    """
    s = to_latex(text)
    if "**" in s:
        s = _BOLD.sub(r"\1", s)
    if "$" in s:
        s = s.replace("\\$", "").replace("$", "")
    if "\\" in s:
        for mark in ("\\(", "\\)", "\\[", "\\]"):
            s = s.replace(mark, " ")
    if not as_written and ("\\" in s or "{," in s):
        s = _simplify_latex(s)
    before = None
    while s != before:
        before = s
        s = s.strip(' \t\r\n\f\v*`"_').rstrip(".,;:").lstrip(",;")
        s = _unwrap_once(s)
    s = _NEGATIVE.sub("-", _CURRENCY.sub("", s))
    hedge = _HEDGE.match(s)
    if hedge:
        s = s[hedge.end() :]
    return s


def _unwrap_once(s: str) -> str:
    """Remove one command, pair of brackets or pair of quotes around the whole text."""
    wrapped = None
    if s.startswith("\\"):
        wrapped = _WRAPPED.fullmatch(s)
    elif s.startswith(("(", "[", "{")):
        wrapped = _BRACKETED.fullmatch(s)
    if wrapped:
        return wrapped[1]
    if s.startswith("'") and s.endswith("'"):
        return s[1:-1]
    return s


def _simplify_latex(s: str) -> str:
    s = _SPACING.sub(" ", _GROUPED.sub("", s))
    if "circ" in s or "degree" in s:
        s = _CIRC.sub(" ", s)
    if "frac" in s:
        s = _FRAC.sub(lambda m: f"\\frac{{{m[1] or m[2]}}}{{{m[3] or m[4]}}}", s)
    return s


def parse_quantity(text: str) -> Quantity | None:
    r"""Parse a stripped text as one number with an optional unit; return None for anything else.

    Knows integers with separators, decimals, ``1/2``, ``\frac{1}{2}``, ``1 1/2``,
    ``3 \times 10^4``, percent, "million", and words or well-known abbreviations as units. ``5x``
    and ``2\pi`` are not quantities.
    """
    found = _QUANTITY.match(text)
    if found is None or len(text) > 200:
        return None
    if found["base"] or _SEVERAL.match(found["shown"]):
        return None  # algebra reads powers
    ended = _parse_suffix(found["tail"], found["gap"])
    value = _fraction_value(found) if found["under"] else number_value(found)
    if ended is None or value is None:
        return None
    scale, suffix = ended
    shown, decimal = found["shown"], found["decimal"]
    if decimal:
        shown = shown.replace(decimal, plain_decimal(decimal), 1)
    if found["sign"] == "-":
        value, shown = -value, f"-{shown}"
    return Quantity(value * scale, shown + suffix)


def _fraction_value(found: re.Match[str]) -> Fraction | None:
    r"""Return the value of ``2\frac{1}{4}``; None for a division by zero and ``2\frac{-1}{4}``."""
    if not int(found["under"]):
        return None
    value = Fraction(int(found["over"]), int(found["under"]))
    if not found["units"]:
        return value
    return None if value < 0 else value + int(found["units"])


def _parse_suffix(tail: str, gap: str) -> tuple[int, str] | None:
    """Return (factor, text after the number) when only a unit or nothing follows, else None."""
    if not tail:
        return 1, ""
    scale, suffix = 1, ""
    if "\\" in tail:
        tail, replaced = _TEXT.subn(r" \1 ", tail)
        if replaced:
            gap, tail = " ", tail.strip()
    scaled = _SCALED.match(tail)
    if scaled:
        name = scaled[1].lower()
        scale, suffix = SCALES[name], f" {name}"
        gap, tail = " ", tail[scaled.end() :]
    percent = _PERCENT.match(tail)
    if percent:
        suffix += "%"
        gap, tail = " ", tail[percent.end() :]
    if not tail or _is_unit(tail, gap):
        return scale, suffix
    return None


def _is_unit(tail: str, gap: str) -> bool:
    """Return whether a text after a number is a unit; `gap` is the space between the two."""
    m = _UNIT.fullmatch(tail)
    if m is None:
        return False
    first, more = m[1], m[2]
    word = first.lower()
    if word in _NO_UNIT:
        return False
    if len(first) == 1:
        alone = not more.strip(" ^23{}") or more.startswith("/")
        return first in _LETTER_UNITS and bool(gap) and alone
    return word in _SHORT_UNITS or len(first) >= (3 if gap else 4)


def is_prose(text: str) -> bool:
    """Return whether the text has a word of three letters that is no command or function."""
    bare = _COMMAND.sub(" ", text) if "\\" in text else text
    return any(word.lower() not in _MATH_NAMES for word in _WORD.findall(bare))


def without_text_commands(text: str) -> str:
    r"""Replace ``\text{...}`` and similar commands by their content."""
    return _TEXT.sub(r" \1 ", text) if "\\" in text else text

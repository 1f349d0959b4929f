"""Parse a text that is one number, with sign, currency, percent sign and unit, or spelled out."""

import re
from dataclasses import dataclass
from fractions import Fraction

from ..characters import to_plain
from .latex import without_latex
from .number_literal import NUMBER, number_value, plain_decimal, without_endless_digits
from .number_words import PARTS, SCALES, number_of_words, with_written_fractions

_SYMBOLS = "".join(chr(c) for c in range(0x20A0, 0x20C1)) + "$\u00a2\u00a3\u00a4\u00a5\u0e3f\ufdfc"
_CODES = (
    r"(?:USD|EUR|GBP|JPY|INR|AUD|CAD|CHF|CNY|RMB|NZD|SGD|HKD|BRL|MXN|KRW|RUB|SEK|NOK"
    r"|DKK|PLN|TRY|ZAR|THB|PHP|VND"
    r"|US|Rs\.?|Rp\.?|Fr\.?|kr\.?|RM|z\u0142|K\u010d|Ft|C|A|R|NZ|HK|S)"
)
CURRENCY = (
    rf"(?:(?<![A-Za-z]){_CODES}\s?[{_SYMBOLS}]|[{_SYMBOLS}]|(?<![A-Za-z])(?:USD|EUR"
    rf"|GBP|JPY|INR|AUD|CAD|CHF|CNY|RMB|KRW|RUB|SEK|NOK|DKK|PLN|BRL|MXN|ZAR|THB|PHP"
    rf"|VND|Rs\.?|Rp\.?|RM|kr\.?)(?=[\s\d+-]))"
)
SIGN = r"(?:[-+]|negative\s|minus\s|plus\s)"
AMOUNT = rf"(?:(?P<sign>{SIGN})\s?)?(?:{CURRENCY}\s?)?(?P<inner>[-+])?{NUMBER}"
_HEDGE = (
    r"(?:(?:approx(?:imately|\.)?|about|around|roughly|nearly|almost|exactly|only|just|precisely|"
    r"a total of|total of|at|by|for|equals?|is|to be|the number|No\.|number)\s"
    r"|[~\u2248=:\u2243\u2245]\s?)*"
)
_DOLLARS = re.compile(r"(?:(?<![A-Za-z])(?:US|AU|CA|HK|NZ|NT|MX|A|C|R|S))?\$")
_SCALE = rf"(?P<scale>{'|'.join(SCALES)}|dozen|\u4e07|\u842c|\u4ebf|\u5104)s?\b"
_PERCENT = r"(?P<percent>%|percent(?:age points?)?\b|per cent\b|pct\b)"
_WHOLE = re.compile(
    rf"{_HEDGE}{AMOUNT}(?:\s?{_SCALE})?(?:\s?(?:{CURRENCY}))?(?:\s?{_PERCENT})?"
    rf"(?P<gap>[-\s]?)(?P<unit>.{{0,80}})",
    re.I | re.S,
)
_UNIT = re.compile(
    r"[A-Za-z\u00b5\u03bc\u03a9\u2103\u2109\u2032'\"\u00c0-\u024f\u0400-\u04ff\u4e00-\u9fff"
    r"\uac00-\ud7af\u3040-\u30ff]"
    r"(?:[^\W\d_]|[-.'/\u00b7*&() \"]|(?<=[^\W\d_])[1-4](?!\d)|\^\{?-?[1-4]\}?(?!\d))*",
)
_NO_UNITS = frozenset(
    "and or to plus minus times because since as so is are was were not if if. if, divided over "
    "mod more less fewer than pi theta sin cos tan log ln exp sqrt x y z n k a b c i e p q r u v w "
    "f j o "
    "which that but where when then therefore thus hence for".split()
)
_SENTENCE_WORD = re.compile(r"\b(?:and|or|plus|minus|times|because|since|is|are|was|so)\b")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_EXPLAINED = re.compile(r"(.{1,120}?)\s*[(\[][^()\[\]]*[)\]]", re.S)
_ASSIGNED = re.compile(
    r"(?:[A-Za-z\u0370-\u03ff]\w{0,3}(?:_\{?\w{1,8}\}?)?'?(?:\([A-Za-z]\))?"
    r"|[A-Za-z]+(?: [A-Za-z]+){0,3})\s?"
    r"[=\u2248]\s?(?=\S)"
)
_CHINESE_SCALES = {"\u4e07": 10**4, "\u842c": 10**4, "\u4ebf": 10**8, "\u5104": 10**8, "dozen": 12}
_AROUND = ' \t\r\n\f\v*_`"|~'


@dataclass(frozen=True)
class Amount:
    """One number.

    Attributes:
        value: Exact. A percent sign does not divide by 100; "million" multiplies.
        text: The number as written, without currency, unit and separators; a percent sign stays.
    """

    value: Fraction
    text: str


def plain_amount_text(text: str) -> str:
    """Return a text with plain characters, without LaTeX, dollar signs and outer marks.

    Fractions that are counted out, such as "2 thirds", are in digits.
    """
    s = without_latex(to_plain(text)) if "\\" in text or "{" in text or not text.isascii() else text
    if "$" in s:
        s = _DOLLARS.sub("", s)
    if "**" in s:
        s = s.replace("**", "") if not re.search(r"\d\s?\*\*\s?[\d({-]", s) else s
    return _unwrapped(with_written_fractions(without_endless_digits(" ".join(s.split()))))


def _unwrapped(s: str) -> str:
    """Return a text without quotes, stops and brackets around all of it."""
    before = None
    while s != before and s:
        before = s
        s = s.strip(_AROUND).rstrip(".,;:!").lstrip(",;:")
        if (s and _BRACKETS.get(s[0]) == s[-1] and len(s) > 2 and s[0] not in s[1:-1]) or (
            s.startswith("'") and s.endswith("'") and len(s) > 2
        ):
            s = s[1:-1]
    return s


def read_amount(text: str) -> Amount | None:
    r"""Return the number that a text is, or None when it is anything else.

    >>> read_amount("about €4.5 million").value, read_amount("3 hours 20 minutes")
    (Fraction(4500000, 1), None)
    """
    if len(text) > 400:
        return None
    s = plain_amount_text(text)
    amount = _whole_amount(s)
    if amount is not None:
        return amount
    explained = _EXPLAINED.fullmatch(s)
    if explained:
        amount = _whole_amount(_unwrapped(explained[1]))
        if amount is not None:
            return amount
    assigned = _ASSIGNED.match(s)
    if assigned:
        return _whole_amount(_unwrapped(s[assigned.end() :]))
    return None


def is_with_unit(text: str, number: str) -> bool:
    """Return whether a text is a number with a unit behind it, in the spelling of another text.

    A capital letter is that of a name, and "2 thirds" is another number.

    >>> is_with_unit("3 bolts", "3"), is_with_unit("12 Monkeys", "12")
    (True, False)
    """
    begins, _, unit = text.partition(f"{number} ")
    if begins or not unit.islower():
        return False
    first = unit.split()[0]
    if first in PARTS or first.removesuffix("s") in PARTS:
        return False
    amount, other = read_amount(number), read_amount(text)
    return amount is not None and other is not None and amount.value == other.value


def _whole_amount(s: str) -> Amount | None:
    found = _WHOLE.fullmatch(s)
    if found is None:
        return _amount_in_words(s)
    if not _is_unit(found["unit"], found["gap"]):
        return _amount_in_words(s)
    return amount_of(found, found["scale"], found["percent"])


def amount_of(found: re.Match[str], scale: str | None, percent: str | None) -> Amount | None:
    """Return the amount of a match of `AMOUNT`, times a scale such as "million"."""
    value = number_value(found)
    if value is None:
        return None
    factor, name = 1, (scale or "").lower()
    if scale:
        factor = SCALES.get(name) or _CHINESE_SCALES[name]
    sign = (found["sign"] or "").lower().strip()
    negative = (sign in ("-", "negative", "minus")) != (found["inner"] == "-")
    if negative:
        value = -value
    text = str(value * factor)
    if scale and found["decimal"] and name in SCALES:
        text = "-" * negative + f"{plain_decimal(found['decimal'])} {name}"
    elif factor == 1:
        if found["decimal"] and not (found["power"] or found["exponent"]):
            text = "-" * negative + plain_decimal(found["decimal"])
        elif found["bottom"] and not found["whole"]:
            text = "-" * negative + f"{found['top'].strip('()')}/{found['bottom']}"
    return Amount(value * factor, text + "%" * bool(percent))


def _amount_in_words(s: str) -> Amount | None:
    """Return the amount of "negative twelve" or "fifteen apples"."""
    words = s.lower()
    if len(words) > 120 or not words[:1].isalnum():
        return None
    sign = 1
    for name in ("negative ", "minus "):
        if words.startswith(name):
            sign, words = -1, words.removeprefix(name)
    parts = words.split(" ")
    if len(parts) > 12:
        return None
    for count in range(len(parts), 0, -1):
        value = number_of_words(" ".join(parts[:count]))
        if value is not None:
            unit = " ".join(parts[count:])
            percent = unit in ("percent", "per cent", "%")
            if unit and not percent and not _is_unit(unit, " "):
                return None
            if value.denominator > 1 and unit and "and" not in parts[:count]:
                return None  # "half the apples" names no number
            return Amount(sign * value, str(sign * value) + "%" * percent)
    return None


def _is_unit(unit: str, gap: str) -> bool:
    """Return whether a text after a number is a unit; `gap` is the text between the two."""
    if not unit:
        return True
    if _UNIT.fullmatch(unit) is None or unit.count(" ") > 7:
        return False
    first = re.split(r"[\s/.*\u00b7^-]", unit, maxsplit=1)[0].strip("()\"'")
    known_letter = len(first) == 1 and first in "ACFJKNTVW"
    if first.lower() in _NO_UNITS and not known_letter:
        return False
    return _SENTENCE_WORD.search(unit) is None

"""Read one written number as an exact value: integers, decimals, fractions, powers of ten."""

import re
from fractions import Fraction

MAX_DIGITS = 400
"""Digits of a number that is read; more are no answer that somebody checks by hand."""

_GROUPED = (
    r"\d{1,3}(?:,\d{2,3}){0,9},\d{3}(?!\d)(?:\.\d+)?"  # 4,215,300 and 42,15,300
    r"|\d{1,3}(?:[ '_]\d{3}){1,9}(?![\d'_])(?:\.\d+|,\d{1,2}(?![\d,]))?"  # 4 215 300, 4'215'300
    r"|\d{1,3}(?:\.\d{3}){1,9},\d{1,2}(?![\d,])"  # 4.215,30
    r"|\d{1,3}(?:\.\d{3}){2,9}(?![\d.])"  # 4.215.300
)
_REPEATING = r"\d{0,40}\.\d{0,40}(?:\(\d{1,40}\)|\\(?:overline|bar|dot)\s*\{?\s*\d{1,40}\s*\}?)"
_POWER_OF_TEN = (
    r"(?:\s?(?:[x\u00d7*\u00b7]|\\times|\\cdot)\s?10\s?(?:\^|\*\*)\s?[{(]?\s?(?P<power>[-+]?\s?\d{1,3})\s?[})]?"
    r"|[eE](?P<exponent>[-+]?\d{1,3})(?![\w.]))?"
)
NUMBER = (
    rf"(?:(?P<repeating>{_REPEATING})"
    r"|(?P<base>\d{1,6})\s?(?:\^|\*\*)\s?[{(]?\s?(?P<raised>[-+]?\d{1,3})\s?[})]?(?![\d.])"
    r"|(?:(?P<whole>\d{1,9})(?: and |[ -](?=\d{1,6}\s?/)))?"
    r"(?P<top>\d{1,3}(?:,\d{2,3}){0,9},\d{3}|\d{1,400}|\(\d{1,9}\))\s?/\s?(?P<bottom>\d{1,400}(?![\d,.]\d))"
    rf"|(?P<decimal>{_GROUPED}|\d+(?:\.\d+)?|\.\d+){_POWER_OF_TEN})"
)
"""The pattern of an unsigned number, with a group for each part of it."""

_ENDLESS = re.compile(r"(\d*\.\d*?)(\d)\2{2,}\.\.\.")


def number_value(found: re.Match[str]) -> Fraction | None:
    """Return the exact value of a match of `NUMBER`; None when it has none or is too long."""
    if len(found[0]) > MAX_DIGITS:
        return None
    if found["repeating"]:
        return _repeating_value(found["repeating"])
    if found["base"]:
        return _power(int(found["base"]), int(found["raised"]))
    if found["bottom"]:
        bottom = int(found["bottom"])
        if not bottom:
            return None
        whole = int(found["whole"] or 0)
        return whole + Fraction(int(found["top"].strip("()").replace(",", "")), bottom)
    value = Fraction(plain_decimal(found["decimal"]))
    power = found["power"] or found["exponent"]
    return value * Fraction(10) ** int(power.replace(" ", "")) if power else value


def plain_decimal(written: str) -> str:
    """Return a decimal without separators of thousands, with a point before its fraction.

    >>> plain_decimal("4,215.5"), plain_decimal("4.215,50"), plain_decimal("4'215")
    ('4215.5', '4215.50', '4215')
    """
    s = re.sub("[ '_]", "", written)
    if re.search(r",\d{1,2}\Z", s):
        return s.replace(".", "").replace(",", ".")
    if s.count(".") > 1:
        return s.replace(".", "")
    return s.replace(",", "")


def without_endless_digits(text: str) -> str:
    """Return a text with "0.333..." written as "0.(3)".

    >>> without_endless_digits("0.1666...")
    '0.1(6)'
    """
    return _ENDLESS.sub(r"\1(\2)", text) if "..." in text else text


def _power(base: int, exponent: int) -> Fraction | None:
    if (base == 0 and exponent <= 0) or len(str(base)) * abs(exponent) > MAX_DIGITS:
        return None
    return Fraction(base) ** exponent


def _repeating_value(written: str) -> Fraction:
    """Return the value of ``0.1(6)``: the digits of the period over as many nines."""
    first, period = re.findall(r"[\d.]+", written)[0], re.findall(r"\d+", written)[-1]
    whole, _, fixed = first.partition(".")
    scale = 10 ** len(fixed)
    value = Fraction(int((whole + fixed) or 0), scale)
    return value + Fraction(int(period), (10 ** len(period) - 1) * scale)

"""Recognize what looks like mathematics and is not: dates, scores, codes, formulas, names."""

import re

from .phrase import phrase_form

_CODES = re.compile(
    r"\d+(?:-\d+)+"  # 2021-05-03, 3-2, 555-0134
    r"|\d+(?:\.\d+){2,}"  # 192.168.0.7, 1.2.3
    r"|\d{1,4}(?:/\d{1,4}){2}"  # 03/05/2021
    r"|\d+(?:\s?:\s?\d+)+(?:\s?[ap]\.?m\.?)?"  # 3:4, 7:45 PM
    r"|0[xXbBoO][0-9A-Fa-f]+"
    r"|[A-Z]{2,}-?\d+(?:-\d+)*"  # AB-12
    r"|(?:[A-Z][a-z]?(?:_?\{?\d+\}?)?){2,}"  # H2SO4, NaCl, CO_2
    r"|[A-Za-z]{2,}",  # AL, on, XI
    re.I,
)
_FORMULA = re.compile(r"(?:[A-Z][a-z]?(?:_?\{?\d+\}?)?){2,}")
_COMMON = frozenset("pi ln lg oo inf infty infinity".split())


def is_verbatim(text: str) -> bool:
    """Return whether a text is compared letter by letter, also among mathematical answers.

    >>> is_verbatim("2021-05-03"), is_verbatim("NO2"), is_verbatim("3 - 2"), is_verbatim("2x")
    (True, True, False, False)
    """
    found = _CODES.fullmatch(text)
    if found is None or text.lower() in _COMMON:
        return False
    if text.isalpha() or text[:1].isdigit():
        return True
    return is_chemical_formula(text) or ("-" in text and text[:1].isupper())


def is_chemical_formula(text: str) -> bool:
    """Return whether a text is a formula of chemistry with a count, in which case matters.

    >>> is_chemical_formula("H2SO4"), is_chemical_formula("2x")
    (True, False)
    """
    return _FORMULA.fullmatch(text) is not None and not text.isalpha()


def verbatim_form(text: str) -> str:
    """Return the form of a text that is compared letter by letter; it is idempotent."""
    return text if is_chemical_formula(text) else phrase_form(text)

"""Infer how answers are compared from the right answers of a data set."""

import re
from collections.abc import Iterable

from .characters import to_plain
from .short.amount import read_amount
from .short.calendar_date import read_date
from .short.latex import unwrapped
from .short.verbatim import is_verbatim

_LETTER = re.compile(r"\(?[A-J]\)?\.?")
_BARE_LETTER = re.compile(r"\(?[A-Z]\)?\.?")
_YEAR = re.compile(r"\d{1,4}")
_MATHEMATICS = re.compile(
    r"\\(?:[dtc]?frac|sqrt|pi|infty|cdot|times|begin|left|cup|cap|in|le|ge|leq|geq"
    r"|ne|neq|pm|binom|log|ln|sin|cos|tan"
    r"|theta|alpha|beta|emptyset|varnothing|mathbb|overline|bar|circ|text|sum|int"
    r"|choose|lambda|mu|omega|phi)(?![a-z])"
    r"|[\^=<>\u2264\u2265\u221a\u221b\u03c0\u221e\u00b1\u222a\u2208\u2205\u211d]"
    r"|[0-9a-z)]\s?[+*/]\s?[0-9a-z(]|[0-9a-z)]\s-\s[0-9a-z(]|"
    r"(?<![A-Za-z])\d*[a-z][+-]\d|\d(?:[a-z]|pi)(?![a-z])|-?\d*\s?pi\b|sqrt\s?\(?\d"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_MATH_WORDS = frozenset(
    "sin cos tan log exp sqrt frac dfrac tfrac cfrac binom choose text infty pi cup cap begin end "
    "pmatrix bmatrix left right and for all overline mathbb circ cdot times theta alpha beta "
    "emptyset varnothing neq leq geq".split()
)
_NUMBERS = re.compile(r"\\?[(\[{]?\s?-?[\d./]+(?:\s?[,;]\s?-?[\d./]+)+\s?\\?[)\]}]?")
_ITEMS = re.compile(r"\[[^\[\]]*\]")
_DIGIT = re.compile(r"\d")
MAX_CHARS = 400
MAX_WORDS = 0.1
"""Share of right answers that may be words where the rest is mathematics."""


def infer_answer_kind(right_answers: Iterable[str]) -> str:
    r"""Return the kind by which answers are compared: the narrowest that all right answers are of.

    Args:
        right_answers: The right answers of a data set. Without any the kind is `text`.

    Returns:
        `choice` for letters of options, `number`, `date`, `list` for JSON lists, `math` where some
        are formulas and the rest are numbers (one in ten may be words), and else `text`.

    >>> infer_answer_kind(["18", "$1,200"]), infer_answer_kind([r"\frac{1}{2}", "3"])
    ('number', 'math')
    >>> infer_answer_kind(["A", "C"]), infer_answer_kind(["Apollo 12", "7"])
    ('choice', 'text')
    """
    answers = [to_plain(answer).strip() for answer in right_answers]
    if not answers or any(not answer or len(answer) > MAX_CHARS for answer in answers):
        return "text"
    if (all(map(_is_letter, answers)) and any(map(_LETTER.fullmatch, answers))) or _is_one_letter(
        answers
    ):
        return "choice"
    if all(map(_is_number, answers)):
        return "number"
    if all(map(_is_full_date, answers)):
        return "date"
    if all(map(_ITEMS.fullmatch, answers)) and not any(map(_NUMBERS.fullmatch, answers)):
        return "list"
    words = [answer for answer in answers if not _is_mathematics(answer)]
    # Among many numbers and formulas, a few words such as "no solution" are compared as words.
    if len(words) <= len(answers) * MAX_WORDS and not any(map(_DIGIT.search, words)):
        return "math"
    return "text"


def _is_letter(answer: str) -> bool:
    return _BARE_LETTER.fullmatch(unwrapped(answer)) is not None


def _is_one_letter(answers: list[str]) -> bool:
    return len(answers) == 1 and _is_letter(answers[0])


def _is_number(answer: str) -> bool:
    if re.search(r"\d0s\Z", answer):
        return False
    if is_verbatim(answer) or not any(c.isdigit() for c in answer) or " in base" in answer:
        return False
    if re.search(r"\d\s?[A-Za-z]\Z", answer) and not re.search(
        r"\d\s?(?:m|g|s|h|l|L|N|J|W|K|V|A)\Z", answer
    ):
        return False
    if re.match(r"[^\d]*[A-Za-z]{2,}", answer) and not re.match(r"(?:USD|EUR|GBP|Rs|US)\b", answer):
        return False
    if (
        "=" in answer
        or re.search(r"\d\s(?:[A-Z][a-z]+)", answer)
        or re.search(r"\d\s?(?:BC|AD|BCE|CE)\b", answer)
    ):
        return False
    return read_amount(answer) is not None


def _is_full_date(answer: str) -> bool:
    return not _YEAR.fullmatch(answer) and read_date(answer) is not None


def _is_mathematics(answer: str) -> bool:
    """Return whether an answer is written as mathematics, or as a number among formulas."""
    if is_verbatim(answer.strip("$ ")):
        return False
    if _is_number(answer) or _NUMBERS.fullmatch(answer):
        return True
    if re.fullmatch(r"\\?[{(]?[A-Za-z][)}]?", answer):
        return False
    words = [word for word in _WORD.findall(answer) if word.lower() not in _MATH_WORDS]
    return not words and _MATHEMATICS.search(answer) is not None

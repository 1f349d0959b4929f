"""Infer how answers are compared from the right answers of a data set."""

import re
from collections.abc import Iterable

from .characters import to_plain
from .short.amount import read_amount
from .short.calendar_date import read_date
from .short.latex import unwrapped
from .short.verbatim import is_verbatim

MAX_CHARS = 400
"""Characters. A longer right answer is a text."""
MAX_WORDS = 0.1
"""Share of right answers that may be words where the rest is mathematics."""
MANY, NEARLY_ALL = 20, 0.95
"""From so many right answers on, such a share of letters is enough for options."""

_LETTER = re.compile(r"\(?[A-J]\)?\.?")
_ANY_LETTER = re.compile(r"\(?[A-Z]\)?\.?")
_YEAR = re.compile(r"\d{1,4}")
_NO_NUMBER = re.compile(
    r"\d0s\Z"  # 1960s
    r"| in base|=|\d\s[A-Z][a-z]|\d\s?(?:BC|AD|BCE|CE)\b"
    r"|\d\s?(?![mgshlLNJWKVA]\Z)[A-Za-z]\Z"  # 5x, and not 5 m
    r"|\A(?!(?:USD|EUR|GBP|Rs|US)\b)\D*[A-Za-z]{2,}"  # Apollo 12
)
_MATHEMATICS = re.compile(
    r"\\(?:[dtc]?frac|sqrt|pi|infty|cdot|times|begin|left|cup|cap|in|le|ge|leq|geq"
    r"|ne|neq|pm|binom|log|ln|sin|cos|tan|cot|sec|csc"
    r"|theta|alpha|beta|emptyset|varnothing|mathbb|overline|bar|circ|sum|int"
    r"|choose|lambda|mu|omega|phi)(?![a-z])"
    r"|[\^=<>\u2264\u2265\u221a\u221b\u03c0\u221e\u00b1\u222a\u2208\u2205\u211d]"
    r"|[0-9a-z)]\s?[+*/]\s?[0-9a-z(]|[0-9a-z)]\s-\s[0-9a-z(]"
    r"|(?<![A-Za-z])\d*[a-z][+-]\d|\d(?:[a-z]|pi)(?![a-z])|-?\d*\s?pi\b|sqrt\s?\(?\d"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_MATH_WORDS = frozenset(
    "sin cos tan cot sec csc log exp sqrt frac dfrac tfrac cfrac binom choose text infty pi cup "
    "cap begin end pmatrix bmatrix left right and for all overline mathbb circ cdot times theta "
    "alpha beta emptyset varnothing neq leq geq".split()
)
_NUMBERS = re.compile(r"\\?[(\[{]?\s?-?[\d./]+(?:\s?[,;]\s?-?[\d./]+)+\s?\\?[)\]}]?")
_SYMBOL = re.compile(r"\\?[{(]?[A-Za-z][)}]?")
_IN_BASE = re.compile(r"\$?\d+_\{?\d+\}?\$?")
_UNIT = re.compile(r"\\text\s?\{[ A-Za-z]{1,30}\}")
_ITEMS = re.compile(r"\[[^\[\]]*\]")
_DIGIT = re.compile(r"\d")


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
    if _are_options(answers):
        return "choice"
    if all(map(_is_number, answers)):
        return "number"
    if all(map(_is_full_date, answers)):
        return "date"
    if all(map(_ITEMS.fullmatch, answers)) and not any(map(_NUMBERS.fullmatch, answers)):
        return "list"
    return "math" if _are_mathematics(answers) else "text"


def _are_options(answers: list[str]) -> bool:
    """Return whether answers are letters of options: all of them, or nearly all of many."""
    letters = [answer for answer in answers if _ANY_LETTER.fullmatch(unwrapped(answer))]
    if len(answers) == 1:
        return bool(letters)
    if not any(map(_LETTER.fullmatch, letters)):
        return False
    enough = NEARLY_ALL * len(answers) if len(answers) >= MANY else len(answers)
    return len(letters) >= enough


def _are_mathematics(answers: list[str]) -> bool:
    """Return whether answers are mathematics; a few may be words, which are compared as words."""
    formulas = [answer for answer in answers if _is_mathematics(answer)]
    if not formulas:
        return False
    words: list[str] = []
    for answer in answers:
        if not _is_mathematics(answer) and not _IN_BASE.fullmatch(answer):
            words.append(answer)
    return len(words) <= MAX_WORDS * len(answers) and not any(map(_DIGIT.search, words))


def _is_number(answer: str) -> bool:
    if is_verbatim(answer) or not _DIGIT.search(answer) or _NO_NUMBER.search(answer):
        return False
    return read_amount(answer) is not None


def _is_full_date(answer: str) -> bool:
    return not _YEAR.fullmatch(answer) and read_date(answer) is not None


def _is_mathematics(answer: str) -> bool:
    """Return whether an answer is written as mathematics, or is a number, as among formulas."""
    if is_verbatim(answer.strip("$ ")) or _SYMBOL.fullmatch(answer):
        return False
    if _is_number(answer) or _NUMBERS.fullmatch(answer):
        return True
    if _DIGIT.search(answer):
        answer = _UNIT.sub("", answer)
    words = [word for word in _WORD.findall(answer) if word.lower() not in _MATH_WORDS]
    return not words and _MATHEMATICS.search(answer) is not None

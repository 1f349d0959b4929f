r"""Read a mathematical answer from one line: an expression, a number, solutions, a few words."""

import re

from ..characters import to_plain
from .math_characters import to_latex
from .number_literal import without_endless_digits
from .number_sentence import read_number
from .number_words import with_written_fractions
from .quantity import is_prose, parse_quantity, strip_markup, without_text_commands
from .solutions import solutions_form

_MAX_PROSE_CHARS = 200
"""Characters. A longer line of words without a number is a reply cut off, not an answer."""

_OPTION = re.compile(
    r"(?i:option|choice)\s+\(?([A-Za-z])(?!\w)|\(([A-Za-z])\)(?=\Z|[\s.,])|([A-Z])(?=\)?[.)]?\Z)"
)
_SEGMENT = re.compile(r"(?<!\\)\$([^$\n]{1,300}?)(?<!\\)\$|\\\((.{1,300}?)\\\)")
_NUMBER = re.compile(
    r"(?<![\w.\\])(?:(?<![\d)}])[-+\u2212])?(?:\\?[$\u00a3\u20ac\u00a5\u20b9]\s?)?"
    r"(?:\d+ \d+/\d+|\\[dt]?frac\{-?\d+\}\{-?\d+\}"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:\s?[/:]\s?\d+)*|\.\d+)"
    r"(?:\s?\\?%| (?:hundred|thousand|million|billion|trillion)\b)?",
    re.I,
)
_BULLET = re.compile(r"[\s>#]*(?:[-*\u2022]\s+(?=[A-Za-z*$\\]))?(?:\d+[.)]\s+(?=\S*[A-Za-z*]))?")
_EMPHASIZED = re.compile(r"\s*(?:\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`|\$[^$]+\$|\\\(.*\\\))[.!]?\s*")
_CONNECTIVE = re.compile(r"\A\W*(?:so|thus|hence|therefore|then)[,:]?\s+", re.I)
_SOLUTIONS = re.compile(
    r"(?<![A-Za-z\\])[A-Za-z](?:_\w)?\s?=\s?[^\s,;=]{1,40}"
    r"(?:(?:\s(?:and|or)\s|,\s(?:and\s|or\s)?)[A-Za-z](?:_\w)?\s?=\s?[^\s,;=]{1,40}){1,8}"
)
_TWO_AMOUNTS = re.compile(r"[-+]?[\d.,]+%?\s*[A-Za-z% ]{0,20}?(?:\band|\bor|,|&|\bto)\s+\d")
_STATES_NUMBER = re.compile(r"(?:\b(?:is|equals?|gives|makes)\b|=)\s*(?:about\s+)?\W{0,3}\d", re.I)
_SENTENCE_END = re.compile(r"(?<=[\d\w)%$}][.!?])\s+(?=[A-Z(])|\n")
_REASON = re.compile(r"[,;]?\s+(?:because|since|which)\b.*|(?<=[a-z]{3})\.\s+[A-Z].*", re.S)
_NOT_BUT = re.compile(r"\A\W*(?:is\s)?not\b.{1,80}?\bbut\s(?:rather\s)?", re.I | re.S)
_SYMBOL_EQUALS = re.compile(r"\\?[A-Za-z]\w{0,3}(?:_\{?\w+\}?)?(?:\([A-Za-z]\))?\s*=")
_ARITHMETIC = re.compile(r"(?:[\d\s.,+\-*/x()^{}%!=]|\\(?:times|cdot|div|frac|sqrt)(?![A-Za-z]))+")


def read_expression(content: str) -> str | None:
    """Return the answer in a text after a mark, or in a reply of one line.

    >>> read_expression("$x = 5$ or $x = 8$"), read_expression("16 - 3 - 4 = 9 eggs.")
    ('x = 5 or x = 8', '9')
    """
    content = _CONNECTIVE.sub("", _NOT_BUT.sub("", content))
    content = with_written_fractions(without_endless_digits(to_plain(content)))
    t = strip_markup(content)
    if t.startswith("A:") and any(c.isdigit() for c in t):
        t = t[2:].lstrip()
    if t.endswith("!") and "$" not in content:
        t = t.rstrip("! ")
    if not t:
        return None
    option = _OPTION.match(without_text_commands(t).strip())
    if option:
        return option[1] or option[2] or option[3]
    q = parse_quantity(t)
    if q:
        return q.text
    if not is_prose(without_text_commands(t)):
        return _clean_expression(content)
    return _from_prose(t, content)


def read_only_expression(line: str) -> str | None:
    """Return a line that is nothing but a number or an expression."""
    line = _BULLET.sub("", line, count=1)
    t = strip_markup(line)
    if _EMPHASIZED.fullmatch(line) or _OPTION.fullmatch(t):
        return read_expression(line)
    if not any(c.isdigit() for c in t) and "\\" not in t:
        return None
    q = parse_quantity(t)
    if q:
        return q.text
    if is_prose(without_text_commands(t)):
        return None
    return _clean_expression(line)


def read_last_expression(line: str) -> str | None:
    """Return the last line of a reply if it is an expression, else the number at its end."""
    found = read_only_expression(line)
    if found is not None:
        return found
    return _from_sentence(_BULLET.sub("", line, count=1))


def _from_prose(t: str, content: str) -> str | None:
    """Read a stripped text with words, of which `content` is the original."""
    head = _SENTENCE_END.split(content, maxsplit=1)[0]
    if head != content:
        q = parse_quantity(strip_markup(head))
        if q:
            return q.text
        if not is_prose(without_text_commands(strip_markup(head))):
            return _clean_expression(head)
    solutions = _SOLUTIONS.search(t)
    if solutions:
        return solutions[0].rstrip(". ")
    number = _NUMBER.match(t)
    if number and not _STATES_NUMBER.search(t):
        return t if _TWO_AMOUNTS.match(t) else _clean_number(number[0])
    answer = _from_sentence(content.strip(" *_"), leads=True)
    if answer is not None:
        return answer
    t = _REASON.sub("", t)
    return t if len(t) <= _MAX_PROSE_CHARS else None


def _from_sentence(raw: str, *, leads: bool = False) -> str | None:
    """Return the expression or number at the end of a sentence, or, with `leads`, at its start."""
    _, equals, right = raw.rpartition("=")
    if equals:
        q = parse_quantity(strip_markup(right).strip(" )"))
        if q and solutions_form(strip_markup(raw)) is None:
            return q.text
    segments: list[re.Match[str]] = []
    for segment in _SEGMENT.finditer(raw):
        if not is_prose(without_text_commands(segment[1] or segment[2])):
            segments.append(segment)
    numbers = list(_NUMBER.finditer(raw))
    if segments:
        first, last = segments[0], segments[-1]
        if leads and first.start() == 0:
            return _clean_expression(first[0])
        if not numbers or numbers[-1].start() < last.end():
            return _clean_expression(_joined_segments(raw, segments))
    if not numbers:
        return None
    amount = None if "\\" in raw else read_number(raw, marked=leads)
    return _clean_number(numbers[-1][0]) if amount is None else amount.text


def _joined_segments(raw: str, segments: list[re.Match[str]]) -> str:
    """Return the last segment, with those that "and" or "or" joins to it."""
    start = segments[-1].start()
    for before, after in zip(reversed(segments[:-1]), reversed(segments[1:]), strict=True):
        if raw[before.end() : after.start()].strip() not in ("and", "or", ",", ", and", ", or"):
            break
        start = before.start()
    return raw[start : segments[-1].end()]


def _clean_expression(content: str) -> str:
    """Return a whole expression; of ``x = 5`` and ``2 + 3 = 5`` return the right-hand side."""
    written = " ".join(strip_markup(content, as_written=True).split())
    left, equals, right = written.rpartition("=")
    plain = without_text_commands(to_latex(written))
    joined = re.search(r"\b(?:and|or)\b|[,;]|\\quad|\\lor", plain) is not None
    if equals and right.strip() and left[-1:] not in "<>!\\" and not joined:
        computed = _ARITHMETIC.fullmatch(left)
        named = _SYMBOL_EQUALS.match(written)
        q = parse_quantity(strip_markup(right))
        if q and (named or computed):
            return q.text
        if computed or (named and "=" in left):
            return right.strip()
    q = parse_quantity(strip_markup(written))
    return q.text if q else written


def _clean_number(text: str) -> str:
    t = strip_markup(text)
    q = parse_quantity(t)
    return q.text if q else t

r"""Parse the short final answer from an answer field or a whole reply.

Small models rarely keep a format. They box the answer, announce it, put it in JSON, dress it in
markdown, add a unit, or just stop after a sentence. `parse_answer` tries these markers from the
clearest to the weakest; `normalize` then gives equal answers one
spelling.
"""

import re

from .answer_field import answer_field
from .normalize import normalize
from .quantity import is_prose, parse_quantity, strip_markup, without_text_commands

__all__ = ["normalize", "parse_answer"]

_WINDOW = 20_000
"""Characters read, at the end of a reply: the answer is there, and the time is bounded."""
_MAX_PROSE_CHARS = 200
"""Characters. A longer line of words without a number is a reply cut off, not an answer."""

_MANGLED = str.maketrans({"\x08": "\\b", "\x0c": "\\f"})
_MANGLED_TAB = re.compile(r"\t(?=ext\{|imes(?![A-Za-z])|heta(?![A-Za-z])|frac)")

_BOX = re.compile(r"\\f?boxed\s*(\{)?|(?<![A-Za-z\\])f?boxed(\{)")
_HASHES = re.compile(r"####[ \t]*(?=\S)")
_LABEL = re.compile(
    r"^[ \t>#*_\-]*(?:the\s+)?(?:(?:my|final|correct|short)\s+)*(?:answer|ans\b\.?)(?:\s+is)?[ \t*_#]*"
    r"(?:[:=]|\n)[ \t*_]*",
    re.I | re.M,
)
_ANNOUNCED = re.compile(
    r"\b(?:answer|final result)\b(?:\s+(?:to|for)\s[^.\n:]{1,80}?)?[\s*_]{0,5}"
    r"(?:\b(?:is|are|was|would be|should be|will be|must be)\b|[:=])[\s*_:]*"
    r"(?:(?:therefore|thus|simply|that|now)\b[\s,]*)?",
    re.I,
)
_DISPLAY = re.compile(r"\\\[(.{0,1000}?)\\\]|\$\$(.{0,1000}?)\$\$", re.S)
_FENCE_LINE = re.compile(r"^[ \t]*```[^\n`]*$\n?", re.M)
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.S)

_PLACEHOLDER = re.compile(
    r"[<\[{(]?\s*(?:(?:your|final|the|short) )*(?:answer|n/?a|null|nan|x{3,})(?: here)?\s*[>\]})]?"
    r"|[\s.?_*-]*",
    re.I,
)
_CHOICE = re.compile(
    r"(?i:option|choice)\s+\(?([A-Za-z])(?!\w)|\(([A-Za-z])\)(?![\w^(*+/-]|\s*=)"
    r"|([A-Z])(?=\Z|\)(?:\s|\Z)|\.\s+\S|,?\s+(?:because|since)\b)|([B-Z])(?=:\s+\S)"
)
_YES_NO = re.compile(
    r"(yes|no|true|false|valid|invalid)(?=\s*(?:[,.;:!(\u2014-]|\Z|because\b|since\b))", re.I
)
_SEGMENT = re.compile(r"(?<!\\)\$([^$\n]{1,300}?)(?<!\\)\$|\\\((.{1,300}?)\\\)")
_NUMBER = re.compile(
    r"(?<![\w.\\])(?:(?<![\d)}])[-+\u2212])?(?:\\?[$£€¥₹]\s?)?(?:\d+ \d+/\d+|\\[dt]?frac\{-?\d+\}\{-?\d+\}"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:\s?[/:]\s?\d+)*|\.\d+)"
    r"(?:\s?\\?%| (?:hundred|thousand|million|billion|trillion)\b)?",
    re.I,
)
_BULLET = re.compile(r"[\s>#]*(?:[-*\u2022]\s+)?(?:\d+[.)]\s+(?=\S*[A-Za-z*]))?")
_EMPHASIZED = re.compile(r"\s*(?:\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`|\$[^$]+\$|\\\(.*\\\))[.!]?\s*")
_TWO_AMOUNTS = re.compile(r"[-+]?[\d.,]+%?\s*[A-Za-z% ]{0,20}?(?:\band|\bor|,|&|\bto)\s+\d")
_STATES_NUMBER = re.compile(r"(?:\b(?:is|equals?|gives|makes)\b|=)\s*(?:about\s+)?\W{0,3}\d", re.I)
_SENTENCE_END = re.compile(r"(?<=[\d\w)%][.!?])\s+(?=[A-Z(])|\n")
_REASON = re.compile(r"[,;]?\s+(?:because|since|which)\b.*|(?<=[a-z]{3})\.\s+[A-Z].*", re.S)
_SYMBOL_EQUALS = re.compile(r"\\?[A-Za-z]\w{0,3}(?:_\{?\w+\}?)?(?:\([A-Za-z]\))?\s*=")
_ARITHMETIC = re.compile(r"(?:[\d\s.,+\-*/x()^{}%!=]|\\(?:times|cdot|div|frac|sqrt)(?![A-Za-z]))+")


def parse_answer(text: str) -> str | None:
    r"""Parse the short final answer from an answer field or from a whole reply.

    The clearest marker wins: an answer field (``[[ ## answer ## ]]``, ``<answer>``, JSON), then
    ``\boxed{}``, ``#### X`` or a line ``Answer: X``, then "the answer is X"; of several, the last.
    Without a marker, a single line is the answer itself, and of a longer reply the last number in
    its final line is taken (a first line that is nothing but an answer, where the final line has
    none). A number loses currency, unit and separators; a percent sign, words and mathematics stay
    as written.

    Args:
        text: What the model wrote. Only the last 20,000 characters are looked at.

    Returns:
        The answer, never empty, or None when nothing can be read.

    Example:
        >>> parse_answer("She sells 9 eggs at $2, so **the answer is 18 dollars.**")
        '18'
        >>> parse_answer(r"Hence $x = \boxed{\frac{1}{2}}$.")
        '\\frac{1}{2}'
        >>> parse_answer("Let me think.\nI am not sure.") is None
        True
    """
    s = text[-_WINDOW:].strip()
    if "\x08" in s or "\x0c" in s or "\t" in s:
        # A reply that was JSON with single backslashes: the start of \boxed, \frac, \text was lost.
        s = _MANGLED_TAB.sub(r"\\t", s.translate(_MANGLED))
    if "</think>" in s:
        s = s.rpartition("</think>")[2].strip() or s
    field = answer_field(s)
    return _from_markers(s if field is None else field)


def _from_markers(s: str) -> str | None:
    """Parse the answer after a marker; without one, the single line or the number in the last line."""
    if "\\[" in s or "$$" in s:
        s = _DISPLAY.sub(lambda m: "$" + " ".join((m[1] or m[2] or "").split()) + "$", s)
    for content in _announced(s):
        answer = _from_short_text(content)
        if answer is not None:
            return answer
    if "```" in s:
        prose = "" if s.startswith("```") else _FENCED.sub("", s).strip()
        s = prose or _FENCE_LINE.sub("", s)
    lines = [line for line in s.splitlines() if line.strip(" \t*_-=`#")]
    if not lines:
        return None
    if len(lines) == 1:
        return _from_short_text(lines[0])
    return _from_last_line(lines[-1]) or _from_last_line(lines[0], bare=True)


def _announced(s: str) -> list[str]:
    """Return the texts after the markers of an answer, the clearest kind and the last ones first."""
    lowered = s.lower()
    found = _boxes(s) if "boxed" in s else []
    if "####" in s:
        found += _after_last(_HASHES, s, 2)
    if "ans" in lowered:
        found += _after_last(_LABEL, s, 2)
    found.sort(reverse=True)
    if "answer" in lowered or "final result" in lowered:
        found += reversed(_after_last(_ANNOUNCED, s, 2))
    return [content for _, content in found]


def _after_last(marker: re.Pattern[str], s: str, count: int) -> list[tuple[int, str]]:
    """Return the position of a marker's last matches, and the line after each, in order."""
    matches = list(marker.finditer(s))[-count:]
    return [(m.start(), _first_line(s, m.end())) for m in matches]


def _boxes(s: str) -> list[tuple[int, str]]:
    """Return start and content of the last boxes; an unclosed box holds the rest of its line."""
    boxes = []
    for m in list(_BOX.finditer(s))[-3:]:
        rest = s[m.end() :]
        if m[1] or m[2]:
            content = _braced(rest)
        elif rest.strip():
            content = rest.split(None, 1)[0]
        else:
            content = ""
        # The dollars say that this is mathematics, where a final "!" is a factorial.
        boxes.append((m.start(), f"${content.strip().strip('$')}$"))
    return boxes


def _braced(rest: str) -> str:
    """Return the text up to the brace that closes an open one, or else the rest of the line."""
    depth = 1
    for i, c in enumerate(rest):
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
        if depth == 0:
            return rest[:i]
    return rest.partition("\n")[0]


def _first_line(s: str, start: int) -> str:
    """Return the first line with content; a LaTeX environment counts as one line."""
    rest = s[start:]
    for line in rest.splitlines():
        if line.strip(" \t*_`$#:-"):
            if "\\begin" in line and "\\end" not in line:
                return " ".join(rest[rest.index(line) :].partition("\n\n")[0].split())
            return line
    return ""


def _from_short_text(content: str) -> str | None:
    """Parse the text after a marker, or a reply of one line."""
    t = strip_markup(content)
    if t.startswith("A:") and any(c.isdigit() for c in t):
        t = t[2:].lstrip()
    if t.endswith("!") and "$" not in content:
        t = t.rstrip("! ")
    if _PLACEHOLDER.fullmatch(t):
        return None
    choice = _CHOICE.match(t)
    if choice:
        return choice[1] or choice[2] or choice[3] or choice[4]
    verdict = _YES_NO.match(t)
    if verdict:
        return verdict[1]
    q = parse_quantity(t)
    if q:
        return q.text
    if not is_prose(without_text_commands(t)):
        return _clean_expression(content)
    return _from_prose(t, content)


def _from_prose(t: str, content: str) -> str | None:
    """Parse a stripped text with words, of which `content` is the original."""
    head = _SENTENCE_END.split(t, maxsplit=1)[0]
    if head != t:
        q = parse_quantity(strip_markup(head))
        if q:
            return q.text
    number = _NUMBER.match(t)
    if number and not _STATES_NUMBER.search(t):
        return t if _TWO_AMOUNTS.match(t) else _clean_number(number[0])
    answer = _from_sentence(content.strip(" *_"), leads=True)
    if answer is not None:
        return answer
    t = _REASON.sub("", t)
    return t if len(t) <= _MAX_PROSE_CHARS else None


def _from_last_line(line: str, *, bare: bool = False) -> str | None:
    """Parse a line of a reply without markers: all of it, or (unless `bare`) its last number."""
    line = _BULLET.sub("", line, count=1)
    t = strip_markup(line)
    if _EMPHASIZED.fullmatch(line) or _CHOICE.fullmatch(t) or _YES_NO.fullmatch(t):
        return _from_short_text(line)
    if not any(c.isdigit() for c in t):
        return None
    q = parse_quantity(t)
    if q:
        return q.text
    if not is_prose(without_text_commands(t)):
        return _clean_expression(line)
    return None if bare else _from_sentence(line)


def _from_sentence(raw: str, *, leads: bool = False) -> str | None:
    """Return the expression or number at the end of a sentence, or, with `leads`, at its start."""
    _, equals, right = raw.rpartition("=")
    if equals:
        q = parse_quantity(strip_markup(right).strip(" )"))
        if q:
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
            return _clean_expression(last[0])
    return _clean_number(numbers[-1][0]) if numbers else None


def _clean_expression(content: str) -> str:
    """Return a whole expression; of ``x = 5`` and ``2 + 3 = 5`` return the right-hand side."""
    written = " ".join(strip_markup(content, as_written=True).split())
    left, equals, right = written.rpartition("=")
    if equals and right.strip() and left[-1:] not in "<>!\\" and "," not in left:
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

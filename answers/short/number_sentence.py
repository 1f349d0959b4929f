"""Find the one number that a sentence gives as its result."""

import re
from collections.abc import Sequence
from itertools import pairwise

from .amount import AMOUNT, CURRENCY, Amount, amount_of, plain_amount_text, read_amount
from .number_words import NUMBER_WORDS, SCALES, number_of_words

_SENTENCE_END = re.compile(r"(?<=[^\s.][.!?])[\"')*]*\s+(?=[A-Z(*\"'$\d])|\n")
_INITIAL = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|St|No|vs|approx|ca|Rs|Fig|Eq))\.\Z")
_HEAD = re.compile(
    r"\s*(?:[;(]|\s#|,(?!\d)|\s[-\u2013\u2014]\s|\s[\u2014\u2013]|\.\s|\n|\s(?:because"
    r"|since|as|so|which|after|when|if|in|for|per|"
    r"altogether|from|is)\b)"
)
_REASON = re.compile(r"\s*(?:\s(?:because|since)\b|[(;])")
_GOES_ON = re.compile(
    r"=|\b(?:so|then|left|leaves|remain|total|therefore|thus|hence|altogether|gives|makes)\b", re.I
)
_MORE_NUMBERS = re.compile(r"\s*(?:,|and|or|&|to)?\s*[-+]?\d")
_EMPHASIS = re.compile(
    r"\*\*([^*\n]{1,120})\*\*|`([^`\n]{1,120})`|(?<!\\)\$([^$\n]{1,200}?)(?<!\\)\$(?!\d)"
)
_NOT_BUT = re.compile(r"\A\W*(?:is\s)?not\b.{1,80}?\bbut\s(?:rather\s)?", re.I | re.S)
_NOT = re.compile(r"\A\W*(?:is\s)?not\s", re.I)
_INTENTION = re.compile(
    r"\A\W*(?:first|next),?\s(?:I|we|you)\b"
    r"|\A\W*(?:(?:so|now|next|then|ok|okay|first|finally|to start),?\s)*(?:I|we|you|one)?\s?"
    r"(?:need to|have to|must|should|will|want to|let me|let's|let us|going to"
    r"|to find|to solve|to answer|to determine|"
    r"to calculate|to compute|can)\b",
    re.I,
)
_UNFINISHED = re.compile(
    r"\b(?:to|and|or|plus|minus|times|the|by|of|is|are|with|from|an?|that|so|then|we"
    r"|because|as|multiply"
    r"|add|subtract|divide|need|which|for|each|=)\s*\Z|\bthe\s\$?\d[\d,.]*\Z|[-+*/\u00d7=(,]\s*\Z",
    re.I,
)
_OUT_OF = re.compile(r"\bout of (?:the |all |a total of )?\Z", re.I)
_FOUND = re.compile(
    rf"(?P<other>[\u00b1\u2213]\s?\d[\d.,]*|0[xXbBoO][0-9A-Fa-f]+\b|\d+"
    rf"(?:[-/:.]\d+){{2,}}(?![\d,])|\d+:\d\d?\b|"
    rf"(?<![\d)\s])(?<!\s)\b\d{{1,9}}-\d{{1,9}}\b"
    rf"|(?<![\w)]\s)(?<![\w)])\d{{1,9}}\s?-\s?\d{{1,9}}(?=\s[A-Za-z])(?!\s?=)|"
    rf"(?<![A-Za-z])[A-Za-z]{{1,8}}-?\d[\w-]*)"
    rf"|{AMOUNT}(?:\s?(?P<scale>(?:{'|'.join(SCALES)})s?\b))?(?:\s?{CURRENCY})?(?:\s?"
    rf"(?P<percent>%|percent\b|per cent\b))?"
    r"(?P<after>(?:\s?[\u03c0\u221a\u221e\u00b1!^_]|[a-z](?![a-z])|\\[A-Za-z]+)?)",
    re.I,
)
_JOINER = re.compile(
    r"\s?(?:[A-Za-z%'./\u00b0-]{1,20}\s){0,2}?\s?(?:[A-Za-z%'.\u00b0-]{1,20}\s?)?"
    r"(?:,?\s?(?<![A-Za-z])(?:and|or)|,|&|(?<![A-Za-z])(?:to|by|x|plus|minus|times|divided by"
    r"|multiplied by)|\u00d7|\*|\+|-|\u2212|\u00f7|\u00b7|/)"
    r"\s?(?:about\s|a\s)?",
    re.I,
)
_NEXT_UNKNOWN = re.compile(
    r"\s?(?:[A-Za-z%]{1,20}\s?)?(?:,\s?(?:and\s|or\s)?|;\s?|and\s|or\s)[A-Za-z]\w{0,2}\s?=\s?", re.I
)
_ARITHMETIC_JOINER = re.compile(
    r"\s?[A-Za-z%'. ]{0,24}(?:x|\u00d7|\*|\+|-|\u00f7|\u00b7|/|plus|minus|times|divided by)\s?",
    re.I,
)
_ONE_UNIT = re.compile(r"\s?([A-Za-z'\u00b0]{0,16})\.?\s?")
_SPELLINGS = re.compile(r"\sor\s|[=\u2248]|\\approx")
_TERM_IN_BRACKETS = re.compile(r"\A[^()]*\)\s?=")
_DASHES = ("-", "\u2013", "\u2014")
_PREPOSITIONS = frozenset(
    "in for of at per by on with times out is are was to from than as under over into "
    "equals equal gives makes leaves becomes means totals".split()
)


def read_number(content: str, marked: bool) -> Amount | None:
    """Return the number that a line gives as its answer, or None when there is not one.

    Args:
        content: A line, or the text after a mark.
        marked: Whether it is known to hold the answer. Then a number at its start is the answer.

    >>> read_number("3 × 5 = 15 apples, so she has 15 − 2 = 13 apples left.", False).text
    '13'
    """
    content = _NOT_BUT.sub("", content)
    if _NOT.match(content):
        return None
    amount = read_amount(content) or _one_of_spellings(content)
    if amount is not None:
        return amount
    if marked:
        first = first_sentence(content)
        amount = read_amount(first) or _head_amount(first, _HEAD)
        return amount or _emphasized(first) or _last_amount(first)
    sentences = split_sentences(content)
    for sentence in reversed(sentences):
        if not any(c.isdigit() for c in plain_amount_text(sentence)):
            continue
        if "=" not in sentence and (_INTENTION.match(sentence) or _UNFINISHED.search(sentence)):
            return None
        return (
            _head_amount(sentence, _HEAD, goes_on=False)
            or _emphasized(sentence)
            or _last_amount(sentence)
        )
    return _only_number_word(content) if len(sentences) == 1 else None


def _one_of_spellings(content: str) -> Amount | None:
    """Return the number of "5/8 or 0.625", which is one number written twice."""
    if len(content) > 120:
        return None
    amounts = []
    for part in _SPELLINGS.split(content):
        amount = read_amount(part)
        if amount is None:
            return None
        amounts.append(amount)
    same = len({amount.value for amount in amounts}) == 1
    return amounts[0] if len(amounts) > 1 and same else None


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a line; a stop after an initial or a number ends none."""
    sentences: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if not _INITIAL.search(text[max(0, end.start() - 8) : end.start()]):
            sentences.append(text[start : end.start()])
            start = end.end()
    sentences.append(text[start:])
    return [sentence for sentence in sentences if sentence.strip()]


def first_sentence(text: str) -> str:
    """Return the first sentence of a text."""
    sentences = split_sentences(text[:1000])
    return sentences[0] if sentences else text


def _head_amount(text: str, separator: re.Pattern[str], goes_on: bool = True) -> Amount | None:
    """Return the number before an explanation, as in "13 apples, because ..." or "35%, out of 100".

    Args:
        text: A sentence.
        separator: What ends the head.
        goes_on: Whether the rest of the sentence may compute further.
    """
    for end in separator.finditer(text[:200]):
        head, rest = text[: end.start()], text[end.end() :]
        if not head.strip():
            return None
        amount = read_amount(head)
        if amount is None:
            continue
        if end[0].strip() == "," and _MORE_NUMBERS.match(rest):
            return None
        if end[0].strip() == "(" and _TERM_IN_BRACKETS.search(rest):
            continue
        if end[0].strip() in _DASHES and _MORE_NUMBERS.match(rest):
            continue
        if not goes_on and not _REASON.fullmatch(end[0]) and _GOES_ON.search(rest):
            return None
        return amount
    return None


def _emphasized(sentence: str) -> Amount | None:
    """Return the number that alone is bold, code or mathematics in a sentence."""
    amounts = []
    for span in _EMPHASIS.finditer(sentence):
        text = (span[1] or span[2] or span[3]).strip(" :")
        amount = read_amount(text)
        if amount is None and "=" in text:
            amount = read_amount(text.rpartition("=")[2])
        if amount is None and any(c.isdigit() for c in text):
            return None
        if amount is not None:
            amounts.append(amount)
    return amounts[0] if len(amounts) == 1 else None


def _last_amount(sentence: str) -> Amount | None:
    """Return the last number of a sentence, unless it is one of several or part of a term."""
    s = plain_amount_text(sentence)[-2000:]
    found = list(_FOUND.finditer(s))
    if not found:
        return None
    groups = _joined(s, found)
    if "=" in s:
        groups = _up_to_result(s, groups)
    if len(groups) > 1 and _OUT_OF.search(s[: groups[-1][0].start()]):
        groups.pop()
    last = groups[-1]
    if len(last) > 1:
        return _before_equals(s, groups)
    return _single(last[0])


def _up_to_result(s: str, groups: list[list[re.Match[str]]]) -> list[list[re.Match[str]]]:
    """Return the groups up to the one behind the last equals sign, as in "5 + 3 = 8 in 2 years"."""
    last_equals = s.rindex("=")
    for count, group in enumerate(groups, 1):
        if group[0].start() > last_equals:
            return groups[:count]
    return groups


def _single(found: re.Match[str]) -> Amount | None:
    if found["other"] or found["after"].strip():
        return None
    scale = found["scale"]
    return amount_of(found, scale.rstrip("sS") if scale else None, found["percent"])


def _joined(s: str, found: Sequence[re.Match[str]]) -> list[list[re.Match[str]]]:
    """Group the numbers of a sentence that are one amount, a list or a term."""
    groups = [[found[0]]]
    for before, after in pairwise(found):
        gap = s[before.end() : after.start()]
        sign = (after["sign"] or "").strip().lower() if not after["other"] else ""
        shared = before["other"] is None and before["percent"] and gap.strip() in ("of", "of the")
        if shared or _joins(gap, sign):
            groups[-1].append(after)
        else:
            groups.append([after])
    return groups


def _joins(gap: str, sign: str) -> bool:
    if len(gap) > 60:
        return False
    if "=" in gap:
        return _NEXT_UNKNOWN.fullmatch(gap) is not None
    if sign and not gap.strip(" )"):
        return True
    if sign and re.fullmatch(r"\s?[A-Za-z]{1,20}\s?", gap):
        return True
    unit = _ONE_UNIT.fullmatch(gap)
    if unit and unit[1].lower() not in _PREPOSITIONS:
        return True
    return _JOINER.fullmatch(gap) is not None


def _before_equals(s: str, groups: list[list[re.Match[str]]]) -> Amount | None:
    """Return the number left of an equals sign whose right side is a term, as in "15 = 3 * 5"."""
    if len(groups) < 2 or len(groups[-2]) > 1:
        return None
    left, right = groups[-2][0], groups[-1]
    if s[left.end() : right[0].start()].strip() != "=":
        return None
    for before, after in pairwise(right):
        if after["sign"] or _ARITHMETIC_JOINER.fullmatch(s[before.end() : after.start()]):
            continue
        return None
    return _single(left)


def _only_number_word(content: str) -> Amount | None:
    """Return the spelled-out number in a sentence that holds a single one."""
    values = set()
    for words in NUMBER_WORDS.finditer(content[:1000]):
        if words[0].lower() not in ("one", "hundred", "thousand", "million"):
            values.add(number_of_words(words[0]))
    values.discard(None)
    if len(values) != 1:
        return None
    value = values.pop()
    assert value is not None
    return Amount(value, str(value))

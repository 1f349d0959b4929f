"""Read numbers that are written in words."""

import re
from fractions import Fraction

_ONES = "zero one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = {
    # Two words first, because a pattern takes the first name that fits.
    "hundred thousand": 10**5,
    "hundred million": 10**8,
    "hundred billion": 10**11,
    "hundred": 10**2,
    "thousand": 10**3,
    "lakh": 10**5,
    "million": 10**6,
    "crore": 10**7,
    "billion": 10**9,
    "trillion": 10**12,
}
PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
"""Names of the parts of a fraction, with its denominator."""


def _small_numbers() -> dict[str, int]:
    numbers: dict[str, int] = {}
    for value, word in enumerate([*_ONES, *_TEENS]):
        numbers[word] = value
    for tens, word in enumerate(_TENS, start=2):
        numbers[word] = 10 * tens
    return numbers


_SMALL = _small_numbers()
_SMALL["dozen"] = 12
_WORD = "|".join(sorted([*_SMALL, *SCALES], key=len, reverse=True))
NUMBER_WORDS = re.compile(
    rf"\b(?:an?\s(?=hundred|thousand|million|billion|trillion|dozen))?(?:{_WORD})"
    rf"(?:(?:\s?-\s?|\s(?:and\s)?)(?:{_WORD}))*\b",
    re.I,
)
_FRACTION = re.compile(
    rf"(an?|one|{'|'.join([*_ONES, *_TEENS])})?[\s-]?({'|'.join(PARTS)})s?", re.I
)
_COUNTED_PARTS = re.compile(
    rf"(?<!and )(?<![\d.,/])(?<!\d-)\b(\d{{1,9}}|{'|'.join([*_ONES, *_TEENS])})[\s-]"
    rf"({'|'.join(name for name in PARTS if name.endswith(('d', 'th')))})s\b",
    re.I,
)
"""Not quarters and halves, which can be coins and parts of a game."""
_MIXED = re.compile(r"(.+?) and (?:an? )?(.+)", re.I)


def number_of_words(text: str) -> Fraction | None:
    """Return the number that words name; None when they name none.

    >>> number_of_words("one hundred and five"), number_of_words("two and a half")
    (Fraction(105, 1), Fraction(5, 2))
    """
    words = " ".join(text.lower().split())
    if len(words) > 120:
        return None
    if NUMBER_WORDS.fullmatch(words):
        whole = _whole_number(re.findall(r"[a-z]+", words))
        return None if whole is None else Fraction(whole)
    part = _part(words)
    if part is not None:
        return part
    mixed = _MIXED.fullmatch(words)
    if mixed is None:
        return None
    whole = None
    if mixed[1].isdecimal() and len(mixed[1]) < 16:
        whole = int(mixed[1])
    elif NUMBER_WORDS.fullmatch(mixed[1]):
        whole = _whole_number(re.findall(r"[a-z]+", mixed[1]))
    part = _part(mixed[2])
    return None if whole is None or part is None else whole + part


def with_written_fractions(text: str) -> str:
    """Return a text with the fractions that it counts out in digits.

    >>> with_written_fractions("the third of 2 thirds, or three tenths")
    'the third of 2/3, or 3/10'
    """

    def in_digits(found: re.Match[str]) -> str:
        count = found[1].lower()
        return f"{_SMALL.get(count, count)}/{PARTS[found[2].lower()]}"

    return _COUNTED_PARTS.sub(in_digits, text)


def _part(words: str) -> Fraction | None:
    """Return the value of "half" or "three quarters"."""
    found = _FRACTION.fullmatch(words)
    if found is None:
        return None
    count = found[1] or "one"
    top = _SMALL.get(count, 1)
    return Fraction(top, PARTS[found[2]])


def _whole_number(words: list[str]) -> int | None:
    """Return the value of number words; None when their order makes no sense."""
    total = group = 0
    last = 0
    for word in words:
        if word in ("and", "a", "an"):
            continue
        if word == "hundred":
            group = max(group, 1) * 100
        elif word in SCALES:
            total += max(group, 1) * SCALES[word]
            group = 0
        elif word == "dozen":
            group = max(group, 1) * 12
        elif group and last < 20 and group % 100:
            return None  # "two three" is no number
        else:
            group += _SMALL[word]
        last = _SMALL.get(word, 100)
    return total + group

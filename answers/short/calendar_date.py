"""Read a date in the ways people write it, as far as it is written: a year, a month, a day."""

import re
from calendar import monthrange
from dataclasses import dataclass

from ..characters import to_plain

_MONTHS = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{1,4})(?P<era>\s?(?:B\.?C\.?(?:E\.?)?|A\.?D\.?|C\.?E\.?))?"
_WEEKDAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s|(?:mon|tue|wed|thu|fri|sat|sun)\.?,?\s)?"
)
_PATTERNS = [
    re.compile(rf"{_WEEKDAY}{_MONTH}\s(?:the\s)?{_DAY}(?:,?\s{_YEAR})?", re.I),
    re.compile(rf"{_WEEKDAY}(?:the\s)?{_DAY}\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?", re.I),
    re.compile(rf"{_DAY}-{_MONTH}-(?P<year>\d{{4}})", re.I),
    re.compile(rf"{_MONTH},?\s(?:of\s)?(?P<year>\d{{3,4}})(?P<era>\s?(?:BCE?|AD|CE))?", re.I),
    re.compile(
        r"(?P<year>\d{4})[-/.](?P<number>\d{1,2})[-/.](?P<day>\d{1,2})(?:[T ]\d\d:\d\d\S{0,20})?"
    ),
    re.compile(r"(?P<year>\d{4})\u5e74(?P<number>\d{1,2})\u6708(?P<day>\d{1,2})\u65e5"),
    re.compile(r"(?P<year>\d{4})-(?P<number>\d{2})(?!\d)"),
    re.compile(r"(?P<day>\d{1,2})\.\s?(?P<number>\d{1,2})\.\s?(?P<year>\d{4})"),
    re.compile(r"(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4}|\d{2})"),
    re.compile(_YEAR, re.I),
]
_ANY = re.compile(
    rf"(?<![\w/.-])(?:{_MONTH.replace('?P<month>', '?:')}\s\d{{1,2}}(?:st|nd|rd|th)?"
    rf"(?:,?\s\d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH.replace('?P<month>', '?:')}(?:,?\s\d{{4}})?"
    rf"|{_MONTH.replace('?P<month>', '?:')}\s\d{{4}}"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}"
    r"|\d{4}\u5e74\d{1,2}\u6708\d{1,2}\u65e5)(?![\w/-])",
    re.I,
)


@dataclass(frozen=True)
class CalendarDate:
    """A date as far as it is known.

    Attributes:
        year: Negative for years before our era.
        month: From 1 to 12.
        day: From 1 to 31.
        order: "first/second" where it is open which of the two numbers is the month.
    """

    year: int | None
    month: int | None
    day: int | None
    order: str = ""

    def form(self) -> str:
        """Return the form of the date; equal forms mean equal dates."""
        parts = [self.year, self.order or self.month, self.day]
        return "date " + "-".join("?" if part is None else str(part) for part in parts)


def read_date(text: str) -> CalendarDate | None:
    """Return the date that a text is; None for anything else, and for dates that do not exist.

    >>> read_date("March 5th, 2021") == read_date("2021-03-05"), read_date("2021-25-12")
    (True, None)
    """
    s = " ".join(to_plain(text[:100]).split()).strip(" .,;*_\"'`()")
    for pattern in _PATTERNS:
        found = pattern.fullmatch(s)
        if found:
            return _date_of({name: text or "" for name, text in found.groupdict().items()})
    return None


def dates_in(text: str) -> list[str]:
    """Return the dates in a text as they are written."""
    return [found[0] for found in _ANY.finditer(to_plain(text[:5000]))]


def _date_of(parts: dict[str, str]) -> CalendarDate | None:
    year = _number(parts, "year")
    if year is not None and parts.get("era", "").strip().upper().startswith("B"):
        year = -year
    first, second = _number(parts, "first"), _number(parts, "second")
    if first is not None and second is not None:
        return _numeric_date(first, second, year)
    month = _number(parts, "number")
    if parts.get("month"):
        month = _MONTHS[parts["month"][:3].lower()]
    return _checked(year, month, _number(parts, "day"))


def _number(parts: dict[str, str], name: str) -> int | None:
    return int(parts[name]) if parts.get(name) else None


def _numeric_date(first: int, second: int, year: int | None) -> CalendarDate | None:
    """Return the date of two numbers; where both can be the month, it is equal to itself only."""
    if first > 12:
        return _checked(year, second, first)
    if second > 12 or first == second:
        return _checked(year, first, second)
    if not first or not second:
        return None
    return CalendarDate(year, None, None, f"{first}/{second}")


def _checked(year: int | None, month: int | None, day: int | None) -> CalendarDate | None:
    if month is not None and not 1 <= month <= 12:
        return None
    if day is not None and month is not None:
        leap = 2000 if year is None or year < 1 else year
        if not 1 <= day <= monthrange(leap, month)[1]:
            return None
    return CalendarDate(year, month, day)

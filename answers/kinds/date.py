"""Compare answers as dates, whatever way each is written."""

from functools import lru_cache

from ..short.calendar_date import dates_in, read_date
from ..short.phrase import phrase_form
from .base import NormalFormKind
from .short import NoAnswer, ReplyReader


class DateKind(ReplyReader, NormalFormKind):
    """A day, a month or a year.

    "March 5, 2021", "5 March 2021" and "2021-03-05" are one date. "03/05/2021" can be two dates,
    so it equals only itself. A date without a year is not one with a year.

    >>> DATE.equal_by_normal_form("5 March 2021", "2021-03-05")
    True
    """

    name = "date"
    comparison = "as dates"

    def read_marked(self, content: str) -> str | None:
        """Return the date after a mark."""
        if read_date(content) is not None:
            return content.strip(" .*_`")
        written = dates_in(content)
        if len({DATE.normalize(date) for date in written}) > 1:
            raise NoAnswer
        return written[0] if written else None

    def read_bare(self, line: str) -> str | None:
        """Return a line that is a date."""
        return line.strip(" .*_`") if read_date(line) is not None else None

    def read_line(self, line: str) -> str | None:
        """Return the only date in a line."""
        return self.read_marked(line)

    def normalize(self, answer: str) -> str:
        """Return the date in one form; of anything else the form of the text."""
        return _form(answer[:400])


@lru_cache(maxsize=4096)
def _form(answer: str) -> str:
    date = read_date(answer)
    if date is None:
        written = dates_in(answer)
        date = read_date(written[0]) if len(written) == 1 else None
    return f"text {phrase_form(answer)}" if date is None else date.form()


DATE = DateKind()

"""The latest answers of all interfaces, so that they can be explained."""

from collections import OrderedDict
from dataclasses import dataclass

from ..programs.events import Event, Planned, RoundDecided
from .accounts import Account
from .errors import ApiError
from .question import Question
from .service import Finished

MOST_ANSWERS = 1_000
MOST_CHARS = 8_000_000
_EVENT_CHARS = 200
"""What an event takes besides its texts."""


@dataclass(frozen=True)
class AnsweredQuestion:
    """A question with its answer, and how it was found.

    Attributes:
        question: the question.
        answer: the answer; None when none could be read.
        events: those of its rounds, in order.
    """

    question: Question
    answer: str | None
    events: tuple[Event, ...]

    @property
    def chars(self) -> int:
        """About how many characters it holds in memory."""
        total = len(self.question.text) + len(self.answer or "")
        for event in self.events:
            total += _EVENT_CHARS
            if isinstance(event, Planned):
                total += len(event.plan)
            if isinstance(event, RoundDecided):
                total += len(event.explanation) + sum(len(vote) for vote in event.votes)
        return total


def answered_question(question: Question, finished: Finished) -> AnsweredQuestion:
    """Return what is kept of an answer."""
    answer = finished.prediction.answer
    text = None if answer is None else str(answer)
    return AnsweredQuestion(question, text, finished.rounds)


class Answered:
    """Keeps the latest answers in memory, each for the key that asked.

    Args:
        most: how many; the oldest is dropped first. 0 keeps none, because the next request may be
            another process's.
        most_chars: how many characters they may have together.
    """

    def __init__(self, most: int = MOST_ANSWERS, most_chars: int = MOST_CHARS) -> None:
        self._most, self._most_chars = most, most_chars
        self._kept: OrderedDict[tuple[str, str], AnsweredQuestion] = OrderedDict()
        self._chars = 0

    def add(self, account: Account | None, id_: str, answered: AnsweredQuestion) -> None:
        """Keep an answer.

        Args:
            account: whose answer it is; None where no key is needed.
            id_: the id under which the client was given it.
            answered: the answer.
        """
        if not self._most:
            return
        self._kept[_owner(account), id_] = answered
        self._chars += answered.chars
        while len(self._kept) > self._most or self._chars > self._most_chars:
            _, oldest = self._kept.popitem(last=False)
            self._chars -= oldest.chars

    def find(self, account: Account | None, id_: str) -> AnsweredQuestion:
        """Return an answer.

        Raises:
            ApiError: when there is none, when it was given to another key, or when none is kept.
        """
        if not self._most:
            raise ApiError(404, "several processes keep no answers: explain needs --workers 1")
        found = self._kept.get((_owner(account), id_))
        if found is None:
            text = f"no answer has this id: the latest {self._most:,} answers are kept at most"
            raise ApiError(404, text)
        return found


def _owner(account: Account | None) -> str:
    """Return what names an account also after its key was made anew."""
    return "" if account is None else f"{account.created} {account.name}"

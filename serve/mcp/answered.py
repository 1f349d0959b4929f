"""The latest answers, so that they can be explained."""

import secrets
from collections import OrderedDict

from ...programs import Cascade
from ...programs.events import Event, Planned, RoundDecided, RoundStarted, SampleCounted
from ...programs.round_text import describe_round
from ..accounts import Account
from ..errors import ApiError
from .results import ExplainedRound, Explanation

KEPT = 200


class Answered:
    """Keeps the latest answers in memory, each for the key that asked.

    Args:
        most: how many; the oldest is dropped first.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Explanation] = OrderedDict()

    def add(
        self,
        account: Account | None,
        question: str,
        answer: str | None,
        rounds: list[ExplainedRound],
    ) -> str:
        """Keep an answer, and return its id.

        Args:
            account: whose answer it is; None where no key is needed.
            question: the question.
            answer: the answer.
            rounds: the rounds that ran.
        """
        id_ = "ans_" + secrets.token_hex(12)
        explanation = Explanation(id=id_, question=question, answer=answer, rounds=rounds)
        self._kept[_owner(account), id_] = explanation
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return id_

    def find(self, account: Account | None, id_: str) -> Explanation:
        """Return the rounds of an answer.

        Raises:
            ApiError: when there is none, or when it was given to another key.
        """
        found = self._kept.get((_owner(account), id_))
        if found is None:
            text = f"no answer has this id: `ask` returns ids, and the latest {self._most} are kept"
            raise ApiError(404, text)
        return found


def _owner(account: Account | None) -> str:
    return "" if account is None else account.name


class RoundNotes:
    """Collects the rounds of one answer from its events.

    Args:
        cascade: the program that answers.
    """

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self.rounds: list[ExplainedRound] = []

    def add(self, event: Event) -> None:
        """Take an event into account."""
        match event:
            case RoundStarted():
                text = describe_round(self._cascade.preset, event.round, self._cascade.domain)
                self.rounds.append(
                    ExplainedRound(round=event.round, description=text, plans=[], votes={})
                )
            case Planned():
                self.rounds[-1].plans.append(event.plan)
            case SampleCounted():
                self.rounds[-1].unread += event.answer is None
            case RoundDecided():
                decided = self.rounds[-1]
                decided.votes = dict(event.votes)
                decided.answer, decided.confidence = event.answer, event.confidence
                decided.threshold, decided.accepted = event.threshold, event.accepted
                decided.reason = event.reason

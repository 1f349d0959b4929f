"""Compare answers in pairs, each in both orders; a verdict counts if it survives the swap."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...programs.judge import Judge

Outcome = Literal["win", "tie", "loss", "flipped", "unread"]

_SWAPPED = {"first": "second", "second": "first", "tie": "tie"}
_OUTCOMES: dict[str, Outcome] = {"first": "win", "second": "loss", "tie": "tie"}


@dataclass(frozen=True)
class AnswerPair:
    """Two answers to one question.

    Attributes:
        key: the question's key.
        group: questions with the same value belong together, such as the turns of a conversation.
        question: the question, as both were asked, or the part that both were asked.
        answer: the answer that is judged.
        reference: the answer that it is compared with.
        values: the values of confidences in the answer, by their names.
    """

    key: str
    group: str
    question: str
    answer: str
    reference: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgedPair:
    """A pair with the outcome for its answer.

    `flipped` is a verdict that changed with the order of the answers, or that one order left open.
    """

    pair: AnswerPair
    outcome: Outcome

    @property
    def counts(self) -> bool:
        """Whether the verdict was read and survived the swap."""
        return self.outcome in ("win", "tie", "loss")

    @property
    def score(self) -> float:
        """1 for a win, 0 for a loss; half for a tie, and for a verdict that does not count."""
        return {"win": 1.0, "loss": 0.0}.get(self.outcome, 0.5)


async def judge_pair(judge: Judge, pair: AnswerPair) -> JudgedPair:
    """Judge a pair in both orders. Equal answers are a tie, without a call."""
    if pair.answer.split() == pair.reference.split():
        return JudgedPair(pair, "tie")
    forth, back = await asyncio.gather(
        judge.prefers(pair.question, pair.answer, pair.reference),
        judge.prefers(pair.question, pair.reference, pair.answer),
    )
    if forth is None or back is None:
        return JudgedPair(pair, "unread")
    if forth != _SWAPPED[back]:
        return JudgedPair(pair, "flipped")
    return JudgedPair(pair, _OUTCOMES[forth])


async def judge_pairs(judge: Judge, pairs: Sequence[AnswerPair]) -> list[JudgedPair]:
    """Judge all pairs concurrently, in their order."""
    return await asyncio.gather(*(judge_pair(judge, pair) for pair in pairs))

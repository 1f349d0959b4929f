"""Vote share: the confidence of an answer is the share of the samples that gave it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH
from ...stats.tolerance import FLOAT_TOLERANCE as FLOAT_TOLERANCE
from ..round_record import RoundRecord
from .base import Confidence, GatedRound, Sample, Tally, Verdict
from .early_stopping import HEURISTIC_RULES, RULES, exact
from .gate import VOTES
from .vectorized import (
    RoundSamples,
    VerdictArrays,
    decide_in_blocks,
    most_voted,
    verdict_arrays,
)
from .vote_count import VoteCount


class VoteShare(Confidence):
    """Share of the most frequent answer (Wang et al. 2022; arXiv 2506.11578, section 3).

        confidence = votes of the leading answer / number of samples

    The kind of answers decides which answers are equal. Samples without a vote count in the
    denominator only. A tie goes to the answer whose first supporter comes first in the round's
    seeded order.
    """

    kind = "votes"
    counts_votes = True
    compares_answers = True
    gate_text = VOTES

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        return VoteTally(order, answers)

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        return decide_in_blocks(samples, _decide)

    def explain(self, record: RoundRecord, samples: int) -> str:
        most, asked = next(iter(record["votes"].values()), 0), record["asked"]
        undrawn = samples - asked
        share, rule = f"{record['confidence']:.0%}", record.get("early_stop")
        if record.get("undrawn"):
            return f"{most} of {asked} samples agree ({undrawn} more were not worth their cost)"
        if undrawn > 0 and rule in HEURISTIC_RULES:
            not_drawn = f"{undrawn} more were not drawn by {rule}"
            return f"{most} of {asked} samples agree ({share}; {not_drawn})"
        if undrawn > 0:
            share += f"; {undrawn} more were not drawn, as they could change nothing"
        return f"{most} of {samples} samples agree ({share})"

    def min_samples(
        self, round_: GatedRound, agreed: bool, early_stop: str, forwards_plan: bool
    ) -> int:
        if early_stop in HEURISTIC_RULES and not agreed:
            return 1
        count = VoteCount(round_.samples)
        for rank in range(round_.samples):
            count.add(rank, 0 if agreed else None, planned=True)
            if RULES[early_stop](count, round_.threshold, forwards_plan):
                return rank + 1
        return round_.samples


def _decide(samples: RoundSamples) -> VerdictArrays:
    lead, most, supporters = most_voted(samples)
    return verdict_arrays(samples, lead, most / samples.order.shape[1], supporters)


class VoteTally:
    """The votes of one round.

    Args:
        order: all indices of the round's samples, in the seeded order in which they are requested.
        answers: how two votes are compared.
    """

    kind = VoteShare.kind

    def __init__(self, order: Sequence[int], answers: AnswerKind = MATH) -> None:
        self._kind = answers
        self.total = len(order)
        self.count = VoteCount(len(order))
        self._rank = {index: rank for rank, index in enumerate(order)}
        self._answers: list[str] = []  # the votes, as the first supporter wrote each
        self._voted: dict[int, Sample] = {}  # the supporters' samples by rank

    async def evaluate(self, sample: Sample) -> None:
        """Do nothing, because an answer votes for itself."""

    async def add(self, sample: Sample) -> None:
        rank = self._rank[sample.index]
        place = None if sample.vote is None else await self._place(sample.vote)
        if place is not None:
            self._voted[rank] = sample
        self.count.add(rank, place, bool(sample.plan))

    async def _place(self, answer: str) -> int:
        doubtful = []
        for place, known in enumerate(self._answers):
            same = self._kind.equal_by_normal_form(known, answer)
            if same:
                return place
            if same is None:
                doubtful.append(place)
        for place in doubtful:
            if await self._kind.equal_async(self._answers[place], answer):
                return place
        self._answers.append(answer)
        return len(self._answers) - 1

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        return exact(self.count, threshold, forwards_plan)

    def verdict(self) -> Verdict:
        count, leader = self.count, self.count.leader
        if leader is None:
            return Verdict(None, 0.0, (), {})
        indices = {rank: index for index, rank in self._rank.items()}
        first = [self._voted[ranks[0]] for ranks in count.voters]  # of each vote's supporters
        return Verdict(
            answer=first[leader].answer,
            confidence=len(count.voters[leader]) / self.total,
            supporters=tuple(indices[rank] for rank in count.voters[leader]),
            votes={
                first[vote].vote or "": len(count.voters[vote])
                for vote in sorted(range(len(first)), key=count.ranking_key)
            },
        )


def accepts(verdict: Verdict, threshold: float | None) -> bool:
    """Return whether the confidence reaches the threshold; without one, whether there is an answer.

    The paper's text accepts above the threshold, and a caption escalates below it. Here six votes
    of eight reach a threshold of 0.75.
    """
    return verdict.answer is not None and (
        threshold is None or verdict.confidence >= threshold - FLOAT_TOLERANCE
    )

"""Vote share: the confidence of an answer is the share of the samples that gave it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .equivalence import aequal, equal_fast
from .sample import Sample, Tally, Verdict

SLACK = 1e-9  # 0.1 * 30 samples is 3.0000000000000004 votes in floating point; three are enough


class VoteShare:
    """Share of the most frequent answer, answers compared as mathematics (Wang et al. 2022; arXiv 2506.11578, section 3).

        confidence = votes of the leading answer / number of samples

    Samples without a readable answer count in the denominator and for nobody. A tie goes to the answer whose first
    supporter comes first in the round's seeded order.
    """

    one_settles = False

    def tally(self, order: Sequence[int], given: Mapping[str, Any] | None = None) -> Tally:
        return VoteTally(order)


class VoteTally:
    """The votes of one round.

    Args:
        order: all indices of the round's samples, in the seeded order in which they are asked.
        exact: whether votes are the same only when they are written the same; else they are compared as mathematics.
    """

    kind = "votes"

    def __init__(self, order: Sequence[int], exact: bool = False) -> None:
        self._exact = exact
        self.total = len(order)
        self._rank = {index: rank for rank, index in enumerate(order)}
        self._missing = set(order)
        self._answers: list[str] = []  # the votes, as the first supporter wrote each
        self._voters: list[list[int]] = []  # ranks of each answer's supporters, ascending
        self._voted: dict[int, Sample] = {}  # the supporters' samples by rank
        self._planned: set[int] = set()  # ranks of the samples that have a plan to hand on

    async def examine(self, sample: Sample) -> None:
        """An answer says all by itself."""

    async def add(self, sample: Sample) -> None:
        self._missing.discard(sample.index)
        if sample.vote is None:
            return
        place = await self._place(sample.vote)
        if sample.plan:
            self._planned.add(self._rank[sample.index])
        self._voted[self._rank[sample.index]] = sample
        self._voters[place].append(self._rank[sample.index])
        self._voters[place].sort()

    async def _place(self, answer: str) -> int:
        doubtful = []
        for place, known in enumerate(self._answers):
            same = known == answer if self._exact else equal_fast(known, answer)
            if same:
                return place
            if same is None:
                doubtful.append(place)
        for place in doubtful:
            if await aequal(self._answers[place], answer):
                return place
        self._answers.append(answer)
        self._voters.append([])
        return len(self._answers) - 1

    def _leader(self) -> int | None:
        return min(range(len(self._answers)), key=self._precedence, default=None)

    def _precedence(self, place: int) -> tuple[int, int]:
        return -len(self._voters[place]), self._voters[place][0]

    def settled(self, threshold: float | None, hands_on: bool) -> bool:
        missing = len(self._missing)
        if not missing:
            return True
        needed = 1 if threshold is None else math.ceil(threshold * self.total - SLACK)
        most = max(map(len, self._voters), default=0)
        if most + missing < needed and not hands_on:
            return True  # no answer can reach the threshold any more, and nobody asks for a plan
        leader = self._leader()
        if leader is None or not self._leads_for_good(leader, missing):
            return False
        votes = len(self._voters[leader])
        if votes >= needed:
            return True
        drawn = next((rank for rank in self._voters[leader] if rank in self._planned), self.total)
        return votes + missing < needed and all(self._rank[index] > drawn for index in self._missing)

    def _leads_for_good(self, leader: int, missing: int) -> bool:
        """Whether no other answer, seen or unseen, can overtake the leader with all the missing votes."""
        votes, first = len(self._voters[leader]), self._voters[leader][0]
        earliest = min(self._rank[index] for index in self._missing)
        rivals = [(len(v), min(v[0], earliest)) for place, v in enumerate(self._voters) if place != leader]
        rivals.append((0, earliest))
        return all(count + missing < votes or (count + missing == votes and first < rank) for count, rank in rivals)

    def verdict(self) -> Verdict:
        leader = self._leader()
        if leader is None:
            return Verdict(None, 0.0, (), {})
        indices = {rank: index for index, rank in self._rank.items()}
        places = sorted(range(len(self._answers)), key=self._precedence)
        return Verdict(
            answer=self._voted[self._voters[leader][0]].answer,
            confidence=len(self._voters[leader]) / self.total,
            supporters=tuple(indices[rank] for rank in self._voters[leader]),
            votes={self._voted[self._voters[place][0]].vote or "": len(self._voters[place]) for place in places},
        )


def accepts(verdict: Verdict, threshold: float | None) -> bool:
    """The gate: a share at or above the threshold is accepted; without a threshold any answer is.

    The paper's text accepts above, a caption escalates below; at n = 8 and 0.75, six votes of eight are enough here.
    """
    return verdict.answer is not None and (threshold is None or verdict.confidence >= threshold - SLACK)

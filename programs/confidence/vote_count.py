"""The votes of a round so far: who votes with whom, and who is still missing; what they vote for does not matter here."""

from bisect import insort


class VoteCount:
    """Votes as numbers, for the tally of a live round and for rounds that are counted anew from a record.

    Ranks are places in the seeded order in which a round's samples are asked: between votes with as many supporters, the
    one whose first supporter comes first in it leads.

    Args:
        total: samples of the round.

    Attributes:
        missing: ranks that have not come in.
        voters: for each vote the ranks of its supporters, ascending.
        with_plan: ranks of the supporters that have a plan to hand on.
        drawn: the votes in the order in which they came in; None is a sample without a vote.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.missing = set(range(total))
        self.voters: list[list[int]] = []
        self.with_plan: set[int] = set()
        self.drawn: list[int | None] = []

    def add(self, rank: int, vote: int | None, planned: bool = False) -> None:
        """Count a sample; a vote that nobody gave before has the next number."""
        self.missing.discard(rank)
        self.drawn.append(vote)
        if vote is None:
            return
        if vote == len(self.voters):
            self.voters.append([])
        insort(self.voters[vote], rank)
        if planned:
            self.with_plan.add(rank)

    @property
    def leader(self) -> int | None:
        """The vote that leads; None when no sample has one."""
        return min(range(len(self.voters)), key=self.ranking_key, default=None)

    def ranking_key(self, vote: int) -> tuple[int, int]:
        """What votes are ranked by, the leading one first."""
        return -len(self.voters[vote]), self.voters[vote][0]

    @property
    def top_two(self) -> tuple[int, int]:
        """Supporters of the leading vote and of the runner-up."""
        first, second = (*sorted(map(len, self.voters), reverse=True)[:2], 0, 0)[:2]
        return first, second

"""Count the votes of a round: which samples agree, and which are still missing."""

from bisect import insort


class VoteCount:
    """The votes of a round as numbers, for live rounds and for replays of a recording.

    A rank is a position in the seeded order in which the samples are requested. Of votes with
    equally many supporters, the vote whose first supporter has the lowest rank leads.

    Args:
        total: samples of the round.

    Attributes:
        missing: ranks of the samples that are not counted yet.
        voters: for each vote the ranks of its supporters, ascending.
        with_plan: ranks of the supporters with a plan that can be forwarded.
        drawn: the votes in the order in which they were counted; None is a sample without a vote.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.missing = set(range(total))
        self.voters: list[list[int]] = []
        self.with_plan: set[int] = set()
        self.drawn: list[int | None] = []

    def add(self, rank: int, vote: int | None, planned: bool = False) -> None:
        """Count a sample. The first supporter of a new vote passes the next number."""
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
        """The leading vote; None without any vote."""
        return min(range(len(self.voters)), key=self.ranking_key, default=None)

    def ranking_key(self, vote: int) -> tuple[int, int]:
        """Return the sort key of a vote; the leading vote comes first."""
        return -len(self.voters[vote]), self.voters[vote][0]

    @property
    def top_two(self) -> tuple[int, int]:
        """Supporters of the leading vote and of the runner-up."""
        first, second, *_ = [*sorted(map(len, self.voters), reverse=True), 0, 0]
        return first, second

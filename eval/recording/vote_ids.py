"""Votes as numbers: the same number is the same vote."""

from collections import defaultdict
from collections.abc import Sequence

from ...answers.short.equivalence import aequal, agroup


async def vote_keys(
    votes: Sequence[str | None], exact: bool = False
) -> tuple[list[int | None], bool]:
    """Number the votes of one question.

    Args:
        votes: what each sample votes for; None for nothing.
        exact: whether votes are the same only when they are written the same; else they are compared as mathematics.

    Returns:
        The number of each vote, None for no vote; and whether some number joins votes that are equal to a third one and not
        to each other. There a live round counts by which vote comes in first, and a replay cannot know.

    >>> import asyncio
    >>> asyncio.run(vote_keys(["1/2", None, "0.5", "3"]))
    ([0, None, 0, 1], False)
    """
    if exact:
        places: dict[str, int] = {}
        return [
            None if vote is None else places.setdefault(vote, len(places)) for vote in votes
        ], False
    keys = await agroup(votes)
    members: defaultdict[int, set[str]] = defaultdict(set)
    for key, vote in zip(keys, votes, strict=True):
        if key is not None and vote is not None:
            members[key].add(vote)
    for same in map(sorted, members.values()):
        for place, one in enumerate(same):
            for other in same[place + 1 :]:
                if not await aequal(one, other):
                    return keys, True
    return keys, False

"""Votes as numbers: the same number is the same vote."""

from collections import defaultdict
from collections.abc import Sequence

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH


async def assign_vote_ids(
    votes: Sequence[str | None], answers: AnswerKind = MATH
) -> tuple[list[int | None], bool]:
    """Number the votes of one question.

    Args:
        votes: what each sample votes for; None for nothing.
        answers: how two votes are compared.

    Returns:
        The number of each vote, None for no vote; and whether some number joins votes that are equal to a third one and not
        to each other. There a live round counts by which vote comes in first, and a replay cannot know.

    >>> import asyncio
    >>> asyncio.run(assign_vote_ids(["1/2", None, "0.5", "3"]))
    ([0, None, 0, 1], False)
    """
    keys = await answers.group_async(votes)
    members: defaultdict[int, set[str]] = defaultdict(set)
    for key, vote in zip(keys, votes, strict=True):
        if key is not None and vote is not None:
            members[key].add(vote)
    for same in map(sorted, members.values()):
        for place, one in enumerate(same):
            for other in same[place + 1 :]:
                if not await answers.equal_async(one, other):
                    return keys, True
    return keys, False

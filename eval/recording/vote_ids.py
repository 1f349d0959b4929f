"""Votes as numbers: equal votes have the same number."""

from collections import defaultdict
from collections.abc import Sequence

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH


async def assign_vote_ids(
    votes: Sequence[str | None], answers: AnswerKind = MATH
) -> tuple[list[int | None], bool]:
    """Number the votes of one question.

    Args:
        votes: the vote of each sample; None for no vote.
        answers: compares two votes.

    Returns:
        The number of each vote, None for no vote. And whether some number joins votes that are both
        equal to a third one but not to each other. A live round then counts by which vote comes in
        first, and a replay cannot know that order.

    >>> import asyncio
    >>> asyncio.run(assign_vote_ids(["1/2", None, "0.5", "3"]))
    ([0, None, 0, 1], False)
    """
    ids = await answers.group_async(votes)
    members: defaultdict[int, set[str]] = defaultdict(set)
    for vote_id, vote in zip(ids, votes, strict=True):
        if vote_id is not None and vote is not None:
            members[vote_id].add(vote)
    for equal in map(sorted, members.values()):
        for index, vote in enumerate(equal):
            for other in equal[index + 1 :]:
                if not await answers.equal_async(vote, other):
                    return ids, True
    return ids, False

"""Count the recorded replies of a replay that were cut, refused or not readable."""

import numpy as np

from ...programs.reply_counts import ReplyCounts
from ...util.arrays import Array
from .give_up import mask_of_drawn
from .replay import Replay
from .round import ReplayedRound


def count_recorded_replies(replay: Replay, rows: Array, last_rounds: Array) -> ReplyCounts | None:
    """Return the counts over the samples of the rounds that questions reach.

    A refusal that a recording of an earlier version does not mark counts as not readable.

    Args:
        replay: the program on the recording.
        rows: positions of the questions, whose calls the recording holds.
        last_rounds: (rows,): the round that answers each, from 1.

    Returns:
        None where the recording does not hold whether replies were cut, as an import.
    """
    total = np.zeros(3, dtype=int)
    for round_ in replay.rounds:
        asked = last_rounds >= round_.number
        if round_.skipped is not None:
            asked = asked & ~round_.skipped[rows]
        counts = _count(round_, rows[asked])
        if counts is None:
            return None
        total += counts
    cut, refused, unread = total.tolist()
    return ReplyCounts(cut, refused, unread)


def _count(round_: ReplayedRound, rows: Array) -> Array | None:
    """Return how many replies of a round were cut, refused and not readable."""
    recorded = round_.recorded
    if recorded is None or not rows.size:
        return np.zeros(3, dtype=int)

    def column(name: str) -> Array:
        return recorded.column(name)[rows, : round_.spec.samples]

    truncated = column("reason_truncated")
    if np.isnan(truncated).any():
        return None
    cut = truncated == 1
    refused = ~cut & (column("refused") == 1)
    unread = (column("answer") == None) & ~cut & ~refused  # noqa: E711 (elementwise)
    if round_.drawn is not None and round_.order is not None:
        drawn = mask_of_drawn(round_.order, round_.drawn)[rows]
        cut, refused, unread = cut & drawn, refused & drawn, unread & drawn
    return np.array([cut.sum(), refused.sum(), unread.sum()])

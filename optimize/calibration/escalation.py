"""How often the questions of a record escalate, by what the first samples of a round said."""

import numpy as np

from ...eval import Replay
from ...eval.replay.give_up import states_by_drawn
from ...programs.hedging import StateCounts
from ...util.arrays import Array


def escalation_counts(replay: Replay, rows: Array) -> list[StateCounts]:
    """Return the counts for `--hedge`, of all rounds but the last.

    Samples count in the seeded order. In a live run they count as they finish.

    Args:
        replay: the cascade with its thresholds.
        rows: indices of the questions to count.
    """
    outcomes = replay.outcomes()
    rows = rows[outcomes.known[rows]]
    counts: list[StateCounts] = []
    for round_ in replay.rounds[:-1]:
        samples, kinds = round_.samples, round_.kinds
        if samples is None or kinds is None:
            continue
        reached = rows[outcomes.round[rows] >= round_.number]
        escalated = outcomes.round[reached] > round_.number
        for drawn, leading in states_by_drawn(kinds[reached], samples.take(reached)):
            for value in np.unique(leading):
                in_state = leading == value
                counts.append(
                    {
                        "round": round_.number,
                        "drawn": drawn,
                        "leading": int(value),
                        "escalated": int(escalated[in_state].sum()),
                        "questions": int(in_state.sum()),
                    }
                )
    return counts

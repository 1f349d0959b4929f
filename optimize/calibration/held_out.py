"""Summarize a setting on one half of the record, in comparison with the last tier alone."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...eval import Replay
from ...stats.bootstrap import Estimate, resample
from ...stats.clustered import clustered_wilson
from ...stats.measures import MEASURES
from ...util.arrays import Array
from .losses import cumulative_use
from .split import SplitHalf


@dataclass(frozen=True)
class HeldOutSummary:
    """Accuracy and use over some questions. The names of the attributes are keys of files.

    Attributes:
        questions: the number of questions.
        unknown: of these, questions whose calls the record does not hold; no other figure counts
            them.
        accuracy: the mean score; None where some have no right answer, and then `harmed` and
            `helped` are None too.
        interval: the 95% Wilson interval of the accuracy, clustered by group.
        harmed: questions that are wrong where the last tier alone is right.
        helped: questions that are right where the last tier alone is wrong.
        rounds: the share of the questions that each round answers.
        use: by measure, the mean over questions; None where it is unknown.
    """

    questions: int
    unknown: int
    accuracy: float | None
    interval: tuple[float, float]
    harmed: int | None
    helped: int | None
    rounds: tuple[float, ...]
    use: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def summarize_half(replay: Replay, baseline: Replay, half: SplitHalf) -> HeldOutSummary:
    """Return the figures of a setting on one half.

    Args:
        replay: the cascade with the setting.
        baseline: the last tier alone.
        half: the questions.
    """
    outcomes = replay.outcomes()
    known = outcomes.known[half.rows]
    rows, units = half.rows[known], half.unit[known]
    scores, rounds = outcomes.score[rows], outcomes.round[rows] - 1
    harmed, helped = None, None
    if not np.isnan(scores).any():
        right, baseline_right = scores >= 1.0, baseline.scores[rows, -1] >= 1.0
        harmed = int((baseline_right & ~right).sum())
        helped = int((right & ~baseline_right).sum())
    shares = tuple(_mean(rounds == number) or 0.0 for number in range(len(replay.rounds)))
    use = {name: _mean(cumulative_use(replay, name)[rows, rounds]) for name in MEASURES}
    unknown = len(half.rows) - len(rows)
    interval = clustered_wilson(scores, units)
    return HeldOutSummary(
        len(half.rows), unknown, _mean(scores), interval, harmed, helped, shares, use
    )


def estimate_savings(
    replay: Replay, baseline: Replay, half: SplitHalf, seed: int = 0
) -> dict[str, Estimate]:
    """Return, by measure, the share of the last tier's use that a setting saves on one half.

        savings = 1 - use of the cascade / use of the last tier alone

    The 95% intervals are of the paired bootstrap, with whole groups drawn together. Measures that
    are unknown, or that the last tier does not use, are left out. So are questions whose calls the
    record does not hold.

    Args:
        replay: the cascade with the setting.
        baseline: the last tier alone.
        half: the questions.
        seed: the seed of the bootstrap.
    """
    outcomes = replay.outcomes()
    known = outcomes.known[half.rows]
    rows, units = half.rows[known], half.unit[known]
    savings = {}
    for name in MEASURES:
        columns = {
            "cascade": cumulative_use(replay, name)[rows, outcomes.round[rows] - 1],
            "baseline": cumulative_use(baseline, name)[rows, -1],
        }
        is_known = rows.size and np.isfinite([*columns.values()]).all()
        if is_known and columns["baseline"].sum() > 0:
            sums = resample(columns, units, seed=seed)
            savings[name] = sums.estimate(lambda sums: 1 - sums["cascade"] / sums["baseline"])
    return savings


def _mean(values: Array) -> float | None:
    """Return the mean; None for no value, and where one is unknown."""
    if not values.size or np.isnan(values).any():
        return None
    return float(values.mean())

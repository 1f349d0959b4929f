"""What a setting comes to on one half, beside the last tier alone."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...eval import Replay, ReplayOutcomes
from ...stats.bootstrap import Estimate, resample
from ...stats.clustered import clustered_wilson
from ...stats.measures import MEASURES
from ...util.arrays import Array
from .split import SplitHalf


@dataclass(frozen=True)
class HeldOutSummary:
    """Accuracy and use over some questions.

    Attributes:
        questions: how many.
        unknown: of these, whose calls the record does not hold; they count nowhere else.
        accuracy: mean score; None where some have no right answer, and so are `harmed` and `helped`.
        interval: its 95% Wilson interval; questions of a group hang together.
        harmed: wrong where the last tier alone is right.
        helped: right where the last tier alone is wrong.
        rounds: share of the questions that each round answers.
        use: by measure, mean over questions; None where it is not known.
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


def summarize_half(
    replay: Replay, outcomes: ReplayOutcomes, large: Replay, half: SplitHalf
) -> HeldOutSummary:
    """The figures of a setting on one half.

    Args:
        replay: the cascade with the setting's number of samples.
        outcomes: with the setting's thresholds.
        large: the last tier alone.
        half: the questions.
    """
    known = outcomes.known[half.rows]
    rows, units = half.rows[known], half.unit[known]
    score, at = outcomes.score[rows], outcomes.round[rows] - 1
    right, theirs = score >= 1.0, large.scores[rows, -1] >= 1.0
    n, labelled = len(rows), not np.isnan(score).any()
    use = {
        name: _mean(
            np.cumsum(measure.total(replay.usage, replay.tiers, large.last_tier), axis=1)[rows, at]
        )
        for name, measure in MEASURES.items()
    }
    return HeldOutSummary(
        len(half.rows),
        len(half.rows) - n,
        _mean(score),
        clustered_wilson(score, units),
        int((theirs & ~right).sum()) if labelled else None,
        int((right & ~theirs).sum()) if labelled else None,
        tuple(float((at == number).mean()) if n else 0.0 for number in range(len(replay.rounds))),
        use,
    )


def estimate_savings(
    replay: Replay, outcomes: ReplayOutcomes, large: Replay, half: SplitHalf, seed: int = 0
) -> dict[str, Estimate]:
    """By measure, the share of the last tier's use that a setting saves on one half, with its 95% interval.

        saved = 1 - use of the cascade / use of the last tier alone

    Intervals are of the paired bootstrap, whole groups drawn together. What is not known, or not used by the last tier, is left
    out; so are questions whose calls the record does not hold.

    Args:
        replay: the cascade with the setting's number of samples.
        outcomes: with the setting's thresholds.
        large: the last tier alone.
        half: the questions.
        seed: of the bootstrap.
    """
    known = outcomes.known[half.rows]
    rows, units = half.rows[known], half.unit[known]
    found = {}
    for name, measure in MEASURES.items():
        ours, theirs = (
            np.cumsum(measure.total(r.usage, r.tiers, large.last_tier), axis=1)[rows]
            for r in (replay, large)
        )
        columns = {
            "ours": ours[np.arange(len(rows)), outcomes.round[rows] - 1],
            "theirs": theirs[:, -1],
        }
        if rows.size and np.isfinite([*columns.values()]).all() and columns["theirs"].sum() > 0:
            found[name] = resample(columns, units, seed=seed).estimate(
                lambda sums: 1 - sums["ours"] / sums["theirs"]
            )
    return found


def _mean(values: Array) -> float | None:
    return None if not values.size or np.isnan(values).any() else float(values.mean())

"""What a setting comes to on one half, beside the large model alone."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...eval import MEASURES, Outcomes, Replay, wilson
from .halves import Half

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Figures:
    """Accuracy and use over some questions.

    Attributes:
        questions: how many.
        unknown: of these, whose calls the record does not hold; they count nowhere else.
        accuracy: mean score.
        interval: its 95% Wilson interval.
        harmed: wrong where the large model alone is right.
        helped: right where the large model alone is wrong.
        rounds: share of the questions that each round answers.
        use: by measure, mean over questions; None where it is not known.
    """

    questions: int
    unknown: int
    accuracy: float | None
    interval: tuple[float, float]
    harmed: int
    helped: int
    rounds: tuple[float, ...]
    use: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def figures(replay: Replay, outcomes: Outcomes, large: Replay, half: Half) -> Figures:
    """The figures of a setting on one half.

    Args:
        replay: the cascade with the setting's number of samples.
        outcomes: with the setting's thresholds.
        large: the large model alone.
        half: the questions.
    """
    rows = half.rows[outcomes.known[half.rows]]
    score, at = outcomes.score[rows], outcomes.round[rows] - 1
    right, theirs = score >= 1.0, large.scores[rows, -1] >= 1.0
    n = len(rows)
    use = {
        name: _mean(np.cumsum(measure.of(replay.spent, replay.tiers), axis=1)[rows, at])
        for name, measure in MEASURES.items()
    }
    return Figures(
        len(half.rows), len(half.rows) - n, float(score.mean()) if n else None, wilson(float(score.sum()), n),
        int((theirs & ~right).sum()), int((right & ~theirs).sum()),
        tuple(float((at == number).mean()) if n else 0.0 for number in range(len(replay.rounds))), use,
    )  # fmt: skip


def _mean(values: Array) -> float | None:
    return None if not values.size or np.isnan(values).any() else float(values.mean())

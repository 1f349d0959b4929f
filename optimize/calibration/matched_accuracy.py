"""What a cascade costs at the last tier's accuracy: the cheapest setting that is as accurate, measured on other questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import CopeError
from ...eval import Recording, Replay
from ...models import Price
from ...stats.bootstrap import DRAWS, Estimate, resample
from ...stats.clustered import group_labels
from ...stats.measures import MEASURES
from ...util.arrays import Array
from .losses import last_tier_alone
from .settings import Setting, SettingGrid, evaluate_settings
from .split import CalibrationSplit, SplitHalf, split_in_half

_SLACK = 1e-9  # of equal means


@dataclass(frozen=True)
class CostAtMatchedAccuracy:
    """The cost at an accuracy that is given by the last tier's.

    Attributes:
        program: the record's own, whose thresholds and samples are set.
        measure: of the cost.
        below: how much less accurate than the last tier alone a setting may be on the half on which it is chosen, as a share.
        settings: what was chosen on each half; None for the last tier alone.
        questions: those that were measured: each with the setting that was chosen on the half without it.
        left_out: questions whose calls the record lacks for that setting.
        share: the cost divided by that of the last tier alone.
        difference: in accuracy, cascade less the last tier alone.
    """

    program: str
    measure: str
    below: float
    settings: tuple[Setting | None, Setting | None]
    questions: int
    left_out: int
    share: Estimate
    difference: Estimate

    def as_dict(self) -> dict[str, Any]:
        return {
            **vars(self),
            "settings": [one and one._asdict() for one in self.settings],
            "share": self.share.as_dict(),
            "difference": self.difference.as_dict(),
        }


def cost_at_matched_accuracy(
    record: Recording,
    measure: str,
    below: tuple[float, ...] = (0.0,),
    *,
    prices: Mapping[str, Price] | None = None,
    rows: Array | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[CostAtMatchedAccuracy]:
    """The share of the last tier's cost that the record's cascade needs for its accuracy.

    A setting that is chosen for being cheap and accurate is less so on other questions. So the questions are halved, a setting
    is chosen on each half and measured on the other (cross-fitting in two folds). Intervals are of the paired bootstrap
    over all measured questions, with the two settings as they are.

    Args:
        record: every round of the cascade, and the last tier alone.
        measure: a name of `MEASURES` that the record knows.
        below: how much less accurate a setting may be, as shares; one result for each.
        prices: the user's price of a tier; else what was recorded.
        rows: places of the questions; all when None.
        draws: of the bootstrap.
        seed: of the halves and of the bootstrap.

    Returns:
        Nothing where the record has no gated round, or lacks the last tier alone.

    >>> cost_at_matched_accuracy(Recording.open("gsm8k.parquet"), "large-calls")[0].share  # doctest: +SKIP
    """
    try:
        large = last_tier_alone(record, prices)
    except CopeError:
        return []
    halves = split_in_half(record.keys, record.groups, seed, rows)
    if len(record.rounds) < 2 or not (halves.learn.units and halves.test.units):
        return []

    def short(cascade: Replay) -> Array:
        return large.scores[:, -1:] - cascade.scores

    ways = [(halves.learn, halves.test), (halves.test, halves.learn)]
    tried = [
        evaluate_settings(record, CalibrationSplit(one, other, halves.grouped), short, prices)
        for one, other in ways
    ]
    found = []
    for less in below:
        chosen = tuple(
            _cheapest(t, large, half, measure, less)
            for t, (half, _) in zip(tried, ways, strict=True)
        )
        parts = [
            _measured(record, large, setting, other, measure, prices)
            for setting, (_, other) in zip(chosen, ways, strict=True)
        ]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        places = columns.pop("place").astype(int)
        groups = group_labels([record.keys[place] for place in places], record.group_by_key)
        sums = resample({"n": np.ones(len(places)), **columns}, groups, draws=draws, seed=seed)
        found.append(
            CostAtMatchedAccuracy(
                next(iter(record.programs)),
                measure,
                less,
                (chosen[0], chosen[1]),
                len(places),
                len(halves.learn.rows) + len(halves.test.rows) - len(places),
                sums.estimate(lambda s: s["cost"] / s["cost_ref"]),
                sums.estimate(lambda s: (s["right"] - s["right_ref"]) / s["n"]),
            )
        )
    return found


def _cheapest(
    tried: SettingGrid, large: Replay, half: SplitHalf, measure: str, below: float
) -> Setting | None:
    """The cheapest setting that is accurate enough on a half; None where the last tier alone is cheaper still."""
    cost = np.where(tried.learn_loss <= below + _SLACK, tried.learn_use[measure], np.inf)
    cost = np.where(np.isfinite(cost), cost, np.inf)
    best = int(np.lexsort((tried.learn_loss, cost))[0])
    alone = float(_costs(large, measure)[half.rows, -1].mean())
    return tried.settings[best] if cost[best] < alone else None


def _measured(
    record: Recording,
    large: Replay,
    setting: Setting | None,
    half: SplitHalf,
    measure: str,
    prices: Mapping[str, Price] | None,
) -> dict[str, Array]:
    """Score and cost of a setting and of the last tier alone on the questions of a half whose outcome is known."""
    replay = large
    if setting:
        replay = Replay(
            record, samples=setting.samples, thresholds=setting.thresholds, prices=prices
        )
    outcomes = replay.outcomes()
    rows = half.rows[outcomes.known[half.rows]]
    return {
        "place": rows,
        "right": outcomes.score[rows],
        "right_ref": large.scores[rows, -1],
        "cost": _costs(replay, measure)[rows, outcomes.round[rows] - 1],
        "cost_ref": _costs(large, measure)[rows, -1],
    }


def _costs(replay: Replay, measure: str) -> Array:
    """(questions, rounds): what a question uses that is answered in the round."""
    return np.cumsum(MEASURES[measure].total(replay.usage, replay.tiers, replay.last_tier), axis=1)

"""Fit a confidence on a record whose samples have scores, of a judge or of right answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import CopeError
from ..eval import Recording, Replay
from ..programs.confidence.fitted import FEATURES, FittedConfidence
from ..programs.confidence.logistic import round_features
from ..programs.confidence.perplexity import Perplexity
from ..stats.logistic import fit_logistic
from ..stats.reliability import assign_folds
from ..stats.roc import auc
from ..util.arrays import Array
from ..util.text import plural
from .fit_temperature import TemperatureFit, fit_temperature

MIN_ANSWERS = 20
"""Fewest scored answers for a fit."""

_MIN_OF_EACH = 3


@dataclass(frozen=True)
class ConfidenceFit:
    """A fitted confidence, compared with each feature alone.

    Attributes:
        fitted: the combination.
        aucs: the area under the ROC curve of each feature by its name, and of `logistic` on the
            half of the questions that it was not fitted on; None where it is not defined.
        good: share of the answers that are good.
        cisc: the temperature of `cisc` that suits the votes of the record; None without votes.
    """

    fitted: FittedConfidence
    aucs: dict[str, float | None]
    good: float
    cisc: TemperatureFit | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        document = {"answers": self.fitted.answers, "good": self.good, "auc": self.aucs}
        if self.cisc is not None:
            document["cisc"] = self.cisc.as_dict()
        return document

    def lines(self) -> list[str]:
        """Return the fit as lines of text."""
        known = [f"{name} {value:.2f}" for name, value in self.aucs.items() if value is not None]
        lines = [
            f"fitted on {plural(self.fitted.answers, 'answer')}, {self.good:.0%} of them good",
            f"AUC: {', '.join(known)} (logistic: on questions that it was not fitted on)",
        ]
        if self.cisc is not None:
            lines.append(self.cisc.line())
        return lines


def fit_confidence(recording: Recording) -> ConfidenceFit:
    """Fit the logistic combination on the gated rounds of a record's own program.

    The answers are those with the lowest perplexity of each gated round; a good one scores 1.

    Raises:
        CopeError: when there are no log-probabilities, or too few scored answers of either kind.
    """
    replay = Replay(recording)
    features, good, units = _answers(replay)
    count = len(good)
    if count < MIN_ANSWERS or min(good.sum(), count - good.sum()) < _MIN_OF_EACH:
        raise CopeError(
            f"{recording.name} has {plural(count, 'scored answer')} with log-probabilities, "
            f"{int(good.sum())} of them good: a fit needs at least {MIN_ANSWERS}, and "
            f"{_MIN_OF_EACH} good and bad ones; judge more with cope judge"
        )
    fit = fit_logistic(features, good.astype(float))
    aucs: dict[str, float | None] = {}
    for column, name in enumerate(FEATURES):
        aucs[name] = auc(features[:, column], good)
    aucs["logistic"] = _cross_fitted_auc(features, good, units)
    fitted = FittedConfidence(
        fit.intercept,
        dict(zip(FEATURES, fit.weights, strict=True)),
        answers=count,
        auc=aucs["logistic"],
        record=str(recording.name),
    )
    return ConfidenceFit(fitted, aucs, float(good.mean()), fit_temperature(replay))


def _answers(replay: Replay) -> tuple[Array, Array, Array]:
    """Return the features, whether it is good, and the question, of each scored answer."""
    tables: list[Array] = []
    goods: list[Array] = []
    units: list[Array] = []
    for round_ in replay.rounds:
        if round_.spec.threshold is None or round_.samples is None or round_.recorded is None:
            continue
        leader = Perplexity().decide(round_.samples).leader
        found = round_features(round_.samples, leader)
        table = np.stack([found[name] for name in FEATURES], axis=1)
        scores = round_.recorded.scores[np.arange(len(leader)), leader]
        known = ~np.isnan(table).any(axis=1) & ~np.isnan(scores) & (leader >= 0)
        tables.append(table[known])
        goods.append(scores[known] >= 1.0)
        units.append(np.array(replay.recording.keys, dtype=object)[known])
    if not tables:
        raise CopeError(
            f"{replay.recording.name} has no round with a threshold, whose confidence could be "
            "fitted"
        )
    return np.concatenate(tables), np.concatenate(goods), np.concatenate(units)


def _cross_fitted_auc(features: Array, good: Array, units: Array) -> float | None:
    """Return the AUC of values that are fitted on the other half of the questions."""
    folds = assign_folds([str(unit) for unit in units])
    values = np.empty(len(good))
    for fold in np.unique(folds):
        inside = folds == fold
        if not (~inside).any():
            return None
        fit = fit_logistic(features[~inside], good[~inside].astype(float))
        values[inside] = fit.probability(features[inside])
    return auc(values, good)

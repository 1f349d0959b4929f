"""Wins, ties and losses of judged pairs, with measures of the judge's reliability."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...stats.clustered import clustered_wilson
from ...stats.logistic import fit_logistic
from ...stats.roc import auc
from ...util.text import plural
from .pairs import JudgedPair

_NEARLY_ALL = 0.9  # of the verdicts


@dataclass(frozen=True)
class Share:
    """A number of pairs, as a share with its 95% interval."""

    count: int
    share: float
    low: float
    high: float

    def text(self) -> str:
        """Return the share as text, such as `40% (22% to 61%)`."""
        return f"{self.share:.0%} ({self.low:.0%} to {self.high:.0%})"


@dataclass(frozen=True)
class PairwiseOutcome:
    """The outcome of a judgement in pairs.

    Attributes:
        pairs: number of pairs.
        wins: pairs whose answer is better, among those with a verdict that counts.
        ties: pairs whose answers are equally good.
        losses: pairs whose answer is worse.
        flipped: pairs whose verdict changed with the order of the answers, among those that were
            read.
        unread: pairs with a verdict that could not be read.
        equal_length: the chance of a win against a loss between answers of equal length, from a
            logistic regression on the logarithm of the ratio of lengths; None with fewer than five
            wins and losses.
        longer: mean of that logarithm; above 0 the judged answers are longer.
        aucs: by the name of a confidence, the chance that it is higher in an answer that is not
            worse than in a worse one; None where all answers are worse or none is.
    """

    pairs: int
    wins: Share
    ties: Share
    losses: Share
    flipped: Share
    unread: int
    equal_length: float | None
    longer: float
    aucs: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the outcome as lines of text."""
        counted = self.wins.count + self.ties.count + self.losses.count
        lines = [
            f"wins {self.wins.text()}, ties {self.ties.text()}, losses {self.losses.text()} "
            f"of {plural(counted, 'verdict')} that survived the swap",
            f"flipped with the order: {self.flipped.text()} of {self.pairs - self.unread} read; "
            f"{self.unread} of {plural(self.pairs, 'pair')} unread",
        ]
        if counted and self.ties.count >= _NEARLY_ALL * counted:
            lines.append(
                f"{self.ties.count} of {plural(counted, 'verdict')} are ties, which survive any "
                "swap: a judge that cannot tell answers apart says the same"
            )
        ratio = math.exp(self.longer)
        length = f"the answers are {ratio:.2f} times as long as those of the reference"
        if self.equal_length is not None:
            length += f"; at equal length {self.equal_length:.0%} of wins and losses are wins"
        lines.append(length)
        known = [f"{name} {value:.2f}" for name, value in self.aucs.items() if value is not None]
        if known:
            lines.append(
                f"confidence against the judge, AUC: {', '.join(known)} "
                f"({plural(self.losses.count, 'worse answer')}, {counted - self.losses.count} not)"
            )
        return lines


def verdicts_of(judged: Sequence[JudgedPair]) -> list[dict[str, Any]]:
    """Return the outcome of each pair by the question's key."""
    return [{"key": one.pair.key, "outcome": one.outcome} for one in judged]


def summarize_pairs(judged: Sequence[JudgedPair]) -> PairwiseOutcome:
    """Summarize judged pairs. Intervals count the questions of a group as dependent."""
    counted = [one for one in judged if one.counts]
    read = [one for one in judged if one.outcome != "unread"]
    ratios = np.array([_log_ratio(one) for one in judged])
    return PairwiseOutcome(
        pairs=len(judged),
        wins=_share(counted, "win"),
        ties=_share(counted, "tie"),
        losses=_share(counted, "loss"),
        flipped=_share(read, "flipped"),
        unread=len(judged) - len(read),
        equal_length=_win_rate_at_equal_length(counted),
        longer=float(ratios.mean()) if len(ratios) else 0.0,
        aucs=_aucs(counted),
    )


def _share(judged: Sequence[JudgedPair], outcome: str) -> Share:
    hits = np.array([one.outcome == outcome for one in judged], dtype=float)
    groups = np.array([one.pair.group for one in judged], dtype=object)
    low, high = clustered_wilson(hits, groups if len(judged) else None)
    count = int(hits.sum())
    return Share(count, count / len(judged) if judged else 0.0, low, high)


def _log_ratio(one: JudgedPair) -> float:
    """Return log(characters of the answer / characters of the reference)."""
    return math.log(max(1, len(one.pair.answer)) / max(1, len(one.pair.reference)))


def _win_rate_at_equal_length(counted: Sequence[JudgedPair]) -> float | None:
    decided = [one for one in counted if one.outcome != "tie"]
    if len(decided) < 5:
        return None
    ratios = np.array([[_log_ratio(one)] for one in decided])
    fit = fit_logistic(ratios, np.array([one.outcome == "win" for one in decided], dtype=float))
    return float(fit.probability(np.zeros((1, 1)))[0])


def _aucs(counted: Sequence[JudgedPair]) -> dict[str, float | None]:
    names: dict[str, None] = {}
    for one in counted:
        names.update(dict.fromkeys(one.pair.values))
    aucs: dict[str, float | None] = {}
    for name in names:
        known = [one for one in counted if name in one.pair.values]
        values = np.array([one.pair.values[name] for one in known])
        aucs[name] = auc(values, np.array([one.outcome != "loss" for one in known]))
    return aucs

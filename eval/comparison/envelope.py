"""The pairwise envelope: the best mixture of two systems at each cost.

A mixture sends each question to one of two systems, with a fixed probability and before any model
is asked. Its accuracy and cost lie on the straight line between both, so the best mixtures are the
upper concave hull of the systems. A cascade is worth its machinery if it lies above the envelope of
the other systems.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ...stats.bootstrap import Estimate
from ...stats.resampling import Resampling
from ...util.arrays import Array
from .formats import format_interval, format_points
from .routing_baselines import Number
from .systems import SystemScores

_TOLERANCE = 1e-12

Point = tuple[float, float]
"""Cost and accuracy."""


@dataclass(frozen=True)
class AboveEnvelope:
    """A system compared with the pairwise envelope of the other systems.

    Attributes:
        system: the name of the system.
        cost: its mean cost of a question.
        accuracy: its accuracy.
        envelope: the accuracy of the best mixture of two other systems that costs no more; minus
            infinity if every other system costs more.
        gain: the accuracy of the system minus that of this mixture. Its interval is of the paired
            bootstrap, in which the best mixture is found anew in each draw.
        mixture: the names of the two systems, the cheaper one first; one name if it is one system.
        share: the share of the questions that the mixture sends to the last of them.
    """

    system: str
    cost: float
    accuracy: float
    envelope: float
    gain: Estimate
    mixture: tuple[str, ...]
    share: float

    @property
    def place(self) -> str:
        """`above`, `below`, `on` if the interval contains 0, or `cheapest` without a mixture."""
        if not isfinite(self.envelope):
            return "cheapest"
        if self.gain.low > 0:
            return "above"
        return "below" if self.gain.high < 0 else "on"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "cost": self.cost,
            "accuracy": self.accuracy,
            "envelope": self.envelope if isfinite(self.envelope) else None,
            "gain": self.gain.as_dict(),
            "mixture": list(self.mixture),
            "share": self.share,
            "place": self.place,
            "text": self.text,
        }

    @property
    def text(self) -> str:
        """The comparison as a sentence without its full stop."""
        if self.place == "cheapest":
            return f"{self.system} has no envelope: every other system costs more"
        verb = {
            "above": "lies above",
            "below": "lies below",
            "on": "is not distinguishable from",
        }[self.place]
        return (
            f"{self.system} {verb} the pairwise envelope of the others: "
            f"{format_points(self.gain.value)} points (95% interval {format_interval(self.gain)}) "
            f"compared with {self.mixture_text}"
        )

    @property
    def mixture_text(self) -> str:
        """The mixture in words; empty where every other system costs more."""
        if not self.mixture:
            return ""
        if len(self.mixture) == 1:
            return f"{self.mixture[0]} alone"
        first, last = self.mixture
        return f"{share_text(self.share)} of the questions to {last}, the rest to {first}"


@dataclass(frozen=True)
class Envelope:
    """The pairwise envelope of all systems, and each system compared with that of the others.

    Attributes:
        measure: the cost measure.
        points: name, cost and accuracy of the systems on the envelope, by increasing cost.
        systems: each system compared with the envelope of the others, by its name.
    """

    measure: str
    points: tuple[tuple[str, float, float], ...]
    systems: dict[str, AboveEnvelope]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        points: list[dict[str, Any]] = []
        for name, cost, accuracy in self.points:
            points.append({"system": name, "cost": cost, "accuracy": accuracy})
        systems = {name: one.as_dict() for name, one in self.systems.items()}
        return {"by": self.measure, "points": points, "systems": systems}


def share_text(share: float) -> str:
    """Format the share of one system of a mixture, which is neither none nor all.

    >>> share_text(0.18), share_text(0.004), share_text(0.9961)
    ('18%', '0.4%', '99.6%')
    """
    return f"{share:.0%}" if 0.005 <= share < 0.995 else f"{share:.1%}"


def concave_front(points: Iterable[Point]) -> list[Point]:
    """Return the corners of the upper concave hull of some points, by increasing cost.

    It starts at the cheapest point and ends at the most accurate one.

    >>> concave_front([(0.0, 0.5), (4.0, 0.7), (1.0, 0.65), (2.0, 0.66), (9.0, 0.6)])
    [(0.0, 0.5), (1.0, 0.65), (4.0, 0.7)]
    """
    hull: list[Point] = []
    for cost, accuracy in sorted(set(points), key=lambda point: (point[0], -point[1])):
        if hull and accuracy <= hull[-1][1]:
            continue
        while len(hull) > 1 and _is_below(hull[-2], hull[-1], (cost, accuracy)):
            hull.pop()
        hull.append((cost, accuracy))
    return hull


def _is_below(first: Point, middle: Point, last: Point) -> bool:
    """Return whether the middle point is not above the line between the others."""
    rise = (middle[1] - first[1]) * (last[0] - first[0])
    return rise <= (last[1] - first[1]) * (middle[0] - first[0])


def pairwise_envelope(
    systems: Mapping[str, SystemScores], measure: str, resampling: Resampling
) -> Envelope | None:
    """Compare each system with the pairwise envelope of the others, on their common questions.

    Args:
        systems: the systems by name.
        measure: one of `MEASURES`. Systems of unknown cost are left out.
        resampling: the options of the bootstrap.

    Returns:
        None for fewer than three systems of known cost.
    """
    keys = _common_keys(systems.values())
    used = [system for system in systems.values() if system.is_known(measure, keys)]
    if len(used) < 3 or not keys:
        return None
    columns: dict[str, Array] = {"n": np.ones(len(keys))}
    for place, system in enumerate(used):
        columns[f"score {place}"] = system.scores(keys)
        columns[f"cost {place}"] = system.costs(measure, keys)
    sums = resampling.sums(columns, keys)
    compared: dict[str, AboveEnvelope] = {}
    corners: dict[Point, str] = {}
    for place, system in enumerate(used):
        others = [other for other in range(len(used)) if other != place]
        gain = sums.estimate(lambda s, place=place, others=others: _gain(s, place, others))
        cost = float(_cost(sums.total, place))
        accuracy = float(_accuracy(sums.total, place))
        mixture, share = _mixture(sums.total, others, cost)
        compared[system.name] = AboveEnvelope(
            system=system.name,
            cost=cost,
            accuracy=accuracy,
            envelope=accuracy - gain.value,
            gain=gain,
            mixture=tuple(used[other].name for other in mixture),
            share=share,
        )
        corners.setdefault((cost, accuracy), system.name)
    points = [(corners[point], *point) for point in concave_front(corners)]
    return Envelope(measure, tuple(points), compared)


def _common_keys(systems: Iterable[SystemScores]) -> list[str]:
    """Return the keys of the questions for which all systems have a result."""
    keys: list[str] | None = None
    for system in systems:
        if keys is None:
            keys = list(system.questions)
        else:
            keys = [key for key in keys if key in system.questions]
    return keys or []


def _gain(sums: Mapping[str, Any], place: int, others: Sequence[int]) -> Array:
    """Return the accuracy of a system minus that of the best mixture of two others."""
    costs = np.stack([np.atleast_1d(_cost(sums, other)) for other in others])
    accuracies = np.stack([np.atleast_1d(_accuracy(sums, other)) for other in others])
    accuracy, cost = np.atleast_1d(_accuracy(sums, place)), np.atleast_1d(_cost(sums, place))
    gain = accuracy - envelope_at(costs, accuracies, cost)
    return gain if np.ndim(sums["n"]) else gain[0]


def _accuracy(sums: Mapping[str, Number], place: int) -> Number:
    return sums[f"score {place}"] / sums["n"]


def _cost(sums: Mapping[str, Number], place: int) -> Number:
    return sums[f"cost {place}"] / sums["n"]


def envelope_at(costs: Array, accuracies: Array, budget: Array) -> Array:
    """Return the accuracy of the best mixture of two systems that costs at most the budget.

    The line of the best mixture has no system above it. It is found by choosing in turn the best
    system above the budget for the one below, and the best one below for that one, until neither
    changes.

    Args:
        costs: (systems, draws) of mean costs.
        accuracies: (systems, draws).
        budget: (draws,).

    Returns:
        (draws,); minus infinity where every system costs more.

    >>> costs, accuracies = np.array([[0.0], [10.0], [100.0]]), np.array([[0.5], [0.7], [0.9]])
    >>> [round(float(envelope_at(costs, accuracies, np.array([c]))[0]), 3) for c in (5.0, 55.0)]
    [0.6, 0.8]
    """
    is_below = costs <= budget + _TOLERANCE
    best = np.where(is_below, accuracies, -np.inf).max(axis=0)
    below = np.where(is_below, accuracies, -np.inf).argmax(axis=0)
    draws = np.arange(costs.shape[1])
    for _ in range(len(costs)):
        distance = costs - costs[below, draws]
        distance = np.where(is_below | (distance <= 0), np.inf, distance)
        slopes = (accuracies - accuracies[below, draws]) / distance
        above = slopes.argmax(axis=0)
        distance = costs[above, draws] - costs
        is_mixed = is_below & (slopes.max(axis=0) > 0)  # without a rise a system alone is best
        shares = (budget - costs) / np.where(is_mixed, distance, np.inf)
        lines = accuracies + shares * (accuracies[above, draws] - accuracies)
        lines = np.where(is_below, lines, -np.inf)
        below, mixed = lines.argmax(axis=0), lines.max(axis=0)
        if not (mixed > best + _TOLERANCE).any():
            break
        best = np.maximum(best, mixed)
    return np.where(is_below.any(axis=0), best, -np.inf)


def _mixture(
    sums: Mapping[str, Number], others: Sequence[int], budget: float
) -> tuple[tuple[int, ...], float]:
    """Return the best mixture that costs no more: its systems, and the share of the last one."""
    names: dict[Point, int] = {}
    for other in others:
        names.setdefault((float(_cost(sums, other)), float(_accuracy(sums, other))), other)
    before: Point | None = None
    for point in concave_front(names):
        if point[0] > budget:
            if before is None:
                return (), 0.0
            share = (budget - before[0]) / (point[0] - before[0])
            if not share:
                return (names[before],), 1.0
            return (names[before], names[point]), share
        before = point
    return ((names[before],), 1.0) if before else ((), 0.0)

"""Systems on the same questions, each beside one reference: accuracy, cost, and what is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import CopeError
from ...stats.bootstrap import DRAWS
from ...stats.clustered import clustered_wilson, group_labels
from ...stats.measures import MEASURES
from ...stats.paired import holm, holm_levels
from ...stats.tiers import LARGE, SMALL, last_tier_of
from ..run.store import QuestionResult
from .pair import ALPHA, PairedComparison, compare_pair
from .price_ratio import PriceBasis, choose_basis, other_tier
from .routing_baselines import RoutingBaselines, compare_to_routing_baselines
from .systems import SystemScores, tiers_in

DEFAULT_MARGIN = 0.03


@dataclass(frozen=True)
class SystemSummary:
    """One system over all its questions.

    Attributes:
        n: questions with an outcome; accuracy, interval and costs are those of these.
        missing: questions of the comparison without an outcome.
        accuracy: mean score.
        interval: its 95% Wilson interval; questions of a group hang together.
        costs: by measure, mean for one question; None where it is not known.
        bounds: accuracy over all questions if those that lack were wrong, and if they were right; None where none lacks.
        bounds_interval: from the lower end of the 95% interval of the one to the upper end of the other's.
    """

    n: int
    missing: int
    accuracy: float
    interval: tuple[float, float]
    costs: dict[str, float | None]
    bounds: tuple[float, float] | None
    bounds_interval: tuple[float, float] | None

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {
            "n": self.n,
            "lacking": self.missing,
            "accuracy": self.accuracy,
            "interval": self.interval,
            "costs": self.costs,
            "bounds": self.bounds,
            "bounds_interval": self.bounds_interval,
        }


@dataclass(frozen=True)
class Comparison:
    """Some systems on the same questions.

    Attributes:
        summaries: by system.
        reference: the reference's name.
        pairs: every other system beside the reference.
        measure: the measure that tables and verdicts speak of.
        beside: by measure and system, where it stands against random escalation and the oracle; only systems that lack no
            question, and of them only those that spend some of what is measured.
        price_basis: what the price ratio is put on; None where it cannot be.
        groups: how many groups the questions are in; None where they are not grouped.
        margin: accuracy within which two systems count as equally accurate.
        draws: of the bootstrap.
        seed: of the bootstrap.
        last_tier: the last tier of the systems; alone it is the usual reference.
        first_tier: the only other tier; None where there are more, or none.
    """

    summaries: dict[str, SystemSummary]
    reference: str
    pairs: tuple[PairedComparison, ...]
    measure: str
    routing_baselines: dict[str, dict[str, RoutingBaselines]]
    price_basis: str | None
    groups: int | None
    margin: float
    draws: int
    seed: int
    last_tier: str
    first_tier: str | None


def compare(
    results: Mapping[str, Sequence[QuestionResult]],
    *,
    reference: str | None = None,
    measure: str | None = None,
    groups: Mapping[str, str] | None = None,
    margin: float = DEFAULT_MARGIN,
    draws: int = DRAWS,
    seed: int = 0,
    last_tier: str | None = None,
) -> Comparison:
    """Hold systems against a reference, question by question.

    Questions that one of two systems has no outcome for are left out of that pair.

    Args:
        results: by the name of a preset or program, its outcome on each question, as `evaluate` and `replay_results` give them.
        reference: the reference; when None the system with the name of the last tier, else the last system.
        measure: one of `MEASURES`, for the verdicts; the first that is known when None.
        groups: by a question's key, what it belongs to; then whole groups are drawn.
        margin: accuracy within which two systems count as equally accurate, as a share.
        draws: of the bootstrap.
        seed: of the bootstrap.
        last_tier: the last tier of the systems; what the records show when None.

    Raises:
        CopeError: for fewer than two systems, a reference or measure that is not there, or questions that have nothing
            in common.
    """
    if len(results) < 2:
        raise CopeError(
            "a comparison needs two systems or more: name them with --presets and --programs"
        )
    last = last_tier or last_tier_of(tiers_in(rows) for rows in results.values())
    if last_tier is None and last == SMALL:
        last = LARGE  # no question reached another tier
    systems = {name: SystemScores.from_results(name, rows, last) for name, rows in results.items()}
    if empty := [name for name, system in systems.items() if not system.questions]:
        raise CopeError(f"{empty[0]} has no outcome on any question: leave it out")
    reference_name = reference or (last if last in systems else list(systems)[-1])
    if reference_name not in systems:
        raise CopeError(
            f"--against {reference_name}: no such system; there are {', '.join(systems)}"
        )
    chosen_measure = _choose_measure(measure, systems)
    groups = groups or None
    first = other_tier(systems, last)
    what = choose_basis(systems, first, last)
    priced = PriceBasis(what, first, last) if what and first else None
    how = {"groups": groups, "draws": draws, "seed": seed}
    raw = [
        compare_pair(system, systems[reference_name], priced, **how)
        for name, system in systems.items()
        if name != reference_name
    ]
    p = [pair.p for pair in raw]
    pairs = tuple(
        pair.with_holm(adjusted, level)
        for pair, adjusted, level in zip(raw, holm(p), holm_levels(p, ALPHA), strict=True)
    )
    keys = list(dict.fromkeys(key for system in systems.values() for key in system.questions))
    figures = {name: _summarize_system(system, keys, groups) for name, system in systems.items()}
    whole = {name: system for name, system in systems.items() if not figures[name].missing}
    belongs = group_labels(keys, groups)
    return Comparison(
        figures,
        reference_name,
        pairs,
        chosen_measure,
        _routing_baselines(whole, last, how),
        what,
        None if belongs is None else len(set(belongs)),
        margin,
        draws,
        seed,
        last,
        first,
    )


def _summarize_system(
    system: SystemScores, wanted: Sequence[str], groups: Mapping[str, str] | None
) -> SystemSummary:
    keys = list(system.questions)
    scores, lacking = system.scores(keys), len(wanted) - len(keys)
    costs = {
        name: float(system.costs(name, keys).mean()) if system.is_known(name) else None
        for name in MEASURES
    }
    bounds = bounds_interval = None
    if lacking:
        everywhere = group_labels(
            [*keys, *(key for key in wanted if key not in system.questions)], groups
        )
        least, most = (np.append(scores, np.full(lacking, fill)) for fill in (0.0, 1.0))
        bounds = float(least.mean()), float(most.mean())
        bounds_interval = (
            clustered_wilson(least, everywhere)[0],
            clustered_wilson(most, everywhere)[1],
        )
    interval = clustered_wilson(scores, group_labels(keys, groups))
    return SystemSummary(
        len(keys), lacking, float(scores.mean()), interval, costs, bounds, bounds_interval
    )


def _choose_measure(by: str | None, systems: Mapping[str, SystemScores]) -> str:
    """The measure that is asked for, or the first whose costs are known of all systems."""
    if by is not None:
        if lacking := [name for name, system in systems.items() if not system.is_known(by)]:
            hint = "; give prices with --price" if by.startswith("cost") else ""
            raise CopeError(f"--by {by}: not known of {lacking[0]}{hint}")
        return by
    order = ("large-tokens", "large-calls")
    return next(
        (name for name in order if all(system.is_known(name) for system in systems.values())),
        order[-1],
    )


def _routing_baselines(
    systems: Mapping[str, SystemScores], last: str, how: Mapping[str, Any]
) -> dict[str, dict[str, RoutingBaselines]]:
    if last not in systems:
        return {}
    starts = [system for system in systems.values() if last not in system.tiers]
    found: dict[str, dict[str, RoutingBaselines]] = {}
    for measure in MEASURES:
        made = {
            name: compare_to_routing_baselines(system, starts, systems[last], measure, **how)
            for name, system in systems.items()
            if name not in (SMALL, last)
        }
        found[measure] = {name: one for name, one in made.items() if one}
    return {measure: made for measure, made in found.items() if made}

"""Compare systems with a reference on the same questions: accuracy and cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import CopeError, suggest_names
from ...stats.bootstrap import DRAWS
from ...stats.measures import MEASURES
from ...stats.paired import holm, holm_levels
from ...stats.resampling import Resampling
from ...stats.tiers import LARGE, SMALL, last_tier_of
from ...util.arguments import check_argument, check_number
from ..run.store import QuestionResult
from .envelope import Envelope, pairwise_envelope
from .flips import FlipTable, flip_table
from .pair import ALPHA, PairedComparison, compare_pair
from .price_ratio import PriceBasis, choose_basis, other_tier
from .routing_baselines import RoutingBaselines, compare_to_routing_baselines
from .saving import Saving, find_savings
from .system_summary import SystemSummary, summarize_system
from .systems import SystemScores, tiers_in

DEFAULT_MARGIN = 0.03
"""The difference in accuracy within which two systems count as equally accurate."""


@dataclass(frozen=True)
class Comparison:
    """A comparison of systems on the same questions.

    Attributes:
        summaries: the summary of each system by its name.
        reference: the name of the reference.
        pairs: every other system compared with the reference.
        measure: the cost measure of tables and conclusions.
        routing_baselines: by measure and system, the system compared with random routing and the
            oracle. Only for systems with a result on all questions and a cost above zero.
        price_basis: the quantity that the price ratio is applied to; None if it cannot be applied.
        groups: number of groups of questions; None without groups.
        margin: the difference in accuracy within which two systems count as equally accurate.
        draws: number of draws of the bootstrap.
        seed: the seed of the bootstrap.
        last_tier: the last tier of the systems, which alone is the default reference.
        first_tier: the only other tier; None if there are several.
        savings: what each system saves compared with the last tier alone; empty without it.
        flips: the questions on which each other system differs from the reference.
        envelope: the systems with a result on all questions, compared with mixtures of two others;
            None for fewer than three of known cost.
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
    savings: tuple[Saving, ...]
    flips: tuple[FlipTable, ...]
    envelope: Envelope | None


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
    fields: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare systems with a reference, question by question.

    A pair leaves out the questions for which one of the two systems has no result.

    Args:
        results: the results of each system by its name, as `evaluate` and `replay_results` return
            them.
        reference: the name of the reference; None for the system with the name of the last tier,
            else the last system.
        measure: the cost measure of the conclusions, one of `MEASURES`; None for the first one that
            is known.
        groups: the group of a question by its key; whole groups are then drawn.
        margin: the difference in accuracy, as a share, within which two systems count as equally
            accurate.
        draws: number of draws of the bootstrap.
        seed: the seed of the bootstrap.
        last_tier: the last tier of the systems; None for the one in the results.
        fields: the value of a field of each question by its key, by which flips are broken down.

    Raises:
        CopeError: for fewer than two systems, an unknown reference, an unknown measure, or systems
            without a common question.
    """
    remedy = "a dict of results by the names of systems, as evaluate(...).results"
    check_argument("compare(results)", results, Mapping, remedy)
    for name, rows in results.items():
        if isinstance(rows, str) or not all(isinstance(row, QuestionResult) for row in rows):
            check_argument(f"compare(results)[{name!r}]", rows, (), "a list of QuestionResult")
    if measure is not None and measure not in MEASURES:
        hint = suggest_names(measure, MEASURES)
        raise CopeError(f"no measure of cost is named {measure!r}: {hint}")
    check_number("compare(margin)", margin, 0, 1)
    check_number("compare(draws)", draws, 1, whole=True)
    if len(results) < 2:
        raise CopeError(
            "a comparison needs two systems or more: name them with --presets and --programs"
        )
    if last_tier is None:
        last_tier = _last_tier_in(results)
    systems: dict[str, SystemScores] = {}
    for name, rows in results.items():
        systems[name] = SystemScores.from_results(name, rows, last_tier)
        if not systems[name].questions:
            raise CopeError(f"{name} has no outcome on any question: leave it out")
    if reference is None:
        reference = last_tier if last_tier in systems else list(systems)[-1]
    if reference not in systems:
        raise CopeError(f"--against {reference}: no such system; there are {', '.join(systems)}")
    measure = _choose_measure(measure, systems)
    resampling = Resampling(groups or None, draws, seed)
    first_tier = other_tier(systems, last_tier)
    price_basis = choose_basis(systems, first_tier, last_tier)
    keys = list(dict.fromkeys(key for system in systems.values() for key in system.questions))
    labels = resampling.labels(keys)
    summaries: dict[str, SystemSummary] = {}
    complete: dict[str, SystemScores] = {}
    for name, system in systems.items():
        summaries[name] = summarize_system(system, keys, resampling)
        if not summaries[name].missing:
            complete[name] = system
    flips: list[FlipTable] = []
    for name, rows in results.items():
        if name != reference:
            flips.append(flip_table(name, rows, reference, results[reference], fields))
    return Comparison(
        summaries=summaries,
        reference=reference,
        pairs=_compare_pairs(systems, reference, price_basis, resampling),
        measure=measure,
        routing_baselines=_routing_baselines(complete, last_tier, resampling),
        price_basis=price_basis.quantity if price_basis else None,
        groups=None if labels is None else len(set(labels)),
        margin=margin,
        draws=draws,
        seed=seed,
        last_tier=last_tier,
        first_tier=first_tier,
        savings=find_savings(systems, last_tier, resampling),
        flips=tuple(flips),
        envelope=pairwise_envelope(complete, measure, resampling),
    )


def _last_tier_in(results: Mapping[str, Sequence[QuestionResult]]) -> str:
    """Return the last tier of some systems according to their results."""
    last_tier = last_tier_of(tiers_in(rows) for rows in results.values())
    if last_tier == SMALL:  # no question reached another tier
        return LARGE
    return last_tier


def _compare_pairs(
    systems: Mapping[str, SystemScores],
    reference: str,
    price_basis: PriceBasis | None,
    resampling: Resampling,
) -> tuple[PairedComparison, ...]:
    """Compare every other system with the reference, and adjust the p-values (Holm)."""
    pairs: list[PairedComparison] = []
    for name, system in systems.items():
        if name != reference:
            pairs.append(compare_pair(system, systems[reference], price_basis, resampling))
    p_values = [pair.p for pair in pairs]
    adjusted, levels = holm(p_values), holm_levels(p_values, ALPHA)
    return tuple(
        pair.with_holm(adjusted_p, level)
        for pair, adjusted_p, level in zip(pairs, adjusted, levels, strict=True)
    )


def _choose_measure(measure: str | None, systems: Mapping[str, SystemScores]) -> str:
    """Return the requested measure; if none is, the first one that is known for all systems."""
    if measure is not None:
        for name, system in systems.items():
            if not system.is_known(measure):
                hint = "; give prices with --price" if measure.startswith("cost") else ""
                raise CopeError(f"--by {measure}: not known of {name}{hint}")
        return measure
    if all(system.is_known("large-tokens") for system in systems.values()):
        return "large-tokens"
    return "large-calls"


def _routing_baselines(
    systems: Mapping[str, SystemScores], last_tier: str, resampling: Resampling
) -> dict[str, dict[str, RoutingBaselines]]:
    """Return the baselines by measure and system, without measures that have none."""
    if last_tier not in systems:
        return {}
    starts = [system for system in systems.values() if last_tier not in system.tiers]
    by_measure: dict[str, dict[str, RoutingBaselines]] = {}
    for measure in MEASURES:
        for name, system in systems.items():
            if name in (SMALL, last_tier):
                continue
            baselines = compare_to_routing_baselines(
                system, starts, systems[last_tier], measure, resampling
            )
            if baselines:
                by_measure.setdefault(measure, {})[name] = baselines
    return by_measure

"""A comparison repeated with other seeds: consistency of each system, and mean differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...stats.resampling import Resampling
from ..run.repeats import Repeats, combine_repeats
from .live import LiveComparison, run_comparison
from .margin import margin_test
from .pair import PairedComparison, compare_pair
from .request import ComparisonCallbacks, ComparisonRequest
from .store import ComparisonStore
from .systems import QuestionScores, SystemScores


@dataclass(frozen=True)
class RepeatedComparison:
    """The results of several seeds together.

    Attributes:
        seeds: the seeds.
        folders: the names of the folders of their comparisons.
        systems: how consistent each system is, by its name.
        pairs: each system compared with the reference, by its mean score over the seeds.
        margin: the margin of the comparison.
    """

    seeds: tuple[int, ...]
    folders: tuple[str, ...]
    systems: dict[str, Repeats]
    pairs: tuple[PairedComparison, ...]
    margin: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, with the sentences of the text."""
        pairs: list[dict[str, Any]] = []
        for pair in self.pairs:
            document: dict[str, Any] = {"system": pair.system, "against": pair.reference}
            document["difference"] = pair.difference.as_dict()
            document["margin_test"] = margin_test(pair, self.margin).as_dict()
            pairs.append(document)
        return {
            "seeds": list(self.seeds),
            "folders": list(self.folders),
            "systems": {name: one.as_dict() for name, one in self.systems.items()},
            "comparisons": pairs,
            "lines": self.lines,
        }

    @property
    def lines(self) -> list[str]:
        """The result as sentences."""
        lines = [f"{name}: {one.text}." for name, one in self.systems.items()]
        for pair in self.pairs:
            lines.append(f"over {len(self.seeds)} seeds: {margin_test(pair, self.margin).text}.")
        return lines


def run_repeated_comparison(
    request: ComparisonRequest, callbacks: ComparisonCallbacks
) -> LiveComparison:
    """Make a comparison with as many seeds as the options name, each in a folder of its own.

    Args:
        request: the options of the comparison. The seeds are its seed and those that follow.
        callbacks: the functions of the caller.

    Returns:
        The comparison with the first seed, whose document has the others under `repeats`.

    Raises:
        CopeError: see `run_comparison`.
    """
    first = run_comparison(request, callbacks)
    runs = [first]
    seed, budget = request.program_options.seed, request.run_options.budget
    while len(runs) < request.options.repeat and not runs[-1].incomplete:
        options = replace(request.program_options, seed=seed + len(runs))
        run_options = request.run_options
        if budget is not None:
            budget = max(0.0, budget - runs[-1].spent)
            run_options = replace(run_options, budget=budget)
        repeated = replace(request, program_options=options, run_options=run_options)
        runs.append(run_comparison(repeated, callbacks))
    if len(runs) < 2:
        return first
    found = combine_comparisons({seed + place: run for place, run in enumerate(runs)})
    first.document["repeats"] = found.as_dict()
    ComparisonStore(Path(first.document["folder"])).write_document(first.document)
    return replace(first, incomplete=runs[-1].incomplete)


def combine_comparisons(runs: Mapping[int, LiveComparison]) -> RepeatedComparison:
    """Combine the same comparison made with several seeds.

    Args:
        runs: the comparisons by seed.
    """
    first = next(iter(runs.values()))
    comparison, groups = first.comparison, first.groups
    systems: dict[str, Repeats] = {}
    means: dict[str, SystemScores] = {}
    for name in comparison.summaries:
        systems[name] = combine_repeats(
            {seed: run.results[name] for seed, run in runs.items()}, groups
        )
        by_seed: list[SystemScores] = []
        for run in runs.values():
            by_seed.append(SystemScores.from_results(name, run.results[name], comparison.last_tier))
        means[name] = mean_over_seeds(by_seed)
    resampling = Resampling(groups, comparison.draws, comparison.seed)
    pairs: list[PairedComparison] = []
    reference = means[comparison.reference]
    for name, system in means.items():
        if name != comparison.reference and system.questions.keys() & reference.questions.keys():
            pairs.append(compare_pair(system, reference, resampling=resampling))
    folders = tuple(Path(run.document["folder"]).name for run in runs.values())
    return RepeatedComparison(tuple(runs), folders, systems, tuple(pairs), comparison.margin)


def mean_over_seeds(systems: Sequence[SystemScores]) -> SystemScores:
    """Return one system with the mean score and cost of each question that all have answered."""
    first, others = systems[0], systems[1:]
    questions: dict[str, QuestionScores] = {}
    for key in first.questions:
        if all(key in other.questions for other in others):
            questions[key] = _mean([system.questions[key] for system in systems])
    return SystemScores(first.name, questions)


def _mean(scores: Sequence[QuestionScores]) -> QuestionScores:
    usage: dict[tuple[str, str], float] = {}
    for one in scores:
        for name, amount in one.usage.items():
            usage[name] = usage.get(name, 0.0) + amount / len(scores)
    return QuestionScores(
        score=float(np.mean([one.score for one in scores])),
        costs=_mean_by_name([one.costs for one in scores]),
        costs_at_least=_mean_by_name([one.costs_at_least for one in scores]),
        usage=usage,
    )


def _mean_by_name(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}

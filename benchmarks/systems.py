"""How do systems compare on records of others, without a model?

Each trained system is fitted on other folds of the record's questions than it is measured on; where
questions have groups, such as the subjects of MMLU, the folds are of whole groups. All trained
systems aim at the same cost: at most `--share` of the questions reach the last tier. Intervals are
at 95%, by groups where there are some. What a record lacks for a system is printed below its table.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from _shared import finish, run, say

HEADER = ("system", "accuracy", "95%", "calls to last", "against last", "above random")
PUBLISHED = {
    "mmlu": 0.45,
    "gsm8k": 0.35,
}
"""By task, the share of GPT-4's cost that RouteLLM's best router is published to save at 95% of its
accuracy (lmsys.org/blog/2024-07-01-routellm), with Mixtral-8x7B as the weak model. Its routers are
language models, trained on human preferences and on more labeled data of other questions."""
PAIR = ("mixtral-8x7b", "gpt-4-1106")


def main() -> None:
    options = _options()
    from cope.eval import Recording

    rows: list[list[Any]] = []
    notes: list[str] = []
    for file in options.records:
        say(f"reading {file}")
        record = Recording.open(file)
        measured = measure(record, options)
        rows += measured[0]
        notes += measured[1]
    finish(options.json, HEADER, rows, notes)


def measure(record: Any, options: Any) -> tuple[list[list[Any]], list[str]]:
    """Return the table of a record, and what is said below it."""
    from cope.eval.comparison import compare
    from cope.eval.replay.trained import tier_results
    from cope.programs.systems.policy import FitOptions
    from cope.stats.tiers import tier_order

    tiers = tier_order((None, spec.reasoner) for spec in record.preset.rounds)
    last, task = tiers[-1], record.manifest.task
    fit = FitOptions(options.share, options.seed)
    alone = tier_results(record, dict.fromkeys(tiers, 1))
    results: dict[str, list[Any]] = {tier: list(rows) for tier, rows in alone.items()}
    notes = [f"{task}: {describe(record, tiers)}"]
    lacking: list[str] = []
    for name, make in systems(record, tiers, alone, fit):
        say(f"{task}: {name}")
        try_system(name, make, results, lacking)
    comparison = compare(
        results,
        reference=last,
        measure="large-calls",
        groups=record.group_by_key,
        seed=options.seed,
        last_tier=last,
    )
    notes += [f"{task}: without {line}" for line in lacking]
    notes += published(record, tiers, alone, fit)
    return table_rows(task, comparison, last), notes


def describe(record: Any, tiers: Sequence[str]) -> str:
    """Return the questions, groups and models of a record."""
    models = ", ".join(f"{tier} = {record.models[tier]}" for tier in tiers)
    groups = record.group_by_key
    count = f", {len(set(groups.values()))} groups" if groups else ""
    return f"{len(record)} questions{count}; {models}"


def try_system(
    name: str,
    make: Callable[[], list[Any]],
    results: dict[str, list[Any]],
    lacking: list[str],
) -> None:
    """Add the results of a system, or what the record lacks for it."""
    from cope.errors import CopeError

    try:
        results[name] = make()
    except CopeError as error:
        lacking.append(f"{name}: {error}")


def systems(
    record: Any, tiers: Sequence[str], alone: Mapping[str, Any], fit: Any
) -> Iterator[tuple[str, Callable[[], list[Any]]]]:
    """Yield the systems by name, with what returns their results."""
    from cope.eval.replay.match import recorded_identity
    from cope.eval.replay.records import replay_results
    from cope.eval.replay.replay import Replay
    from cope.eval.replay.trained import check_recording, recorded_table, tier_results
    from cope.optimize.training.crossfit import cross_fitted_estimates, cross_fitted_results
    from cope.programs.systems.knn_router import KNNRouter
    from cope.programs.systems.trained_kind import trained_kind, trained_kinds

    name = next(iter(record.programs))
    votes = {}
    for spec in record.preset.rounds:
        votes[spec.reasoner] = spec.samples if spec.reasoner != tiers[-1] else 1

    def cascade(first: Any = None) -> list[Any]:
        replay = Replay(record, recorded_identity(record, name))
        if first is not None:
            replay.skip_rounds(first)
        return replay_results(replay).results

    def gated() -> list[Any]:
        table, _ = recorded_table(record, alone)
        estimates = cross_fitted_estimates(KNNRouter, table, fit)[:, 0]
        place = {key: row for row, key in enumerate(table.keys)}
        first = [
            len(record.preset.rounds) if key in place and estimates[place[key]] < 0.5 else 1
            for key in record.keys
        ]
        return cascade(_array(first))

    def trained(kind: str) -> list[Any]:
        policy = trained_kind(kind).policy
        check_recording(record, policy, kind)
        asks_all = kind in VOTING
        outcomes = tier_results(record, votes) if asks_all else alone
        table, _ = recorded_table(record, outcomes)
        return cross_fitted_results(policy, table, outcomes, fit)

    yield "cascade", cascade
    yield "cascade, pre-gate by knn", gated
    for kind in trained_kinds():
        yield kind, lambda kind=kind: trained(kind)


VOTING = ("c3po", "cascade-routing", "frugalgpt")
"""Systems that see how many samples of a tier agree."""


def table_rows(task: str, comparison: Any, last: str) -> list[list[Any]]:
    """Return a row for each system: accuracy, calls, and both compared with baselines."""
    pairs = {pair.system: pair for pair in comparison.pairs}
    random = comparison.routing_baselines.get("large-calls", {})
    rows = []
    for name, summary in comparison.summaries.items():
        low, high = summary.interval
        against = above = ""
        if name in pairs:
            against = _points(pairs[name].difference)
        if name in random:
            above = _points(random[name].gain)
        rows.append(
            [
                f"{task}: {name}",
                f"{summary.accuracy:.1%}",
                f"{100 * low:.1f} to {100 * high:.1f}",
                f"{summary.costs['large-calls']:.1%}",
                against,
                above,
            ]
        )
    return rows


def published(record: Any, tiers: Sequence[str], alone: Mapping[str, Any], fit: Any) -> list[str]:
    """Return how RouteLLM's figure compares, where the record has its pair of models."""
    from cope.eval.replay.trained import recorded_table
    from cope.optimize.training.crossfit import calls_for_accuracy, folds
    from cope.programs.systems.routellm import RouteLLM

    task = record.manifest.task
    models = record.models[tiers[0]], record.models[tiers[-1]]
    if not record.has_question_texts:
        return []
    table, _ = recorded_table(record, alone)
    wins = _array([0.0] * len(table))
    for fold in folds(table, fit.seed):
        model = RouteLLM.fit(fold.train, fold.held, fit).model
        wins[fold.rows] = model.probability([table.questions[row] for row in fold.rows])
    ends = table.scores[:, [0, -1]]
    small, large = ends.mean(axis=0)
    target = 0.95 * large
    share = calls_for_accuracy(wins, ends, target)
    by_chance = max(0.0, (target - small) / (large - small)) if large > small else float("nan")
    line = (
        f"{task}: routellm reaches 95% of {tiers[-1]}'s accuracy with {share:.0%} of its calls, "
        f"random routing with {by_chance:.0%}"
    )
    saved = PUBLISHED.get(task)
    fits = all(model.startswith(name) for model, name in zip(models, PAIR, strict=True))
    if saved is None or not fits:
        return [f"{line}; no published figure has this pair of models and these questions"]
    return [f"{line}; published for this pair (RouteLLM's best router): {1 - saved:.0%}"]


def _points(estimate: Any) -> str:
    """Format a difference of accuracies in points, with its interval."""
    if not abs(estimate.value) < 10:
        return ""
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{100 * estimate.value:+.1f} ({low:+.1f} to {high:+.1f})"


def _array(values: Sequence[float]) -> Any:
    import numpy as np

    return np.array(values)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("records", nargs="+", help="files of cope record or cope import")
    parser.add_argument(
        "--share",
        type=float,
        default=0.5,
        help="what a question may cost on average, as a share of the last tier (%(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the folds (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)

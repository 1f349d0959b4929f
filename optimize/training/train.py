"""Train a system on what each tier answers alone, and measure it on questions kept apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import CopeError
from ...eval.recording.recording import Recording
from ...eval.replay.trained import check_recording, recorded_table, tier_results
from ...eval.run.outcome_table import outcome_table
from ...eval.run.store import QuestionResult
from ...models.prices import Price
from ...programs.systems.outcomes import OutcomeTable
from ...programs.systems.policy import FitOptions, Policy, simulate
from ...programs.systems.trained_file import TrainedFile
from ...programs.systems.trained_kind import trained_kind
from ...stats.clustered import clustered_wilson
from ...stats.tiers import LARGE, SMALL
from ...util.arrays import Array
from ...util.hashing import digest
from .options import TrainingOptions
from .split import split_three_ways


@dataclass(frozen=True)
class TrainingSource:
    """Where the outcomes of a training come from.

    Attributes:
        task: the task's name.
        domain: the kind of questions.
        answer_kind: how answers were compared.
        models: the model of each tier.
        settings: how requests were written.
        weights: a digest of the model's weights by tier, where it is known.
    """

    task: str
    domain: str
    answer_kind: str
    models: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)


def order_tiers(tiers: Sequence[str]) -> tuple[str, ...]:
    """Return tiers with `small` first and `large` last, where they are there.

    >>> order_tiers(["small", "large", "mid"])
    ('small', 'mid', 'large')
    """
    between = [tier for tier in tiers if tier not in (SMALL, LARGE)]
    first = [tier for tier in tiers if tier == SMALL]
    last = [tier for tier in tiers if tier == LARGE]
    return (*first, *between, *last)


def train_on_recording(
    recording: Recording,
    options: TrainingOptions,
    prices: Mapping[str, Price] | None = None,
    limit: int | None = None,
) -> TrainedFile:
    """Train a system on a recording. No model is asked.

    Args:
        recording: the recording.
        options: how it is trained.
        prices: the user's price of a tier.
        limit: maximum number of questions, from the start; None for all.

    Raises:
        CopeError: when the recording lacks what the system needs.
    """
    policy = trained_kind(options.system).policy
    check_recording(recording, policy, options.system)
    samples = options.samples_by_tier(order_tiers(list(recording.models)))
    alone = tier_results(recording, samples, prices, limit)
    manifest = recording.manifest
    source = TrainingSource(
        manifest.task,
        recording.domain,
        manifest.kind_of_answers,
        recording.models,
        {name: manifest.settings.get(name) for name in ("adapter", "max_tokens", "context")},
        manifest.weights,
    )
    table, basis = recorded_table(recording, alone, options.costs)
    return train_on_table(table, basis, source, options)


def train_on_results(
    alone: Mapping[str, Sequence[QuestionResult]],
    source: TrainingSource,
    options: TrainingOptions,
    groups: Mapping[str, str] | None = None,
) -> TrainedFile:
    """Train a system on the results of each tier alone.

    Args:
        alone: the results by tier, the cheapest tier first.
        source: where they come from.
        options: how it is trained.
        groups: the group of a question by its key.

    Raises:
        CopeError: when there are too few questions.
    """
    table, basis = outcome_table(alone, groups, options.costs)
    return train_on_table(table, basis, source, options)


def train_on_table(
    table: OutcomeTable, basis: str, source: TrainingSource, options: TrainingOptions
) -> TrainedFile:
    """Train a system on the outcomes of each tier alone.

    Args:
        table: the outcomes.
        basis: what its costs are measured by.
        source: where they come from.
        options: how it is trained.

    Raises:
        CopeError: when there are too few questions or tiers.
    """
    if len(table.tiers) < 2:
        raise CopeError("a system needs two tiers or more: name them with --tiers")
    kind = trained_kind(options.system)
    parts = split_three_ways(table, options.seed)
    fit = FitOptions(options.share, options.seed)
    policy = kind.policy.fit(parts.train, parts.val, fit)
    used = list(policy.tiers)
    costs = dict(zip(policy.tiers, policy.costs.round(6).tolist(), strict=True))
    settings = {name: value for name, value in source.settings.items() if value is not None}
    settings |= {"seed": options.seed, "share": options.share, "cost_basis": basis}
    counts = options.samples_by_tier(table.tiers)
    return TrainedFile(
        system=kind.name,
        task=source.task,
        domain=source.domain,
        answer_kind=source.answer_kind,
        tiers=used,
        models={tier: source.models[tier] for tier in used},
        costs=costs,
        samples={tier: counts[tier] for tier in used},
        state=policy.state(),
        rows=parts.fingerprints(),
        data_fingerprint=digest(table.keys, table.scores.tolist()),
        settings=settings,
        weights={tier: source.weights[tier] for tier in used if tier in source.weights},
        scores=measure(policy, parts.test),
    )


def measure(policy: Policy, test: OutcomeTable) -> dict[str, Any]:
    """Return accuracy, interval and cost of a policy and of each tier alone, as plain data."""
    groups = None
    if any(group is not None for group in test.groups):
        labels = []
        for key, group in zip(test.keys, test.groups, strict=True):
            labels.append(group or f"question {key}")
        groups = np.array(labels, dtype=object)
    simulated = simulate(policy, test)
    found = {"system": _figures(simulated.scores, simulated.costs, groups)}
    found["system"]["asked"] = {
        tier: float(simulated.asked[:, number].mean()) for number, tier in enumerate(test.tiers)
    }
    for number, tier in enumerate(test.tiers):
        found[tier] = _figures(test.scores[:, number], test.costs[:, number], groups)
    return found


def _figures(scores: Array, costs: Array, groups: Array | None) -> dict[str, Any]:
    low, high = clustered_wilson(scores, groups)
    return {
        "n": len(scores),
        "accuracy": float(scores.mean()),
        "interval": [low, high],
        "cost": float(costs.mean()),
    }

"""Read a recording as systems.

The systems are its programs and every preset that it can replay. The first program is also replayed
at other thresholds.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import CopeError
from ...eval.recording.recording import Recording
from ...eval.recording.round import RecordedRound
from ...eval.replay.match import recorded_identity
from ...eval.replay.records import replay_results
from ...eval.replay.replay import Replay
from ...models.prices import Price
from ...programs.preset import presets_for_replay
from ...util.arrays import Array
from ..costs import sweep_costs_per_question
from .base import (
    ReportSource,
    ReportSystem,
    RoundView,
    Sample,
    SamplesByPool,
    SweepPoint,
    is_right,
    run_facts,
)
from .prices import check_priced_tiers

_MAX_SWEEP_SETTINGS = 600

_TEXT_COLUMNS = {
    "plan": "plan",
    "text": "reasoning",
    "answer": "answer",
    "ballot": "ballot",
    "unread": "unread",
    "variant": "variant",
}
_NUMBER_COLUMNS = {
    "tokens": "reason_completion_tokens",
    "plan_tokens": "plan_completion_tokens",
    "seconds": "reason_seconds",
    "plan_seconds": "plan_seconds",
}


def recording_source(path: Path, prices: Mapping[str, Price] | None = None) -> ReportSource:
    """Read a file of `cope record` or `cope import`.

    Args:
        path: the file.
        prices: the user's prices by tier; other tiers have the recorded price.

    Raises:
        CopeError: if the file is no recording, lacks right answers, or has no tier of `prices`.
    """
    record = Recording.open(path)
    record.require_answers("a report", "record or import it with them")
    check_priced_tiers(prices or {}, record.models, record.name)
    pools: list[RecordedRound] = []
    for rounds in record.programs.values():
        pools.extend(rounds)
    replays, left_out = _complete_replays(record, prices)
    systems: list[ReportSystem] = []
    for name, replay in replays.items():
        systems.append(_replay_system(name, replay, pools, name in record.programs))
    manifest, first = record.manifest, next(iter(replays))
    columns = [_pool_columns(pool) for pool in pools]
    positions = {key: position for position, key in enumerate(record.keys)}

    def samples_of(key: str) -> SamplesByPool:
        return {number: _samples(cells, positions[key]) for number, cells in enumerate(columns)}

    return ReportSource(
        "record",
        path,
        manifest.task,
        record.domain,
        record.models,
        tuple(systems),
        samples_of,
        _facts(record),
        tuple(_sweep_points(replays[first], systems[0])),
        first,
        left_out,
        record.group_by_key,
        answer_kind=manifest.answer_kind,
    )


def _facts(record: Recording) -> dict[str, str]:
    manifest = record.manifest
    facts = run_facts(manifest.settings, manifest.settings.get("compiled", {}).values())
    facts["samples"] = f"recorded {manifest.created[:10]}"
    if record.is_imported:
        facts["samples"] = "published by others"
    if manifest.failed:
        facts["left out"] = f"{len(manifest.failed)} questions on which a model failed"
    return facts


def _complete_replays(
    record: Recording, prices: Mapping[str, Price] | None
) -> tuple[dict[str, Replay], dict[str, str]]:
    """Replay the recorded programs and the bundled presets.

    Returns:
        The replays of which all outcomes are known, by name, and for each other preset the reason.
    """
    replays: dict[str, Replay] = {}
    for name in record.programs:
        replays[name] = Replay(record, recorded_identity(record, name), prices=prices)
    identities = [replay.identity for replay in replays.values()]
    skipped: dict[str, str] = {}
    for name in presets_for_replay():
        if name in record.programs:
            continue
        try:
            candidates = list(_preset_replays(record, name, prices))
        except CopeError as error:  # its plans are for other kinds of questions
            skipped[name] = str(error)
            continue
        for label, replay in candidates:
            missing = [round_ for round_ in replay.rounds if not round_.known.all()]
            if not replay.outcomes().known.all():
                skipped[name] = missing[0].missing_reason
                continue
            skipped.pop(name, None)
            identity = replay.identity
            if identity not in identities:
                identities.append(identity)
                replays[label] = replay
            break
    return replays, skipped


def _preset_replays(
    record: Recording, name: str, prices: Mapping[str, Price] | None
) -> Iterator[tuple[str, Replay]]:
    """Yield the replay of a preset, and another with fewer samples if it draws more than recorded.

    Each has a label.
    """
    replay = Replay(record, name, prices=prices)
    yield name, replay
    drawn = max(round_.samples for round_ in record.rounds)
    if drawn > 1 and any(round_.samples > drawn for round_ in replay.preset.rounds):
        yield f"{name}, {drawn} samples", Replay(record, name, samples=drawn, prices=prices)


def _replay_system(
    name: str, replay: Replay, pools: Sequence[RecordedRound], is_primary: bool
) -> ReportSystem:
    replayed, outcomes, keys = replay_results(replay), replay.outcomes(), replay.recording.keys
    rounds: list[RoundView] = []
    for round_ in replay.rounds:
        pool = None
        if round_.recorded is not None:
            pool = pools.index(round_.recorded)
        rounds.append(RoundView.from_spec(round_.number, round_.spec, pool))
    right: dict[tuple[str, int], bool | None] = {}
    for round_ in replay.rounds:
        for index in np.flatnonzero(round_.known).tolist():
            right[keys[index], round_.number] = is_right(round_.scores[index])
    unreplayable_at: dict[str, int] = {}
    for index in np.flatnonzero(~outcomes.known).tolist():
        unreplayable_at[keys[index]] = int(outcomes.round[index])
    return ReportSystem(
        name,
        tuple(rounds),
        replayed.results,
        right,
        replayed.unknown,
        unreplayable_at,
        is_primary=is_primary,
    )


def _sweep_points(replay: Replay, system: ReportSystem) -> Iterator[SweepPoint]:
    """Yield the thresholds that lead to different decisions and whose outcome is known."""
    gates = [round_ for round_ in replay.rounds if round_.spec.threshold is not None]
    if not gates or system.unknown:
        return
    most = max(2, int(_MAX_SWEEP_SETTINGS ** (1 / len(gates))))
    levels = []
    for round_ in gates:
        positive = np.isfinite(round_.confidence) & (round_.confidence > 0)
        values = np.unique(round_.confidence[positive])[-most:]
        levels.append(np.minimum(values, 1.0).tolist() or [1.0])
    settings = list(product(*levels))
    swept = replay.sweep(settings)
    use = sweep_costs_per_question(swept, replay.last_tier)
    for index, thresholds in enumerate(settings):
        accuracy = swept.accuracy[index]
        if not np.isfinite(accuracy):
            continue
        costs: dict[str, float | None] = {}
        for name, values in use.items():
            costs[name] = None if np.isnan(values[index]) else float(values[index])
        yield SweepPoint(thresholds, float(accuracy), costs)


def _pool_columns(pool: RecordedRound) -> dict[str, Array]:
    """Return the columns of a round's samples, (questions, samples) each."""
    columns = {
        "failure": pool.column("tests_failure"),
        "cut": pool.column("reason_truncated"),
        "vote": pool.votes,
        "score": pool.scores,
        "passed": pool.tests_passed,
        "total": pool.column("tests_total"),
    }
    for names in (_TEXT_COLUMNS, _NUMBER_COLUMNS):
        for name, column in names.items():
            columns[name] = pool.column(column)
    return columns


def _samples(columns: Mapping[str, Array], question: int) -> list[Sample]:
    """Return the samples of the question at a position."""
    samples: list[Sample] = []
    for index in range(columns["vote"].shape[1]):
        cells = {name: column[question, index] for name, column in columns.items()}
        samples.append(_sample_data(cells, index))
    return samples


def _sample_data(cells: dict[str, Any], index: int) -> Sample:
    sample: Sample = {"index": index}
    for name in _TEXT_COLUMNS:
        sample[name] = cells[name]
    sample["vote"] = None
    if cells["vote"] >= 0:
        sample["vote"] = int(cells["vote"])
    sample["right"] = is_right(cells["score"])
    for name in _NUMBER_COLUMNS:
        value = cells[name]
        if np.isnan(value):
            continue
        if "seconds" in name:
            sample[name] = round(float(value), 3)
        else:
            sample[name] = int(value)
    if cells["passed"] >= 0:
        sample["tests"] = [int(cells["passed"]), int(cells["total"]), cells["failure"] or ""]
    if cells["cut"] == 1:
        sample["cut"] = True
    return sample

"""Read a recording as systems.

The systems are its programs and every preset that it can replay. The first program is also replayed
at other thresholds.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ...eval.recording.recording import Recording
from ...eval.recording.round import RecordedRound
from ...eval.replay.match import recorded_identity
from ...eval.replay.records import replay_results
from ...eval.replay.replay import Replay
from ...models.prices import Price
from ...programs.preset import preset_names
from ..costs import sweep_costs_per_question
from .base import ReportSource, ReportSystem, RoundView, Sample, SamplesByPool, SweepPoint
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
    pools = [round_ for rounds in record.programs.values() for round_ in rounds]
    replays, left_out = _complete_replays(record, prices)
    systems = tuple(
        _replay_system(name, replay, pools, name in record.programs)
        for name, replay in replays.items()
    )
    manifest, first = record.manifest, next(iter(replays))
    places = {key: place for place, key in enumerate(record.keys)}
    columns = [_pool_columns(pool) for pool in pools]

    def drawn(key: str) -> SamplesByPool:
        return {
            number: _question_samples(pools[number], found, places[key])
            for number, found in enumerate(columns)
        }

    facts = {
        name: str(manifest.settings[name])
        for name in ("split", "data")
        if manifest.settings.get(name)
    }
    if manifest.settings.get("shown"):
        facts["tests"] = manifest.settings["shown"]
    facts["samples"] = f"recorded {manifest.created[:10]}"
    if record.is_imported:
        facts["samples"] = "published by others"
    if manifest.failed:
        facts["left out"] = f"{len(manifest.failed)} questions on which a model failed"
    return ReportSource(
        "record",
        path,
        manifest.task,
        record.domain,
        record.models,
        systems,
        drawn,
        facts,
        tuple(_sweep_points(replays[first], systems[0])),
        first,
        left_out,
        record.group_by_key,
        answer_kind=manifest.answer_kind,
    )


def _complete_replays(
    record: Recording, prices: Mapping[str, Price] | None
) -> tuple[dict[str, Replay], dict[str, str]]:
    """Replay the recorded programs and the bundled presets.

    Returns:
        The replays of which all outcomes are known, by name, and for each other preset the reason.
    """

    def replay_of(program: Any, samples: int | None = None) -> Replay:
        return Replay(record, program, samples=samples, prices=prices)

    found = {name: replay_of(recorded_identity(record, name)) for name in record.programs}
    seen, left_out = {_replay_identity(replay) for replay in found.values()}, dict[str, str]()
    drawn = max(round_.samples for round_ in record.rounds)
    for name in preset_names():
        if name in found:
            continue
        tries = [(name, replay_of(name))]
        if drawn > 1 and any(r.samples > drawn for r in tries[0][1].preset.rounds):
            tries.append((f"{name}, {drawn} samples", replay_of(name, drawn)))
        for called, replay in tries:
            known = replay.outcomes().known
            if known.all():
                left_out.pop(name, None)
                calls = _replay_identity(replay)
                if calls not in seen:
                    seen.add(calls)
                    found[called] = replay
                break
            left_out[name] = next(
                round_.missing_reason for round_ in replay.rounds if not round_.known.all()
            )
    return found, left_out


def _replay_identity(replay: Replay) -> Any:
    """Return the calls and thresholds of a replay: equal ones are the same system."""
    return tuple(
        (
            round_.recorded.program,
            round_.recorded.number,
            round_.spec.samples,
            round_.spec.threshold,
        )
        for round_ in replay.rounds
        if round_.recorded
    )


def _replay_system(
    name: str, replay: Replay, pools: Sequence[RecordedRound], is_primary: bool
) -> ReportSystem:
    made, outcomes, keys = replay_results(replay), replay.outcomes(), replay.recording.keys
    rounds = tuple(
        RoundView.from_spec(
            r.number, r.spec, None if r.recorded is None else pools.index(r.recorded)
        )
        for r in replay.rounds
    )
    right: dict[tuple[str, int], bool | None] = {}
    for round_ in replay.rounds:
        for index in np.flatnonzero(round_.known).tolist():
            right[keys[index], round_.number] = _is_right(round_.scores[index])
    lost: dict[str, int] = {}
    for index in np.flatnonzero(~outcomes.known).tolist():
        lost[keys[index]] = int(outcomes.round[index])
    return ReportSystem(
        name, rounds, made.results, right, made.unknown, lost, is_primary=is_primary
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
        levels.append([min(float(value), 1.0) for value in values] or [1.0])
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


def _is_right(score: float) -> bool | None:
    return None if np.isnan(score) else bool(score >= 1.0)


def _pool_columns(pool: RecordedRound) -> dict[str, Any]:
    columns: dict[str, Any] = {
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


def _question_samples(pool: RecordedRound, columns: dict[str, Any], place: int) -> list[Sample]:
    return [
        _sample_data({name: values[place, index] for name, values in columns.items()}, index)
        for index in range(pool.samples)
    ]


def _sample_data(cell: dict[str, Any], index: int) -> Sample:
    made: Sample = {"index": index, **{name: cell[name] for name in _TEXT_COLUMNS}}
    made["vote"] = int(cell["vote"]) if cell["vote"] >= 0 else None
    made["right"] = _is_right(cell["score"])
    for name in _NUMBER_COLUMNS:
        if not np.isnan(cell[name]):
            made[name] = round(float(cell[name]), 3) if "seconds" in name else int(cell[name])
    if cell["passed"] >= 0:
        made["tests"] = [int(cell["passed"]), int(cell["total"]), cell["failure"] or ""]
    if cell["cut"] == 1:
        made["cut"] = True
    return made

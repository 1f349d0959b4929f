"""Compare systems by replaying a recording, without a model."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...models.reprice import prices_to_json
from ...programs.compile_metadata import read_compile_metadata
from ...programs.give_up import check_counts
from ...programs.identity import ProgramIdentity
from ...programs.preset import Preset, preset_names, presets_for_replay
from ...stats.tiers import last_tier_of
from ..recording.recording import Recording
from ..replay.match import recorded_identity
from ..replay.programs import (
    bundled_compile_metadata,
    compile_metadata_in_recording,
    program_for_replay,
)
from ..replay.records import ReplayedResults, replay_results
from ..replay.replay import Replay
from ..replay.systems import ReplayedSystem, replay_system, source_system
from ..run.by_field import values_of_field
from ..run.warnings import warn_about_contamination
from .calibrated import CalibratedSystem, calibrated_system
from .compare import Comparison, compare
from .document import comparison_document, reply_counts
from .everything import ALL, other_systems
from .model_time import model_times
from .options import check_enough_systems, check_unique_name
from .plan_share import plan_shares
from .replay_request import ReplayRequest


def compare_recording(
    request: ReplayRequest, notify: Callable[[str], None]
) -> tuple[Comparison, dict[str, Any]]:
    """Replay every system, and compare them.

    Args:
        request: the options of the comparison.
        notify: receives a warning about each program that was compiled on some of the questions.

    Returns:
        The comparison, and the same as plain data with its settings.

    Raises:
        CopeError: if the recording lacks the calls of a system, two systems have the same name,
            questions have no right answers, or the calibration does not fit.
    """
    if ALL in request.options.presets:
        named = tuple(name for name in request.options.presets if name != ALL)
        options = replace(request.options, presets=named)
        request = replace(request, options=options, left_out={})
    recording, options = request.recording, request.options
    recording.require_answers("a comparison", "record or import it with them")
    calibrated = calibrated_system(request) if request.calibration else None
    replays = list(_requested_replays(request))
    if calibrated:
        replays.insert(min(1, len(replays)), (calibrated.name, calibrated.replay))
    replayed = _replay_systems(request, replays, calibrated, notify)
    comparison = compare(
        {name: one.results for name, one in replayed.items()},
        reference=options.against,
        measure=options.by,
        groups=recording.group_by_key,
        margin=options.margin,
        seed=recording.seed,
        last_tier=last_tier_of(replay.preset.tier_order for _, replay in replays),
        fields=_field_values(recording, options.by_field),
    )
    manifest = recording.manifest
    document: dict[str, Any] = {
        "task": manifest.task,
        "split": manifest.settings.get("split"),
        "data": manifest.settings.get("data"),
        "models": recording.models,
        "seed": recording.seed,
    }
    document["answer_kind"] = manifest.kind_of_answers
    document["prices"] = prices_to_json(request.prices or {})
    document |= comparison_document(comparison)
    document["replayed"] = str(recording.name)
    document["unknown"] = {name: one.unknown for name, one in replayed.items() if one.unknown}
    document["replies"] = reply_counts({name: one.replies for name, one in replayed.items()})
    usage = {name: [result.usage for result in one.results] for name, one in replayed.items()}
    document["plans"] = plan_shares(usage, comparison.last_tier)
    results = {name: one.results for name, one in replayed.items()}
    document["model_time"] = model_times(results, recording.models, comparison.last_tier)
    for name in ("calls", "folder", "stopped", "mlflow"):
        document[name] = None
    document["failed"] = manifest.failed
    document["pictures"] = []
    document["calibration"] = calibrated.summary if calibrated else None
    document["by_field"] = options.by_field
    if request.left_out is not None:
        document["left_out"] = request.left_out
    return comparison, document


def _field_values(recording: Recording, field: str | None) -> dict[str, str] | None:
    """Return the value of a field of each question by its key; None without a field."""
    if field is None:
        return None
    fields: dict[str, dict[str, str]] = {}
    for key, of_row, group in zip(recording.keys, recording.fields, recording.groups, strict=True):
        fields[key] = dict(of_row)
        if group is not None:
            fields[key].setdefault("group", group)
    return values_of_field(fields, field, "--by-field")


def _replay_systems(
    request: ReplayRequest,
    replays: list[tuple[str, Replay]],
    calibrated: CalibratedSystem | None,
    notify: Callable[[str], None],
) -> dict[str, ReplayedResults]:
    """Return the results of every system by its name."""
    recording = request.recording
    rows = calibrated.rows if calibrated else None
    replayed: dict[str, ReplayedResults] = {}
    for name, replay in replays:
        check_unique_name(name, replayed)
        one = replay_results(replay, request.limit, rows)
        if not one.results:
            why = next(iter(one.unknown), "it has no questions")
            raise CopeError(f"{recording.name} cannot answer for {name}: {why}")
        replayed[name] = one
        metadata = _compile_metadata(request, name)
        warn_about_contamination(metadata, one.questions, notify, name)
    for source in request.options.systems:
        system = replay_system(recording, source, request.prices, request.limit)
        _add_system(system, replayed, rows, request, notify)
    if request.left_out is not None:
        given = [source_system(source) for source in request.options.systems]
        for source in other_systems(given):
            try:
                system = replay_system(recording, source, request.prices, request.limit)
            except CopeError as error:
                request.left_out[source] = str(error)
            else:
                _add_system(system, replayed, rows, request, notify)
    check_enough_systems(replayed, request.options.against)
    return replayed


def _add_system(
    system: ReplayedSystem,
    replayed: dict[str, ReplayedResults],
    rows: set[int] | None,
    request: ReplayRequest,
    notify: Callable[[str], None],
) -> None:
    """Add a replayed system, on the questions at some positions; None for all."""
    check_unique_name(system.name, replayed)
    one = system.replayed
    if rows is not None:
        kept = {request.recording.keys[row] for row in rows}
        one = replace(one, results=[row for row in one.results if row.key in kept])
    replayed[system.name] = one
    warn_about_contamination(system.metadata, one.questions, notify, system.name)


def _compile_metadata(request: ReplayRequest, name: str) -> dict[str, Any]:
    """Return the metadata of the compile of a system; empty without one."""
    files = {file.stem: file for file in request.options.programs}
    if name in files:
        return read_compile_metadata(files[name])
    if name in request.recording.programs:
        return compile_metadata_in_recording(request.recording, name)
    if name in preset_names() or name in request.recording.models:
        return bundled_compile_metadata(request.recording, name, request.bundled)
    return {}


def _requested_replays(request: ReplayRequest) -> Iterator[tuple[str, Replay]]:
    """Yield the systems that the user names; without a named preset also all available ones."""
    recording = request.recording
    for source, file in request.options.requested_systems():
        if file:
            yield file.stem, _replay(request, file)
        elif source in recording.programs:
            yield source, _replay(request, recorded_identity(recording, source))
        else:
            program = program_for_replay(recording, source, request.bundled)
            replay = _replay(request, program)
            yield replay.preset.name, replay
    if not request.options.presets or request.left_out is not None:
        yield from _available_replays(request)


def _available_replays(request: ReplayRequest) -> Iterator[tuple[str, Replay]]:
    """Yield the recorded programs, and every preset of the package whose rounds are recorded.

    Of presets that come to the same replay, such as two names for the same votes, the first counts.
    """
    recording = request.recording
    identities = []
    for name in recording.programs:
        replay = _replay(request, recorded_identity(recording, name))
        identities.append(replay.identity)
        yield name, replay
    drawn = max(round_.samples for round_ in recording.rounds)
    for name in dict.fromkeys([*presets_for_replay(), *recording.models]):
        if name in recording.programs:
            continue
        if name in request.options.presets:
            continue
        attempts = {name: request}
        if drawn > 1 and not request.samples:
            attempts[f"{name}, {drawn} samples"] = replace(request, samples=drawn)
        program = program_for_replay(recording, name, request.bundled)
        for label, attempt in attempts.items():
            try:
                replay = _replay(attempt, program)
            except CopeError as error:  # such as plans for other kinds of questions
                _leave_out(request, name, str(error))
                break
            missing = [round_ for round_ in replay.rounds if not round_.recorded]
            if missing:
                _leave_out(request, name, missing[0].missing_reason)
                continue
            if replay.identity in identities:
                _leave_out(request, name, "in this record it is the same as another one")
            else:
                _leave_out(request, name, None)
                identities.append(replay.identity)
                yield label, replay
            break


def _leave_out(request: ReplayRequest, name: str, reason: str | None) -> None:
    """Note why a preset is not compared, or that it is, if all presets are to be."""
    if request.left_out is None:
        return
    request.left_out.pop(name, None)
    if reason is not None:
        request.left_out[name] = reason


def _replay(request: ReplayRequest, program: ProgramIdentity | Preset | Path) -> Replay:
    replay = Replay(request.recording, program, samples=request.samples, prices=request.prices)
    if request.calibration is None:  # else the program that it is for is compared too
        check_counts(replay.preset, None)
    return replay

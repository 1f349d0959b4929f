"""Evaluate a program on a recording: from the options to the evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import CopeError
from ...models.prices import Price
from ...programs.calibration_file import Certificate
from ...programs.calibration_match import check_answer_kind, describe_calibration
from ...programs.confidence.early_stopping import HEURISTIC_RULES
from ...programs.identity import ProgramIdentity
from ...programs.options import ProgramOptions
from ...programs.preset import Preset
from ..recording.recording import Recording
from ..run.warnings import Notify, warn_about_calibration, warn_about_contamination
from .evaluation import ReplayEvaluation, evaluate_replay
from .programs import left_replay, resolve_replayed_calibration, resolve_replayed_program
from .records import replay_results
from .replay import Replay


@dataclass(frozen=True)
class EvaluationOfRecording:
    """An evaluation on a recording, and its document as plain data."""

    evaluation: ReplayEvaluation
    document: dict[str, Any]


def evaluate_on_recording(
    recording: Recording,
    options: ProgramOptions,
    prices: Mapping[str, Price],
    notify: Notify,
    *,
    limit: int | None = None,
    names_preset: bool = True,
) -> EvaluationOfRecording:
    """Evaluate a program on a recording, without a model.

    Args:
        recording: the recording.
        options: preset or program, samples, thresholds and calibration.
        prices: the user's prices by tier.
        notify: receives a line for the user.
        limit: the number of questions; None takes all.
        names_preset: whether the user named the preset; else it is the recording's own program.

    Raises:
        CopeError: if the recording lacks what the program needs.
    """
    wanted, compiled = resolve_replayed_program(recording, options, names_preset)
    certificate, source = None, str(options.calibration)
    if options.calibration:
        options, certificate = _take_calibration(recording, options, wanted, notify)
    replay = Replay(
        recording,
        wanted,
        samples=options.samples,
        thresholds=options.thresholds,
        prices=dict(prices),
    )
    replay = left_replay(replay, certificate, source, notify)
    replayed = replay_results(replay, limit)
    if not replayed.results:
        reason = next(iter(replayed.unknown))
        raise CopeError(f"{recording.name} cannot answer for {replay.preset.name}: {reason}")
    contamination = warn_about_contamination(compiled, replayed.questions, notify)
    evaluation = evaluate_replay(replay, replayed, prices, compiled.get("program_file"))
    return EvaluationOfRecording(evaluation, evaluation.document(contamination))


def replay_problem(options: ProgramOptions) -> str | None:
    """Return why a replay cannot be as the options ask, and what to do; None if it can.

    Args:
        options: preset or program, with early stopping and hedge.
    """
    if options.early_stop in HEURISTIC_RULES:
        return (
            f"A replay counts all samples, and {options.early_stop} would not: "
            "leave out --early-stop, or see what it changes with "
            "cope calibrate RECORD --stop-report."
        )
    if options.hedge is not None:
        return "A replay takes no time that --hedge could save: leave it out."
    return None


def _take_calibration(
    recording: Recording,
    options: ProgramOptions,
    program: ProgramIdentity | Preset | None,
    notify: Notify,
) -> tuple[ProgramOptions, Certificate]:
    """Return the options with the setting of their calibration, and warn where it may not hold."""
    file = options.calibration
    assert file is not None
    options, certificate = resolve_replayed_calibration(recording, options, file, program)
    check_answer_kind(file, certificate, recording.manifest.kind_of_answers)
    notify(describe_calibration(file, certificate))
    task = recording.manifest.task
    warn_about_calibration(certificate, task, recording.questions, recording.gold, notify)
    return options, certificate

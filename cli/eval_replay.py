"""`cope eval --replay RECORD`: evaluate a program on a recording, without a model."""

from typing import TYPE_CHECKING

import click

from ..errors import CopeError
from ..programs.confidence.early_stopping import HEURISTIC_RULES
from .option_groups import is_set_by_user
from .output import notify, print_json, print_text
from .warnings import warn_about_contamination, warn_about_questions

if TYPE_CHECKING:
    from ..eval.replay.evaluation import ReplayEvaluation
    from ..programs.options import ProgramOptions, TeamOptions

# Options that would need other calls than the recorded ones.
_FIXED_BY_RECORDING = {
    "split": "--split",
    "data": "--data",
    "domain": "--domain",
    "task_file": "--task-file",
    "visible": "--visible",
    "budget": "--budget",
    "questions": "--questions",
    "runs": "--runs",
    "directory": "--runs",
    "fresh": "--fresh",
    "store": "--store",
    "small": "--small",
    "large": "--large",
    "tiers": "--tier",
    "limits": "--in-flight",
    "keys": "--key",
    "context": "--context",
    "max_tokens": "--max-tokens",
    "adapter": "--adapter",
    "cache": "--no-cache",
    "weights": "--weights",
    "unsafe_code": "--unsafe-code",
    "seed": "--seed",
}


def reject_fixed_options(option: str = "--replay", allowed: str = "") -> None:
    """Raise a usage error for options of the running command that a recording has fixed.

    Args:
        option: names the recording.
        allowed: the name of an option that is used all the same.

    Raises:
        click.UsageError: for the first of them.
    """
    for name, flag in _FIXED_BY_RECORDING.items():
        if name != allowed and is_set_by_user(name):
            raise click.UsageError(
                f"{option} calls no model, and the record fixes the rest: leave out {flag}."
            )


def evaluate_recording(
    file: str,
    task: str | None,
    limit: int | None,
    match: str | None,
    program: "ProgramOptions",
    team: "TeamOptions",
    as_json: bool,
) -> None:
    """Evaluate a program on a recording without a model, and print the table or JSON.

    Args:
        file: the recording.
        task: the task's name, which must be that of the recording.
        limit: the number of questions; None takes all.
        match: how answers are compared; None keeps the recording's kind.
        program: preset or program, samples, thresholds and calibration.
        team: the prices.
        as_json: whether to print JSON.

    Raises:
        click.UsageError: for options that a recording has fixed.
        CopeError: for a file that is no recording, or of another task.
    """
    from ..eval import Replay, open_recording, replay_results
    from ..eval.replay.evaluation import evaluate_replay
    from ..eval.replay.programs import resolve_replayed_calibration, resolve_replayed_program
    from ..programs.calibration_match import check_answer_kind, describe_calibration
    from .display.results import print_evaluation

    reject_fixed_options()
    if program.early_stop in HEURISTIC_RULES:
        raise click.UsageError(
            f"A replay counts all samples, and {program.early_stop} would not: "
            "leave out --early-stop, or see what it changes with "
            "cope calibrate RECORD --stop-report."
        )
    if program.calibration and (is_set_by_user("preset") or is_set_by_user("program")):
        raise click.UsageError(
            "With --replay, --calibration is of the record's own program: leave out --preset."
        )
    recording = open_recording(file, match)
    calibration = program.calibration
    if calibration:
        program, certificate = resolve_replayed_calibration(recording, program, calibration)
        check_answer_kind(calibration, certificate, recording.manifest.kind_of_answers)
        notify(describe_calibration(calibration, certificate))
        answers = zip(recording.questions, recording.gold, strict=True)
        warn_about_questions(certificate, recording.manifest.task, answers)
    if task not in (None, recording.manifest.task):
        raise CopeError(f"{recording.name} is a record of {recording.manifest.task}, not of {task}")
    wanted, compiled = resolve_replayed_program(recording, program, is_set_by_user("preset"))
    replay = Replay(
        recording,
        wanted,
        samples=program.samples,
        thresholds=program.thresholds,
        prices=dict(team.prices),
    )
    replayed = replay_results(replay, limit)
    if not replayed.results:
        reason = next(iter(replayed.unknown))
        raise CopeError(f"{recording.name} cannot answer for {replay.preset.name}: {reason}")
    questions = (result.question for result in replayed.results)
    contamination = warn_about_contamination(compiled, questions)
    evaluation = evaluate_replay(replay, replayed, team.prices, compiled.get("program_file"))
    document = evaluation.document(contamination)
    if as_json:
        print_json(document)
        return
    print_evaluation(evaluation.settings(), replay.preset.stages, evaluation.summary, document)
    _print_unknown(evaluation)


def _print_unknown(evaluation: "ReplayEvaluation") -> None:
    """Print why questions are missing, and the bounds of the accuracy over all questions."""
    from ..util.tables import percent

    replayed = evaluation.replayed
    for reason, count in replayed.unknown.items():
        print_text(f"{count} questions are not in the table: {reason}")
    low, high = evaluation.bounds
    if replayed.unknown and low is not None:
        questions = len(replayed.results) + sum(replayed.unknown.values())
        bounds = f"between {percent(low)} and {percent(high)}"
        print_text(f"accuracy over all {questions} questions is {bounds}")

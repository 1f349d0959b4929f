"""`cope eval --replay RECORD`: evaluate a program on a recording, without a model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .option_groups import is_set_by_user
from .output import notify, print_json, print_text

if TYPE_CHECKING:
    from ..eval.run.options import DataOptions
    from ..programs.options import ProgramOptions, TeamOptions

# Options that would need other calls than the recorded ones.
_FIXED_BY_RECORDING = """
    split data domain task_file visible budget questions runs directory fresh store small
    large tiers limits keys context max_tokens adapter cache weights unsafe_code seed
""".split()


def reject_fixed_options(option: str = "--replay", allowed: str = "") -> None:
    """Raise a usage error for options of the running command that a recording has fixed.

    Args:
        option: names the recording.
        allowed: the name of an option that is used all the same.

    Raises:
        click.UsageError: for the first of them.
    """
    for parameter in click.get_current_context().command.params:
        name = parameter.name or ""
        if name in _FIXED_BY_RECORDING and name != allowed and is_set_by_user(name):
            raise click.UsageError(
                f"{option} calls no model, and the record fixes the rest: leave out "
                f"{max(parameter.opts, key=len)}."
            )


def evaluate_recording(
    file: str,
    task: str | None,
    data: "DataOptions",
    program: "ProgramOptions",
    team: "TeamOptions",
    as_json: bool,
) -> None:
    """Evaluate a program on a recording without a model, and print the table or JSON.

    Args:
        file: the recording, or the folder of a run of games.
        task: the task's name, which must be that of the recording.
        data: the number of questions, and how answers are compared.
        program: preset or program, samples, thresholds and calibration.
        team: the prices.
        as_json: whether to print JSON.

    Raises:
        click.UsageError: for options that a recording has fixed.
        CopeError: for a file that is no recording, or of another task.
    """
    from ..eval import open_recording
    from ..eval.replay.run import evaluate_on_recording, replay_problem
    from .display.results import print_evaluation

    reject_fixed_options()
    if Path(file).is_dir():
        from ..eval.replay.episodes import replay_run

        games = replay_run(Path(file), program.thresholds)
        print_json(games.as_dict()) if as_json else print_text(games.text())
        return
    names_preset = is_set_by_user("preset")
    problem = replay_problem(program)
    if problem:
        raise click.UsageError(problem)
    recording = open_recording(file, data.match, task)
    made = evaluate_on_recording(
        recording, program, team.prices, notify, limit=data.limit, names_preset=names_preset
    )
    if as_json:
        print_json(made.document)
        return
    evaluation = made.evaluation
    stages = evaluation.replay.preset.stages
    print_evaluation(evaluation.settings(), stages, evaluation.summary, made.document)
    for line in evaluation.unknown_lines():
        print_text(line)

"""`cope train`: train a system, such as a router, on calls of each tier or on a record."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...util.output_files import check_output
from ..column_options import columns_options, take_columns
from ..context import AppContext, pass_app
from ..eval_replay import reject_fixed_options
from ..option_groups import (
    lists_tasks,
    option_group,
    run_options,
    some_program_options,
    team_options,
)
from ..option_types import CommaSeparated, assignments, option
from ..options import (
    data_option,
    early_stop_option,
    group_option,
    json_option,
    limit_option,
    match_option,
    output_option,
    seed_option,
    unsafe_code_option,
    visible_option,
)
from ..output import notify, print_json, print_text

if TYPE_CHECKING:
    from ...eval.run.options import DataOptions, RunOptions
    from ...optimize.training.options import TrainingOptions
    from ...programs.options import ProgramOptions, TeamOptions


_training = option_group(
    "optimize.training.options:TrainingOptions",
    click.argument("system"),
    option(
        "--tiers",
        "order",
        type=CommaSeparated(),
        default=(),
        metavar="NAME,...",
        help="The tiers that are asked, the cheapest first. [default: all, small first and large "
        "last]",
    ),
    option(
        "--votes",
        type=click.IntRange(1, 256),
        default=1,
        metavar="N",
        help="Answers that vote, of every tier but the last.",
    ),
    option(
        "--share",
        type=click.FloatRange(0, 1, min_open=True),
        default=0.5,
        metavar="S",
        help="What a question may cost on average, as a share of the last tier alone.",
    ),
    assignments(
        "--cost",
        "costs",
        metavar="TIER=C",
        read=float,
        help="A question's cost by a tier, where the last tier costs 1. [default: measured in USD "
        "where prices are known, else 0 for the first tier and 1 for the last]",
    ),
    seed_option,
    shared=("seed",),
)
_data = option_group(
    "eval.run.options:DataOptions",
    limit_option,
    option("--split", default="train", help="Which part of the set; never test."),
    data_option,
    columns_options,
    match_option,
    visible_option,
    group_option,
    prepare=take_columns,
)


@click.command()
@_training
@click.argument("task", required=False)
@option("--record", metavar="RECORD", help="Learn from a record; no model is asked.")
@output_option("The trained system, for eval --system and compare --systems.", required=True)
@some_program_options
@_data
@early_stop_option
@unsafe_code_option
@run_options(".cope/train", tracked=False)
@json_option
@team_options
@pass_app
@lists_tasks
def command(
    app: AppContext,
    task: str | None,
    record: str | None,
    output: Path,
    training_options: "TrainingOptions",
    program_options: "ProgramOptions",
    data_options: "DataOptions",
    run_options: "RunOptions",
    as_json: bool,
    team_options: "TeamOptions",
) -> None:
    """Train SYSTEM on TASK: {tasks}.

    Every tier answers the training questions alone; the same command resumes. With --record the
    answers come from a record instead. Some of the questions set thresholds, and others measure the
    system. Then measure it with cope eval TASK --system FILE.
    """
    from ...optimize.training.text import training_lines
    from ...programs.systems.trained_file import is_trained

    inputs = [Path(name) for name in (record, data_options.data) if name]
    check_output(output, inputs, "trained system", is_trained)
    if record:
        from ...eval import open_recording
        from ...optimize.training.train import train_on_recording

        reject_fixed_options("--record", allowed="seed")
        recording = open_recording(record, data_options.match)
        trained = train_on_recording(
            recording, training_options, team_options.prices, data_options.limit
        )
    elif task is None:
        raise click.UsageError("Missing argument 'TASK', or --record.")
    else:
        from ...eval import task_by_name
        from ...optimize.training.live import TrainingCallbacks, TrainingRequest, train_on_task
        from ..display.progress import show_system_progress

        chosen = task_by_name(
            task,
            data_options.visible,
            program_options.unsafe_code,
            match=data_options.match,
            columns=data_options.columns,
        )
        request = TrainingRequest(
            chosen,
            app.make_team(team_options),
            team_options,
            program_options,
            data_options,
            run_options,
            training_options,
        )
        trained = train_on_task(request, TrainingCallbacks(app.load_models, show_system_progress))
    trained.save(output)
    if as_json:
        print_json({"file": str(output), "system": trained.system, "scores": trained.scores})
    else:
        print_text("\n".join(training_lines(trained)))
    notify(f"written to {output}: cope eval TASK --system {output}")

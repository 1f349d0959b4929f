"""`cope batch`: answer a large table stage by stage."""

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ...errors import CopeError
from ..context import AppContext
from ..option_groups import option_group
from ..option_types import assignments, count, flag, option, usd
from ..output import notify, print_json, print_text, silence
from .run import asked_options, table_command, take_table

if TYPE_CHECKING:
    from ...batch.stages.options import BatchOptions
    from ...programs.options import ProgramOptions, TeamOptions

batch_options = option_group(
    "batch.stages.options:BatchOptions",
    *asked_options,
    option(
        "-o",
        "--output",
        "folder",
        metavar="FOLDER",
        required=True,
        help="Folder of the answers as Parquet files, here or on an object store (s3://...).",
    ),
    usd("--max-cost", "budget", help="Stop before this is spent; results are saved."),
    count("--shard-rows", default=1000, help="Rows of a shard, which is saved as a whole."),
    option("--runner", default="local", metavar="NAME", help="local, openai-batch or spark."),
    assignments(
        "--runner-option",
        "runner_settings",
        metavar="NAME=VALUE",
        read=str,
        help="A setting of the runner.",
    ),
    option("--calls", metavar="FOLDER", help="Calls that several runs share, also on other hosts."),
    flag("--print-job", help="Print a script for spark-submit that runs this command, and end."),
    prepare=take_table,
)


@table_command(batch_options)
def command(
    app: AppContext,
    batch_options: "BatchOptions",
    data: str,
    stdin_format: str,
    split: str,
    as_json: bool,
    print_job: bool,
    quiet: bool,
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
) -> None:
    """Answer every row of a table stage by stage: round 1 of all rows, then round 2 of the rest.

    After an interruption, even kill -9, the same command resumes and repeats no call.
    """
    from ...batch.resolve import open_table, resolve_table_job
    from ...batch.stages.job import BatchCallbacks, batch_document, run_batch
    from ..display.progress import BatchDisplay
    from ..display.results import result_console

    if print_job:
        from ...batch.runners.spark import job_script

        print_text(job_script(sys.argv[1:]))
        return
    team_options = replace(team_options, cache=False)  # a cached reply has no tokens of its own
    say = silence if quiet else notify
    with open_table(data, stdin_format, split) as table, BatchDisplay(quiet) as progress:
        team = app.make_team(team_options)
        job = resolve_table_job(table, batch_options, program_options, team_options, team, say)
        load = partial(app.load_models, team, quiet=quiet)
        report = run_batch(job, BatchCallbacks(progress.begin, progress.add_outcome, notify, load))
    if as_json:
        print_json(batch_document(job, report))
    else:
        result_console().print(report.table())
        print_text(report.text(batch_options.folder))
    if report.stop_reason:
        raise CopeError(report.stop_reason)
    if report.totals.failed:
        notify("a model failed on some rows, see their errors: --retry-errors asks them again")

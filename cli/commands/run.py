"""`cope run`: answer every row of a table, and write the rows with their answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ...programs.domains.registry import DEFAULT_DOMAIN, DOMAINS
from ..column_options import question_options, take_columns
from ..context import AppContext, pass_app
from ..option_groups import option_group, program_options, team_options
from ..option_types import CommaSeparated, decorated, flag, option
from ..options import (
    Command,
    budget_option,
    calibration_option,
    data_option,
    early_stop_option,
    json_option,
    limit_option,
    match_option,
    output_option,
    questions_option,
    split_option,
)
from ..output import notify, print_json, print_text, silence
from ..task_options import task_file_option

if TYPE_CHECKING:
    from ...batch.options import TableOptions
    from ...programs.options import ProgramOptions, TeamOptions


def take_table(values: dict[str, Any]) -> None:
    """Take the table from its argument or --data, and its columns."""
    table = values.pop("table")
    if table and values["data"]:
        raise click.UsageError("The table is given twice: leave out --data.")
    values["data"] = table or values["data"]
    if not values["data"]:
        raise click.UsageError("Missing the table: name a file, or - for standard input.")
    take_columns(values, into="mapping")
    if not values["columns"]:
        del values["columns"]


# The options of a table and of what is asked about its rows.
asked_options = (
    click.argument("table", required=False, metavar="[FILE|-]"),
    data_option,
    question_options,
    option(
        "--columns",
        type=CommaSeparated(),
        metavar="NAME,...",
        help="What is added. [default: answer, confidence, round, tier, escalated, calls, tokens, "
        "usd, seconds, error]",
    ),
    limit_option,
    option(
        "--task",
        "--domain",
        "domain",
        type=click.Choice(list(DOMAINS)),
        default=DEFAULT_DOMAIN,
        help="What kind of answers: short ones, or programs.",
    ),
    task_file_option,
    match_option,
    questions_option,
    flag("--retry-errors", help="Ask the rows again that have an error."),
    flag("--again", help="Answer all rows again and overwrite the output."),
)

table_options = option_group(
    "batch.options:TableOptions",
    *asked_options,
    output_option("The rows with their answers: CSV, TSV, JSONL, Parquet or text.", required=True),
    budget_option,
    prepare=take_table,
)


def table_command(options: Callable[[Command], Command]) -> Callable[[Command], click.Command]:
    """Return a decorator that makes a command with a table's options and those of its answers."""
    formats = click.Choice(["txt", "jsonl", "csv", "tsv", "parquet"])
    text = "Of standard input; txt has a question on each line."
    return decorated(
        click.command(),
        options,
        option("--format", "stdin_format", type=formats, default="txt", help=text),
        split_option,
        json_option,
        flag("-q", "--quiet", help="Show no progress."),
        program_options,
        early_stop_option,
        calibration_option,
        team_options,
        pass_app,
    )


@table_command(table_options)
def command(
    app: AppContext,
    table_options: "TableOptions",
    data: str,
    stdin_format: str,
    split: str,
    as_json: bool,
    quiet: bool,
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
) -> None:
    """Answer every row of a table: a file, a set of the hub, or - for standard input.

    The output has the columns of the table and the answers, in the same order, and grows while
    rows are answered. After an interruption, even kill -9, the same command resumes.
    """
    from ...batch.job import TableCallbacks, answer_table, job_document
    from ...batch.resolve import open_table, resolve_table_job
    from ...batch.text import report_text
    from ..display.progress import TableDisplay

    team_options = replace(team_options, cache=False)  # a cached reply has no tokens of its own
    say = silence if quiet else notify
    with open_table(data, stdin_format, split) as table, TableDisplay(quiet) as progress:
        team = app.make_team(team_options)
        job = resolve_table_job(table, table_options, program_options, team_options, team, say)

        def start(rows: int, earlier: int) -> None:
            if earlier < rows:
                app.load_models(team, job.system.tiers, quiet=quiet)
            progress.start(rows, earlier)

        report = answer_table(job, TableCallbacks(start, progress.add, notify))
    if as_json:
        print_json(job_document(job, report))
    else:
        print_text(report_text(report))
    if report.stop_reason:
        raise CopeError(report.stop_reason)
    if report.totals.failed:
        notify("a model failed on some rows, see their errors: --retry-errors asks them again")

"""`cope compile`: better prompts for a program, by one of DSPy's optimizers, within a budget."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ...optimize.optimizers.registry import OPTIMIZERS
from ..context import AppContext, pass_app
from ..option_groups import (
    is_set_by_user,
    lists_tasks,
    option_group,
    program_options,
    take_fields,
    team_options,
)
from ..options import json_option, match_option, store_option, track_option, visible_option
from ..output import notify, print_json

if TYPE_CHECKING:
    from ...models import Price
    from ...optimize import CompileSettings
    from ...optimize.compiler.options import OutputOptions, SplitOptions
    from ...programs.resolve import ProgramOptions, TeamOptions


class CompileCommand(click.Command):
    """A command whose help lists the optimizers."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Optimizers"):
            formatter.write_dl([(name, OPTIMIZERS[name].description) for name in OPTIMIZERS])


def _compile_settings(values: dict[str, Any]) -> "CompileSettings":
    from ...optimize import Budget, CompileSettings

    minutes = values.pop("budget_minutes")
    values["budget"] = Budget(
        values.pop("budget_calls"),
        values.pop("budget_tokens"),
        values.pop("budget_usd"),
        minutes * 60 if minutes else None,
    )
    values["proposer"] = values.pop("reflection_lm")
    settings = take_fields(CompileSettings, values)
    # Other groups have these too.
    values["seed"], values["fresh"] = settings.seed, settings.fresh
    return settings


def _split_options(values: dict[str, Any]) -> "SplitOptions":
    from ...optimize.compiler.options import SplitOptions

    names = ("train_split", "val_split")
    values["named"] = tuple(name for name in names if is_set_by_user(name))
    return take_fields(SplitOptions, values)


def _output_options(values: dict[str, Any]) -> "OutputOptions":
    from ...optimize.compiler.options import OutputOptions

    return take_fields(OutputOptions, values)


compile_settings = option_group(
    "compile_settings",
    _compile_settings,
    click.option(
        "--optimizer",
        default="bootstrap-random-search",
        show_default=True,
        metavar="NAME",
        help="Changes the prompts: one of the optimizers below.",
    ),
    click.option(
        "--chain",
        metavar="A,B",
        default="",
        help="With --optimizer chain: the optimizers, in order.",
    ),
    click.option(
        "--only",
        multiple=True,
        metavar="PART",
        help="Compile the small or large tier, planner, reasoner, or round:N alone. Repeated: all must hold.",
    ),
    click.option(
        "--objective",
        type=click.Choice(["accuracy", "cost", "pareto"]),
        default="accuracy",
        show_default=True,
        help="Cost prefers right answers with few tokens of the large tier; pareto saves and draws a frontier.",
    ),
    click.option(
        "--surrogate", is_flag=True, help="Run only the rounds that what is compiled can change."
    ),
    click.option(
        "--reflection-lm",
        metavar="MODEL",
        help="Proposes instructions; --price proposer=IN/OUT prices it. [default: the large tier's model]",
    ),
    click.option(
        "--demos",
        type=click.IntRange(0),
        default=4,
        show_default=True,
        metavar="N",
        help="Most demonstrations of a predictor.",
    ),
    click.option(
        "--budget-calls", type=click.IntRange(1), metavar="N", help="Most model calls, in all."
    ),
    click.option(
        "--budget-tokens", type=click.IntRange(1), metavar="N", help="Most tokens, in all."
    ),
    click.option(
        "--budget-usd",
        type=click.FloatRange(0, min_open=True),
        metavar="USD",
        help="Most money, in all.",
    ),
    click.option(
        "--budget-minutes",
        type=click.FloatRange(0, min_open=True),
        metavar="N",
        help="Most minutes of model time.",
    ),
)
split_options = option_group(
    "split_options",
    _split_options,
    click.option("--train", type=click.IntRange(1), metavar="N", help="Questions to learn from."),
    click.option("--val", type=click.IntRange(1), metavar="N", help="Questions to choose by."),
    click.option(
        "--train-split",
        default="train",
        show_default=True,
        metavar="NAME",
        help="Of the hub's set.",
    ),
    click.option(
        "--val-split",
        default="validation",
        show_default=True,
        metavar="NAME",
        help="Where the data has it; else the rest of the training split.",
    ),
    click.option(
        "--data",
        metavar="FILE",
        help="A local copy: JSONL, CSV or Parquet with question and answer; a field split tells its parts.",
    ),
    match_option,
    visible_option,
)
output_options = option_group(
    "output_options",
    _output_options,
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The program file. [default: TASK-PRESET.json]",
    ),
    click.option(
        "--force", is_flag=True, help="Overwrite a program file that is there, whatever made it."
    ),
    click.option(
        "--pick",
        type=click.IntRange(1),
        metavar="N",
        help="Save program N of the frontier, 1 the cheapest, instead of the most accurate.",
    ),
    click.option("--resume", is_flag=True, help="Go on with what an interrupted compile left."),
    click.option("--fresh", is_flag=True, help="Forget what an earlier compile left."),
    click.option("--dry-run", is_flag=True, help="Stop after the estimate."),
    click.option(
        "--runs",
        "directory",
        type=click.Path(path_type=Path),
        default=Path(".cope/compile"),
        show_default=True,
        help="Folder of compiles.",
    ),
    track_option,
    store_option,
)


@click.command(cls=CompileCommand, short_help="Compile a program's prompts for a task.")
@click.argument("task")
@compile_settings
@split_options
@output_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask before it starts.")
@json_option
@program_options
@team_options
@pass_app
@lists_tasks
def command(
    app: AppContext,
    task: str,
    compile_settings: "CompileSettings",
    split_options: "SplitOptions",
    output_options: "OutputOptions",
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
    yes: bool,
    as_json: bool,
) -> None:
    """Compile a program for TASK: {tasks}.

    Begins with the preset's own words, or with --program FILE. Says what it will do and what that
    takes, asks, and saves the better of before and after. The test split is never read.
    """
    from ...eval import task_by_name
    from ...optimize.compiler.run import CompileHooks, CompileRequest, run_compile
    from ..display.compile import print_plan, print_result
    from ..display.compile_progress import CompileProgress

    prices, proposer_price = _split_proposer_price(team_options)
    request = CompileRequest(
        task_by_name(
            task, split_options.visible, program_options.unsafe_code, match=split_options.match
        ),
        app.make_team(replace(team_options, cache=False, prices=prices)),
        team_options.request_settings(),
        program_options,
        replace(compile_settings, proposer_price=proposer_price),
        split_options,
        output_options,
        app.tracker,
    )
    hooks = CompileHooks(
        load_models=lambda team, tiers, lms: app.load_models(team, tiers, extra_lms=lms),
        on_plan=print_plan,
        confirm=(lambda: None) if yes else _confirm,
        notify=notify,
    )
    run = run_compile(request, CompileProgress(), hooks)
    if as_json:
        print_json(run.document)
    elif run.result is not None:
        measure = _eval_command(task, split_options, program_options, team_options, run.output)
        print_result(run.result, run.before, run.output, run.frontier, measure)


def _confirm() -> None:
    """Ask whether to start.

    Raises:
        CopeError: when nobody can answer, as in a script.
    """
    try:
        click.confirm("Start?", abort=True, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise CopeError("not started: answer y, or say --yes so that it does not ask") from None


def _eval_command(
    task: str,
    split_options: "SplitOptions",
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
    output: Path,
) -> str:
    """Return the command that evaluates the program on questions that it was not compiled on."""
    from ...eval.tasks.data import list_splits

    words = ["cope", "eval", task, "--program", str(output)]
    if split_options.data:
        has_test = "test" in list_splits(split_options.data)
        words += ["--data", split_options.data if has_test else "OTHER.jsonl"]
    values: dict[str, Any] = {"small": team_options.small, "large": team_options.large}
    values |= team_options.request_settings()
    values |= {"visible": split_options.visible, "match": split_options.match}
    values["weights"] = team_options.weights
    for name, value in values.items():
        if is_set_by_user(name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    for name, model in team_options.tiers.items():
        words += ["--tier", f"{name}={model}"]
    if program_options.unsafe_code:
        words.append("--unsafe-code")
    return shlex.join(words)


def _split_proposer_price(team_options: "TeamOptions") -> "tuple[dict[str, Price], Price | None]":
    """Return the prices of the tiers, and the price of the proposer.

    The proposer is no tier, unless the user names a tier so.
    """
    from ...optimize.compiler.proposer import PROPOSER_TIER

    prices = dict(team_options.prices)
    if PROPOSER_TIER in team_options.tiers:
        return prices, None
    proposer_price = prices.pop(PROPOSER_TIER, None)
    return prices, proposer_price

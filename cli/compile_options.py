"""The options of `cope compile`: its settings, its questions and its files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .column_options import columns_options, take_columns
from .option_groups import is_set_by_user, option_group, take_fields
from .options import (
    data_option,
    group_option,
    match_option,
    store_option,
    track_option,
    visible_option,
)
from .task_options import domain_option, task_file_option

if TYPE_CHECKING:
    from ..optimize import CompileSettings
    from ..optimize.compiler.options import OutputOptions, SplitOptions


def _compile_settings(values: dict[str, Any]) -> "CompileSettings":
    from ..optimize import Budget, CompileSettings

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
    from ..optimize.compiler.options import SplitOptions

    values["columns"] = take_columns(values)
    names = ("train_split", "val_split")
    values["named"] = tuple(name for name in names if is_set_by_user(name))
    return take_fields(SplitOptions, values)


def _output_options(values: dict[str, Any]) -> "OutputOptions":
    from ..optimize.compiler.options import OutputOptions

    return take_fields(OutputOptions, values)


compile_settings = option_group(
    "compile_settings",
    _compile_settings,
    click.option(
        "--optimizer",
        default="bootstrap-random-search",
        show_default=True,
        metavar="NAME",
        help="The optimizer of the prompts, one of the list below.",
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
        help="Compile only a tier, planner, reasoner, or round:N. Repeated: only predictors that "
        "match all.",
    ),
    click.option(
        "--objective",
        type=click.Choice(["accuracy", "cost", "pareto"]),
        default="accuracy",
        show_default=True,
        help="Cost prefers right answers with few tokens of the last tier; pareto saves and draws "
        "a frontier.",
    ),
    click.option(
        "--surrogate", is_flag=True, help="Run only the rounds that what is compiled can change."
    ),
    click.option(
        "--reflection-lm",
        metavar="MODEL",
        help="Proposes instructions; --price proposer=IN/OUT prices it. [default: the large tier's "
        "model]",
    ),
    click.option(
        "--demos",
        type=click.IntRange(0),
        default=4,
        show_default=True,
        metavar="N",
        help="Maximum number of demonstrations of a predictor.",
    ),
    click.option(
        "--budget-calls", type=click.IntRange(1), metavar="N", help="Maximum model calls."
    ),
    click.option("--budget-tokens", type=click.IntRange(1), metavar="N", help="Maximum tokens."),
    click.option(
        "--budget-usd",
        type=click.FloatRange(0, min_open=True),
        metavar="USD",
        help="Maximum cost in USD.",
    ),
    click.option(
        "--budget-minutes",
        type=click.FloatRange(0, min_open=True),
        metavar="N",
        help="Maximum minutes of model time.",
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
    data_option,
    columns_options,
    domain_option,
    task_file_option,
    group_option,
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
        "--force", is_flag=True, help="Overwrite an existing program file, whatever made it."
    ),
    click.option(
        "--pick",
        type=click.IntRange(1),
        metavar="N",
        help="Save program N of the frontier, 1 the cheapest, instead of the most accurate.",
    ),
    click.option("--resume", is_flag=True, help="Resume an interrupted compile."),
    click.option("--fresh", is_flag=True, help="Discard the results of an earlier compile."),
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

"""The options of `cope compile`: its settings, its questions and its files."""

from pathlib import Path
from typing import Any

import click

from .column_options import columns_options, take_columns
from .option_groups import is_set_by_user, option_group
from .option_types import PATH, count, file, flag, option
from .options import (
    data_option,
    group_option,
    match_option,
    store_option,
    track_option,
    visible_option,
)
from .task_options import domain_option, task_file_option


def _take_budget(values: dict[str, Any]) -> None:
    from ..optimize import Budget

    minutes = values.pop("budget_minutes")
    values["budget"] = Budget(
        values.pop("budget_calls"),
        values.pop("budget_tokens"),
        values.pop("budget_usd"),
        minutes * 60 if minutes else None,
    )


def _take_split(values: dict[str, Any]) -> None:
    take_columns(values)
    values["named"] = tuple(filter(is_set_by_user, ("train_split", "val_split")))


compile_settings = option_group(
    "optimize.compiler.settings:CompileSettings",
    option(
        "--optimizer",
        default="bootstrap-random-search",
        metavar="NAME",
        help="The optimizer of the prompts, one of the list below.",
    ),
    option(
        "--chain",
        metavar="A,B",
        default="",
        show_default=False,
        help="With --optimizer chain: the optimizers, in order.",
    ),
    option(
        "--only",
        multiple=True,
        metavar="PART",
        help="Compile only a tier, planner, reasoner, or round:N. Repeated: only predictors that "
        "match all.",
    ),
    option(
        "--objective",
        type=click.Choice(["accuracy", "cost", "pareto"]),
        default="accuracy",
        help="Cost prefers right answers with few tokens of the last tier; pareto saves and draws "
        "a frontier.",
    ),
    flag("--surrogate", help="Run only the rounds that what is compiled can change."),
    option(
        "--reflection-lm",
        "proposer",
        metavar="MODEL",
        help="Proposes instructions; --price proposer=IN/OUT prices it. [default: the large tier's "
        "model]",
    ),
    option(
        "--demos",
        type=click.IntRange(0),
        default=4,
        metavar="N",
        help="Maximum number of demonstrations of a predictor.",
    ),
    count("--budget-calls", help="Maximum model calls."),
    count("--budget-tokens", help="Maximum tokens."),
    option(
        "--budget-usd",
        type=click.FloatRange(0, min_open=True),
        metavar="USD",
        help="Maximum cost in USD.",
    ),
    option(
        "--budget-minutes",
        type=click.FloatRange(0, min_open=True),
        metavar="N",
        help="Maximum minutes of model time.",
    ),
    prepare=_take_budget,
    shared=("seed", "fresh"),
)
split_options = option_group(
    "optimize.compiler.options:SplitOptions",
    count("--train", help="Questions to learn from."),
    count("--val", help="Questions to choose by."),
    option("--train-split", default="train", metavar="NAME", help="Of the hub's set."),
    option(
        "--val-split",
        default="validation",
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
    prepare=_take_split,
)
output_options = option_group(
    "optimize.compiler.options:OutputOptions",
    file("-o", "--output", help="The program file. [default: TASK-PRESET.json]"),
    flag("--force", help="Overwrite an existing program file, whatever made it."),
    count(
        "--pick",
        help="Save program N of the frontier, 1 the cheapest, instead of the most accurate.",
    ),
    flag("--resume", help="Resume an interrupted compile."),
    flag("--fresh", help="Discard the results of an earlier compile."),
    flag("--dry-run", help="Stop after the estimate."),
    option(
        "--runs", "directory", type=PATH, default=Path(".cope/compile"), help="Folder of compiles."
    ),
    track_option,
    store_option,
)

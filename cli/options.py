"""The options that several commands have, each defined once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..answers.kinds.registry import ANSWER_KINDS, compares_texts
from ..models.prices import Price
from ..programs.confidence.early_stopping import EXACT, RULES
from ..programs.systems.registry import known_systems
from .option_types import CommaSeparated, NameValue, as_dict, negated

Command = Callable[..., Any]

STORE_DEFAULT = "MLFLOW_TRACKING_URI, else sqlite:///mlflow.db"

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
price_option = click.option(
    "--price",
    "prices",
    metavar="TIER=PRICE",
    multiple=True,
    type=NameValue(Price.parse),
    callback=as_dict,
    help="IN/OUT or IN/CACHED/OUT in USD per million tokens, or USD/h. Repeatable.",
)
tier_option = click.option(
    "--tier",
    "tiers",
    metavar="NAME=MODEL",
    multiple=True,
    type=NameValue(str),
    callback=as_dict,
    help="One more tier, for presets of your own. Repeatable.",
)
seed_option = click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="All randomness depends on it.",
)
samples_option = click.option(
    "--samples",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Samples in the rounds that draw several.",
)
unsafe_code_option = click.option(
    "--unsafe-code",
    is_flag=True,
    help="Run model-written programs without a sandbox where none is available.",
)
early_stop_option = click.option(
    "--early-stop",
    type=click.Choice(list(RULES)),
    default=EXACT,
    show_default=True,
    help="When a round stops early: when the missing samples can change nothing (exact), never "
    "(none), or when the vote probably holds, which may change decisions (adaptive-consistency, "
    "esc).",
)
calibration_option = click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Thresholds and samples that cope calibrate chose for this program and these models.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Only the first N questions."
)
split_option = click.option(
    "--split", default="test", show_default=True, help="Which part of the hub's set."
)
data_option = click.option(
    "--data",
    metavar="FILE|hub:OWNER/NAME[:CONFIG]",
    help="A table of your own: JSONL, CSV, TSV or Parquet, or a set of the hub.",
)
group_option = click.option(
    "--group", metavar="COLUMN", help="Rows with the same value there belong together."
)
match_option = click.option(
    "--match",
    type=click.Choice(list(filter(compares_texts, ANSWER_KINDS))),
    help="How answers are parsed and compared. [default: the task's kind; for your own questions "
    "the kind of their right answers, text without any]",
)
visible_option = click.option(
    "--visible",
    type=click.Choice(["one", "all"]),
    default="one",
    show_default=True,
    help="mbpp: tests that models see. All is the paper's protocol, and scores on the shown tests.",
)
fresh_option = click.option(
    "--fresh", is_flag=True, help="Discard the results of an earlier run of the same command."
)
track_option = click.option(
    "--no-track", "track", is_flag=True, callback=negated, help="Do not log to MLflow."
)
store_option = click.option(
    "--store", metavar="URI", help=f"MLflow store. [default: {STORE_DEFAULT}]"
)
budget_option = click.option(
    "--budget",
    type=click.FloatRange(0),
    metavar="USD",
    help="Stop before this is spent; results are saved.",
)
questions_option = click.option(
    "--questions",
    type=click.IntRange(1),
    metavar="N",
    help="Questions in flight; the default keeps the models busy.",
)
replay_option = click.option(
    "--replay",
    metavar="RECORD",
    help="Answer from a file of cope record or cope import; no model is asked.",
)
system_option = click.option(
    "--system",
    metavar="NAME|FILE",
    help="A system by its name, or a file of cope train, in place of a preset or program: "
    f"{known_systems()}.",
)
systems_option = click.option(
    "--systems",
    type=CommaSeparated(),
    default=(),
    metavar="NAME|FILE,...",
    help=f"Systems too, by their names or files of cope train: {known_systems()}.",
)


def output_option(help: str, **how: Any) -> Callable[[Command], Command]:
    """Return -o, with a help text that names what the command writes."""
    how.setdefault("type", click.Path(path_type=Path))
    return click.option("-o", "--output", metavar="FILE", help=help, **how)


def runs_option(default: str) -> Callable[[Command], Command]:
    """Return --runs, with a command's own default."""
    return click.option(
        "--runs",
        "directory",
        type=click.Path(path_type=Path),
        default=Path(default),
        show_default=True,
        help="Folder of runs, where an interrupted one is found again.",
    )

"""The options that several commands have, each defined once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..answers.kinds.registry import ANSWER_KINDS, compares_texts
from ..models.prices import Price
from ..programs.confidence.early_stopping import EXACT, RULES
from ..programs.systems.registry import known_systems
from .option_types import (
    PATH,
    CommaSeparated,
    assignments,
    count,
    file,
    flag,
    negated,
    option,
    usd,
)

Command = Callable[..., Any]

STORE_DEFAULT = "MLFLOW_TRACKING_URI, else sqlite:///mlflow.db"

json_option = flag("--json", "as_json", help="Print one JSON document.")
price_option = assignments(
    "--price",
    "prices",
    metavar="TIER=PRICE",
    read=Price.parse,
    help="IN/OUT or IN/CACHED/OUT in USD per million tokens, or USD/h.",
)
tier_option = assignments(
    "--tier",
    "tiers",
    metavar="NAME=MODEL",
    read=str,
    help="One more tier, for presets of your own.",
)
seed_option = option(
    "--seed", type=int, default=0, metavar="N", help="All randomness depends on it."
)
repeat_option = option(
    "--repeat",
    type=click.IntRange(1, 100),
    default=1,
    metavar="K",
    help="Runs with K seeds, from --seed on: how much depends on the seed.",
)
samples_option = option(
    "--samples",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Samples in the rounds that draw several.",
)
unsafe_code_option = flag(
    "--unsafe-code", help="Run model-written programs without a sandbox where none is available."
)
early_stop_option = option(
    "--early-stop",
    type=click.Choice(list(RULES)),
    default=EXACT,
    help="When a round stops early: when the missing samples can change nothing (exact), never "
    "(none), or when the vote probably holds, which may change decisions (adaptive-consistency, "
    "esc).",
)
calibration_option = file(
    "--calibration",
    help="Thresholds and samples that cope calibrate chose for this program and these models.",
)
hedge_option = option(
    "--hedge",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="P",
    help="Write the next round's plan while the vote is open, once escalation is likelier than P "
    "by the record of --calibration: less time, and tokens for nothing.",
)
limit_option = count("--limit", help="Only the first N questions.")
split_option = option("--split", default="test", help="Which part of the hub's set.")
data_option = option(
    "--data",
    metavar="FILE|hub:OWNER/NAME[:CONFIG]",
    help="A table of your own: JSONL, CSV, TSV or Parquet, or a set of the hub.",
)
group_option = option(
    "--group", metavar="COLUMN", help="Rows with the same value there belong together."
)
match_option = option(
    "--match",
    type=click.Choice(list(filter(compares_texts, ANSWER_KINDS))),
    help="How answers are parsed and compared. [default: the task's kind; for your own questions "
    "the kind of their right answers, text without any]",
)
visible_option = option(
    "--visible",
    type=click.Choice(["one", "all"]),
    default="one",
    help="mbpp: tests that models see. All is the paper's protocol, and scores on the shown tests.",
)
fresh_option = flag("--fresh", help="Discard the results of an earlier run of the same command.")
track_option = flag("--no-track", "track", callback=negated, help="Do not log to MLflow.")
store_option = option("--store", metavar="URI", help=f"MLflow store. [default: {STORE_DEFAULT}]")
budget_option = usd("--budget", help="Stop before this is spent; results are saved.")
questions_option = count(
    "--questions", help="Questions in flight; the default keeps the models busy."
)
replay_option = option(
    "--replay",
    metavar="RECORD",
    help="Answer from a file of cope record or cope import; no model is asked.",
)
system_option = option(
    "--system",
    metavar="NAME|FILE",
    help="A system by its name, or a file of cope train, in place of a preset or program: "
    f"{known_systems()}.",
)
systems_option = option(
    "--systems",
    type=CommaSeparated(),
    default=(),
    metavar="NAME|FILE,...",
    help=f"Systems too, by their names or files of cope train: {known_systems()}.",
)


def output_option(help: str, **how: Any) -> Callable[[Command], Command]:
    """Return -o, with a help text that names what the command writes."""
    how.setdefault("type", PATH)
    return option("-o", "--output", metavar="FILE", help=help, **how)


def runs_option(default: str) -> Callable[[Command], Command]:
    """Return --runs, with a command's own default."""
    return option(
        "--runs",
        "directory",
        type=PATH,
        default=Path(default),
        help="Folder of runs, where an interrupted one is found again.",
    )

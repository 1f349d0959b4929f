"""`cope compare`: several presets and programs on the same questions, live or from a record."""

from pathlib import Path
from typing import Any

import click

from ..context import AppContext, pass_app
from ..options import early_stop_option, flattened, team_options

# The names of eval's measures: `cope compare --help` should not import numpy and scipy for them.
BY = ("cost", "cost-small-free", "large-tokens", "seconds", "large-calls")
USUAL = ("cope", "answer-cascade", "small", "large")


class _Names(click.ParamType):
    """`a,b,c`."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


@click.command()
@click.argument("task", required=False)
@click.option(
    "--presets",
    type=_Names(),
    metavar="NAME,...",
    help="Presets, or TOML files of your own. [default: cope,answer-cascade,small,large; in a replay all that the "
    "record can answer]",
)
@click.option(
    "--programs",
    type=_Names(),
    default=(),
    metavar="FILE,...|none",
    help="Saved programs beside, named by their files. None: presets with their own words, also where the package "
    "has a compiled program.",
)
@click.option(
    "--against",
    metavar="NAME",
    help="The reference. [default: large where it is there, else the last one]",
)
@click.option(
    "--by",
    type=click.Choice(BY),
    help="The cost that verdicts speak of. [default: large-tokens if known]",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 100, min_open=True),
    default=3.0,
    show_default=True,
    metavar="POINTS",
    help="Accuracy within which two systems count as equally accurate.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="At most N questions, from the start."
)
@click.option("--split", default="test", show_default=True, help="Which part of the hub's set.")
@click.option(
    "--data", metavar="FILE", help="A local copy: JSONL, CSV or Parquet with question and answer."
)
@click.option(
    "--group", metavar="COLUMN", help="Rows of --data with the same value there belong together."
)
@click.option(
    "--visible",
    type=click.Choice(["one", "all"]),
    default="one",
    show_default=True,
    help="mbpp: tests that models see.",
)
@click.option(
    "--samples",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Samples in the rounds that draw several.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="All randomness depends on it.",
)
@early_stop_option
@click.option("--unsafe-code", is_flag=True, help="Run model-written programs without a sandbox.")
@click.option(
    "--budget",
    type=click.FloatRange(0),
    metavar="USD",
    help="Stop before the systems together would have cost this, each alone; what is done is saved.",
)
@click.option(
    "--questions",
    type=click.IntRange(1),
    metavar="N",
    help="Questions in flight; the default keeps the models busy.",
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default=Path(".cope/compare"),
    show_default=True,
    help="Folder of comparisons.",
)
@click.option("--fresh", is_flag=True, help="Forget what an earlier run of the same command left.")
@click.option("--no-track", is_flag=True, help="Do without MLflow.")
@click.option(
    "--store",
    metavar="URI",
    help="MLflow store. [default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db]",
)
@click.option(
    "--replay",
    metavar="RECORD",
    help="Answer from a file of cope record or cope import; no model is asked.",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --replay: the record's own program beside, as cope calibrate chose; all stand on questions that it was "
    "not chosen on.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the picture goes, as PNG and SVG. [default: beside comparison.json; in a replay none]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@team_options
@pass_app
@flattened
def command(app: AppContext, task: str | None, **options: Any) -> None:
    """Compare presets and programs on TASK: gsm8k, math500, mbpp, humaneval, or jsonl for your own questions.

    All answer the same questions, and a call that two of them share is asked once. Each is held against the reference:
    accuracy and cost with paired 95% intervals, McNemar's exact test with Holm's correction, random escalation and an oracle
    at the same cost, and how many questions would settle what is open. The same command goes on where an interrupted one
    stopped.
    """
    if options["replay"]:
        from ..compare_replay import compare_replay

        return compare_replay(task, options)
    if options["calibration"]:
        raise click.UsageError(
            "--calibration is for --replay: record the questions with cope record, and compare from the record."
        )
    if task is None:
        raise click.UsageError("Missing argument 'TASK'.")
    from ..compare_live import compare_live

    compare_live(task, options, app)

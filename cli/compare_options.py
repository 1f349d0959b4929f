"""The options of `cope compare`: its systems, its reference and its plot."""

from pathlib import Path
from typing import Any

import click

from .option_groups import NO_PROGRAM, option_group
from .option_types import CommaSeparated, file, option, usd
from .options import repeat_option, systems_option

# The names of eval's measures: `cope compare --help` should not import numpy and scipy for them.
COST_MEASURES = ("cost", "cost-small-free", "large-tokens", "seconds", "large-calls")


def _take_systems(values: dict[str, Any]) -> None:
    values["bundled"] = values["programs"] != (NO_PROGRAM,)
    programs = values["programs"] if values["bundled"] else ()
    values["programs"] = tuple(Path(file) for file in programs)
    values["margin"] /= 100


comparison_options = option_group(
    "eval.comparison.options:ComparisonOptions",
    option(
        "--presets",
        type=CommaSeparated(),
        default=(),
        metavar="NAME,...|all",
        help="Presets, or TOML files of your own; all also adds every system that can run, and "
        "says what the others lack. [default: cope,answer-cascade,small,large; in a "
        "replay all that the record can answer]",
    ),
    option(
        "--programs",
        type=CommaSeparated(),
        default=(),
        metavar="FILE,...|none",
        help="Saved programs too, named by their files. None: presets with their own "
        "instructions, also where the package has a compiled program.",
    ),
    systems_option,
    option(
        "--against",
        metavar="NAME",
        help="The reference. [default: the last tier alone where it is there, else the last one]",
    ),
    option(
        "--by",
        type=click.Choice(COST_MEASURES),
        help="The cost in the conclusions. [default: large-tokens if known]",
    ),
    option(
        "--by-field",
        metavar="FIELD",
        help="Break flips down by a field of the rows.",
    ),
    option(
        "--margin",
        type=click.FloatRange(0, 100, min_open=True),
        default=3.0,
        metavar="POINTS",
        help="Loss of accuracy that counts as none: tells whether a system is not worse within it.",
    ),
    repeat_option,
    file(
        "--plot",
        help="Save the plot as PNG and SVG. [default: next to comparison.json; in a replay none]",
    ),
    prepare=_take_systems,
)
calibration_option = file(
    "--calibration",
    help="With --replay: also the record's own program with this calibration; all systems "
    "are compared on questions that it was not chosen on.",
)
budget_option = usd(
    "--budget", help="Stop before the systems together have spent this; results are saved."
)

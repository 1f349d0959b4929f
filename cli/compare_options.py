"""The options of `cope compare`: its systems, its reference and its plot."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .option_groups import NO_PROGRAM, option_group
from .option_types import CommaSeparated
from .options import systems_option

if TYPE_CHECKING:
    from ..eval.comparison.options import ComparisonOptions

# The names of eval's measures: `cope compare --help` should not import numpy and scipy for them.
COST_MEASURES = ("cost", "cost-small-free", "large-tokens", "seconds", "large-calls")


def _comparison_options(values: dict[str, Any]) -> "ComparisonOptions":
    from ..eval.comparison.options import ComparisonOptions

    programs = values.pop("programs")
    values["bundled"] = programs != (NO_PROGRAM,)
    if not values["bundled"]:
        programs = ()
    return ComparisonOptions(
        presets=values.pop("presets") or (),
        programs=tuple(Path(file) for file in programs),
        systems=values.pop("systems"),
        against=values.pop("against"),
        by=values.pop("by"),
        margin=values.pop("margin") / 100,
        plot=values.pop("plot"),
    )


comparison_options = option_group(
    "comparison_options",
    _comparison_options,
    click.option(
        "--presets",
        type=CommaSeparated(),
        metavar="NAME,...",
        help="Presets, or TOML files of your own. [default: cope,answer-cascade,small,large; in a "
        "replay all that the record can answer]",
    ),
    click.option(
        "--programs",
        type=CommaSeparated(),
        default=(),
        metavar="FILE,...|none",
        help="Saved programs too, named by their files. None: presets with their own "
        "instructions, also where the package has a compiled program.",
    ),
    systems_option,
    click.option(
        "--against",
        metavar="NAME",
        help="The reference. [default: the last tier alone where it is there, else the last one]",
    ),
    click.option(
        "--by",
        type=click.Choice(COST_MEASURES),
        help="The cost in the conclusions. [default: large-tokens if known]",
    ),
    click.option(
        "--margin",
        type=click.FloatRange(0, 100, min_open=True),
        default=3.0,
        show_default=True,
        metavar="POINTS",
        help="Loss of accuracy that counts as none: tells whether a system is not worse within it.",
    ),
    click.option(
        "--plot",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Save the plot as PNG and SVG. [default: next to comparison.json; in a replay none]",
    ),
)
calibration_option = click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --replay: also the record's own program with this calibration; all systems "
    "are compared on questions that it was not chosen on.",
)
budget_option = click.option(
    "--budget",
    type=click.FloatRange(0),
    metavar="USD",
    help="Stop before the systems together have spent this; results are saved.",
)

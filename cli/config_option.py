"""`--config FILE`: the options of a command in a TOML file."""

from pathlib import Path

import click

from ..util.option_file import defaults_of_file
from .option_types import PATH, option


def _take_defaults(context: click.Context, param: click.Parameter, path: Path | None) -> None:
    """Make the values of a file the defaults of a command, so that the command line wins."""
    if path is not None:
        others = [other for other in context.command.params if other is not param]
        defaults = defaults_of_file(path, others)
        context.default_map = {**(context.default_map or {}), **defaults}


config_option = option(
    "--config",
    type=PATH,
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_take_defaults,
    help="Read these options from a TOML file; the command line wins.",
)

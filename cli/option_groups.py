"""Groups of options: each arrives at a command as one dataclass."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..models.engines.registry import DEFAULT_TIMEOUT, name_forms
from ..models.weights.catalog import aliases
from .column_options import columns_options, take_columns
from .option_types import NameValue, Thresholds, as_dict, negated, or_empty, positive_int
from .options import (
    Command,
    budget_option,
    data_option,
    fresh_option,
    limit_option,
    match_option,
    price_option,
    questions_option,
    runs_option,
    samples_option,
    seed_option,
    split_option,
    store_option,
    tier_option,
    track_option,
    unsafe_code_option,
    visible_option,
)
from .task_options import domain_option, task_file_option

if TYPE_CHECKING:
    from ..eval.run.options import DataOptions, RunOptions
    from ..programs.options import ProgramOptions, TeamOptions

Options = TypeVar("Options")

NO_PROGRAM = "none"


def is_set_by_user(name: str) -> bool:
    """Return whether the user wrote an option of the running command."""
    context = click.get_current_context(silent=True)
    if context is None:
        return False
    return context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE


def option_group(
    parameter: str, build: Callable[[dict[str, Any]], Any], *options: Callable[[Command], Command]
) -> Callable[[Command], Command]:
    """Return a decorator that adds options to a command, and passes them as one argument.

    Args:
        parameter: the name of the command's parameter.
        build: makes the argument, and takes the values that it uses out of all values.
        options: decorators of click's, in the order of the help page.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def collected(*args: Any, **values: Any) -> Any:
            values[parameter] = build(values)
            return command(*args, **values)

        decorated: Command = collected
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def take_fields(kind: type[Options], values: dict[str, Any]) -> Options:
    """Build a dataclass from those values that it has a field for, and remove them."""
    settings = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in values:
            settings[field.name] = values.pop(field.name)
    return kind(**settings)


def _team_options(values: dict[str, Any]) -> "TeamOptions":
    from ..models.weights.pairs import pair_by_name
    from ..programs.options import TeamOptions

    name = values.pop("pair")
    if name is not None:
        pair = pair_by_name(name)
        for tier in ("small", "large"):
            if not is_set_by_user(tier):
                values[tier] = getattr(pair, tier)
    return take_fields(TeamOptions, values)


def _program_options(values: dict[str, Any]) -> "ProgramOptions":
    from ..programs.options import ProgramOptions

    program = values.get("program")
    if program:
        is_file = program.lower() != NO_PROGRAM
        values["bundled"] = is_file
        values["program"] = Path(program) if is_file else None
        if is_file and is_set_by_user("preset"):
            raise click.UsageError("--program brings its own rounds: leave out --preset.")
    if values.get("calibration"):
        reject_options_of_calibration()
    return take_fields(ProgramOptions, values)


def reject_options_of_calibration() -> None:
    """Raise a usage error for options whose values a calibration sets.

    Raises:
        click.UsageError: for the first of them.
    """
    for name in ("thresholds", "samples"):
        if is_set_by_user(name):
            raise click.UsageError(
                f"--calibration sets thresholds and samples: leave out --{name}."
            )


def build_data_options(values: dict[str, Any]) -> "DataOptions":
    """Take the options of the questions out of all values."""
    from ..eval.run.options import DataOptions

    values["columns"] = take_columns(values)
    return take_fields(DataOptions, values)


def _run_options(values: dict[str, Any]) -> "RunOptions":
    from ..eval.run.options import RunOptions

    return take_fields(RunOptions, values)


team_options = option_group(
    "team_options",
    _team_options,
    click.option(
        "--pair", metavar="NAME", help="Both models by the name of a pair in cope models list."
    ),
    click.option(
        "--small",
        metavar="MODEL",
        default=f"local/{aliases()['small']}",
        show_default=True,
        help=f"Small tier: {name_forms()}, or a provider's name such as openai/gpt-4o-mini.",
    ),
    click.option(
        "--large",
        metavar="MODEL",
        default=f"local/{aliases()['large']}",
        show_default=True,
        help="Large tier.",
    ),
    tier_option,
    price_option,
    click.option(
        "--in-flight",
        "limits",
        metavar="TIER=N",
        multiple=True,
        type=NameValue(positive_int),
        callback=as_dict,
        help="Parallel requests of a tier; 4 or 8 for local engines, else 16. Repeatable.",
    ),
    click.option(
        "--key",
        "keys",
        metavar="TIER=VARIABLE",
        multiple=True,
        type=NameValue(str),
        callback=as_dict,
        help="Environment variable with the key of a tier's server. Repeatable.",
    ),
    click.option(
        "--context",
        type=click.IntRange(64),
        default=2048,
        show_default=True,
        metavar="N",
        help="Maximum tokens of prompt and reply together, for local models.",
    ),
    click.option(
        "--max-tokens",
        type=click.IntRange(1),
        default=512,
        show_default=True,
        metavar="N",
        help="Maximum tokens of a reply.",
    ),
    click.option(
        "--adapter",
        default="lean",
        show_default=True,
        metavar="NAME",
        help="The format of requests: lean, chat, json or xml.",
    ),
    click.option(
        "--timeout",
        type=float,
        default=DEFAULT_TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="Time for one request to a server; models in this process have no limit.",
    ),
    click.option(
        "--no-cache",
        "cache",
        is_flag=True,
        callback=negated,
        help="Call the models again for requests that are cached.",
    ),
    click.option(
        "--weights",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder with weights of local/ models, searched first.",
    ),
)
"""Add the options that say which models work together and how, as one `TeamOptions`."""

program_options = option_group(
    "program_options",
    _program_options,
    click.option(
        "--preset",
        default="cope",
        show_default=True,
        metavar="NAME|FILE.toml",
        help="The rounds: a preset's name, a tier's name for it alone, or a file of your own. "
        "A wrong name lists them all.",
    ),
    click.option(
        "--program",
        metavar="FILE|none",
        help="A saved program: its rounds, instructions and examples. None: the preset's own "
        "instructions, also where the package has a compiled program.",
    ),
    samples_option,
    click.option(
        "--thresholds",
        type=Thresholds(),
        metavar="T,T",
        callback=or_empty,
        help="Share of votes that each round needs.",
    ),
    seed_option,
    unsafe_code_option,
)
"""Add the options that say how the models work together, as one `ProgramOptions`.

It takes in `early_stop_option` and `calibration_option` where a command has these too.
"""

some_program_options = option_group("program_options", _program_options)
"""Pass those options that the command has itself, such as `seed_option`, as `ProgramOptions`."""

data_options = option_group(
    "data_options",
    build_data_options,
    limit_option,
    split_option,
    data_option,
    columns_options,
    domain_option,
    task_file_option,
    match_option,
    visible_option,
)
"""Add the options that name the questions, as one `DataOptions`, which takes in `group_option`."""


def run_options(
    directory: str, tracked: bool = True, budget: Callable[[Command], Command] = budget_option
) -> Callable[[Command], Command]:
    """Add the options that say how a run is made, as one `RunOptions`.

    Args:
        directory: the default folder of runs.
        tracked: whether the command logs to MLflow.
        budget: --budget, with what it means for the command.
    """
    options = [budget, questions_option, runs_option(directory), fresh_option]
    if tracked:
        options += [track_option, store_option]
    return option_group("run_options", _run_options, *options)


def lists_tasks(command: Command) -> Command:
    """Replace `{tasks}` in a command's help text by the names of all tasks."""
    from ..eval.tasks.registry import known_tasks

    if command.__doc__:
        command.__doc__ = command.__doc__.replace("{tasks}", known_tasks())
    return command

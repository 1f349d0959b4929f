"""Groups of options: each arrives at a command as one dataclass."""

import re
from collections.abc import Callable, Collection
from dataclasses import fields
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ..models.engines.registry import DEFAULT_TIMEOUT, name_forms
from ..models.weights.catalog import aliases
from ..programs.agent.settings import ESCALATIONS
from ..util.text import positive_int
from .column_options import columns_options, take_columns
from .option_types import (
    Thresholds,
    assignments,
    count,
    flag,
    negated,
    option,
    or_empty,
)
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

NO_PROGRAM = "none"


def is_set_by_user(name: str) -> bool:
    """Return whether the user wrote an option of the running command."""
    context = click.get_current_context(silent=True)
    if context is None:
        return False
    return context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE


def option_group(
    kind: str,
    *options: Callable[[Command], Command],
    prepare: Callable[[dict[str, Any]], None] | None = None,
    shared: Collection[str] = (),
) -> Callable[[Command], Command]:
    """Return a decorator that adds options to a command, and passes them as one dataclass.

    The command's parameter has the name of the dataclass in lower case, such as `team_options`. The
    dataclass takes the values that it has a field for, whichever group their options are in.

    Args:
        kind: the dataclass, as `room.module:Name`; it is imported when the command runs.
        options: decorators of click's, in the order of the help page.
        prepare: turns the values of the options into those of the dataclass.
        shared: the fields whose values the dataclasses of later groups have too.
    """
    module, _, name = kind.partition(":")
    parameter = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()

    def decorate(command: Command) -> Command:
        @wraps(command)
        def collected(*args: Any, **values: Any) -> Any:
            if prepare is not None:
                prepare(values)
            dataclass = getattr(import_module(f"cope.{module}"), name)
            settings = {}
            for field in fields(dataclass):
                if field.name in values:
                    settings[field.name] = values[field.name]
                    if field.name not in shared:
                        del values[field.name]
            values[parameter] = dataclass(**settings)
            return command(*args, **values)

        decorated: Command = collected
        for add in reversed(options):
            decorated = add(decorated)
        return decorated

    return decorate


def _take_pair(values: dict[str, Any]) -> None:
    """Take the models of a pair where the user names none."""
    from ..models.weights.pairs import pair_by_name

    name = values.pop("pair")
    if name is not None:
        pair = pair_by_name(name)
        for tier in ("small", "large"):
            if not is_set_by_user(tier):
                values[tier] = getattr(pair, tier)


def _take_program(values: dict[str, Any]) -> None:
    program = values.get("program")
    if program:
        is_file = program.lower() != NO_PROGRAM
        values["bundled"] = is_file
        values["program"] = Path(program) if is_file else None
        if is_file and is_set_by_user("preset"):
            raise click.UsageError("--program brings its own rounds: leave out --preset.")
    if values.get("calibration"):
        reject_options_of_calibration()


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


team_options = option_group(
    "programs.options:TeamOptions",
    option("--pair", metavar="NAME", help="Both models by the name of a pair in cope models list."),
    option(
        "--small",
        metavar="MODEL",
        default=f"local/{aliases()['small']}",
        help=f"Small tier: {name_forms()}, or a provider's name such as openai/gpt-4o-mini.",
    ),
    option("--large", metavar="MODEL", default=f"local/{aliases()['large']}", help="Large tier."),
    tier_option,
    price_option,
    assignments(
        "--in-flight",
        "limits",
        metavar="TIER=N",
        read=positive_int,
        help="Parallel requests of a tier; 4 or 8 for local engines, else 16.",
    ),
    assignments(
        "--key",
        "keys",
        metavar="TIER=VARIABLE",
        read=str,
        help="Environment variable with the key of a tier's server.",
    ),
    option(
        "--context",
        type=click.IntRange(64),
        default=2048,
        metavar="N",
        help="Maximum tokens of prompt and reply together, for local models.",
    ),
    count("--max-tokens", default=512, help="Maximum tokens of a reply."),
    option("--adapter", default="lean", metavar="NAME", help="Format: lean, chat, json or xml."),
    option(
        "--sampling",
        default="requests",
        metavar="WAY",
        help="Samples of a round: requests (each its own), batch (several by one) or auto.",
    ),
    option(
        "--timeout",
        type=float,
        default=DEFAULT_TIMEOUT,
        metavar="SECONDS",
        help="Time for one request to a server; models in this process have no limit.",
    ),
    flag(
        "--no-cache",
        "cache",
        callback=negated,
        help="Call the models again for requests that are cached.",
    ),
    option(
        "--weights",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder with weights of local/ models, searched first.",
    ),
    prepare=_take_pair,
)
"""Add the options that say which models work together and how, as one `TeamOptions`."""

program_options = option_group(
    "programs.options:ProgramOptions",
    option(
        "--preset",
        default="cope",
        metavar="NAME|FILE.toml",
        help="The rounds: a preset's name, a tier's name for it alone, or a file of your own. "
        "A wrong name lists them all.",
    ),
    option(
        "--program",
        metavar="FILE|none",
        help="A saved program: its rounds, instructions and examples. None: the preset's own "
        "instructions, also where the package has a compiled program.",
    ),
    samples_option,
    option(
        "--thresholds",
        type=Thresholds(),
        metavar="T,T",
        callback=or_empty,
        help="Share of votes that each round needs.",
    ),
    seed_option,
    unsafe_code_option,
    prepare=_take_program,
)
"""Add the options that say how the models work together, as one `ProgramOptions`.

It takes in `early_stop_option` and `calibration_option` where a command has these too.
"""

agent_options = option_group(
    "programs.agent.settings:AgentSettings",
    option(
        "--escalate",
        type=click.Choice(list(ESCALATIONS)),
        default="step",
        help="Games: a step on which samples disagree goes to the next round alone (step), with "
        "all later steps (stay), or the game starts again with that round (episode).",
    ),
    count("--max-steps", default=30, help="Games: maximum actions."),
    count("--episode-tokens", help="Games: maximum tokens of a game."),
)
"""Add the options of games, as one `AgentSettings`."""

some_program_options = option_group("programs.options:ProgramOptions", prepare=_take_program)
"""Pass those options that the command has itself, such as `seed_option`, as `ProgramOptions`."""

data_options = option_group(
    "eval.run.options:DataOptions",
    limit_option,
    split_option,
    data_option,
    columns_options,
    domain_option,
    task_file_option,
    match_option,
    visible_option,
    prepare=take_columns,
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
    return option_group("eval.run.options:RunOptions", *options)


def lists_tasks(command: Command) -> Command:
    """Replace `{tasks}` in a command's help text by the names of all tasks."""
    from ..eval.tasks.registry import known_tasks

    if command.__doc__:
        command.__doc__ = command.__doc__.replace("{tasks}", known_tasks())
    return command

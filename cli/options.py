"""The options of the commands: each is defined once, and each group arrives as one dataclass."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import CopeError
from ..models.engines.registry import name_forms
from ..models.prices import Price
from ..models.weights.resolve import aliases
from ..programs.confidence.early_stopping import EXACT, RULES
from ..programs.domains.registry import DEFAULT_DOMAIN
from .output import notify, silence

Command = Callable[..., Any]
Options = TypeVar("Options")

NO_PROGRAM = "none"
STORE_DEFAULT = "MLFLOW_TRACKING_URI, else sqlite:///mlflow.db"


class NameValue(click.ParamType):
    """`NAME=VALUE`, with a reader for the value."""

    name = "assignment"

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not (name and equals and text):
            example = "0.15/0.60" if self.read == Price.parse else "4"
            self.fail(f"{value!r} is not NAME=VALUE, as in small={example}")
        try:
            return name, self.read(text)
        except CopeError as error:
            self.fail(str(error), param, ctx)
        except ValueError:
            self.fail(f"{text!r} is not a number above 0", param, ctx)


class _Thresholds(click.ParamType):
    """`0.75,0.5`: one for each round that has a threshold, in order."""

    name = "thresholds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            found = ()
        if not found or not all(0 < number <= 1 for number in found):
            self.fail(f"{value!r} must be numbers above 0 and up to 1, as in 0.75,0.5", param, ctx)
        return found


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _as_dict(
    context: click.Context, parameter: click.Parameter, pairs: tuple[tuple[str, Any], ...]
) -> dict[str, Any]:
    return dict(pairs)


def _negated(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    return not value


def _or_empty(
    context: click.Context, parameter: click.Parameter, value: tuple[float, ...] | None
) -> tuple[float, ...]:
    return value or ()


def is_set_by_user(name: str) -> bool:
    """Tell whether the user wrote an option of the running command."""
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

        made: Command = collected
        for option in reversed(options):
            made = option(made)
        return made

    return decorate


def _take(kind: type[Options], values: dict[str, Any]) -> Options:
    """Build a dataclass from those values that it has a field for, and take them out."""
    names = [field.name for field in fields(kind) if field.name in values]  # type: ignore[arg-type]
    return kind(**{name: values.pop(name) for name in names})


def _team_options(values: dict[str, Any]) -> Any:
    from ..programs.resolve import TeamOptions

    return _take(TeamOptions, values)


def _program_options(values: dict[str, Any]) -> Any:
    from ..programs.resolve import ProgramOptions

    named = values.get("program")
    if named:
        plain = named.lower() == NO_PROGRAM
        values["bundled"] = not plain
        values["program"] = None if plain else Path(named)
        if not plain and is_set_by_user("preset"):
            raise click.UsageError("--program brings its own rounds: leave out --preset.")
    if values.get("calibration"):
        reject_options_of_calibration()
    return _take(ProgramOptions, values)


def reject_options_of_calibration() -> None:
    """Refuse options whose values a calibration sets.

    Raises:
        click.UsageError: for the first of them.
    """
    for name in ("thresholds", "samples"):
        if is_set_by_user(name):
            raise click.UsageError(
                f"--calibration sets thresholds and samples: leave out --{name}."
            )


def _data_options(values: dict[str, Any]) -> Any:
    from ..eval.run.options import DataOptions

    return _take(DataOptions, values)


def _run_options(values: dict[str, Any]) -> Any:
    from ..eval.run.options import RunOptions

    return _take(RunOptions, values)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
price_option = click.option(
    "--price",
    "prices",
    metavar="TIER=PRICE",
    multiple=True,
    type=NameValue(Price.parse),
    callback=_as_dict,
    help="IN/OUT or IN/CACHED/OUT in USD per million tokens, or USD/h. Repeatable.",
)
tier_option = click.option(
    "--tier",
    "tiers",
    metavar="NAME=MODEL",
    multiple=True,
    type=NameValue(str),
    callback=_as_dict,
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
    help="Run model-written programs without a sandbox, where none is to be had.",
)
early_stop_option = click.option(
    "--early-stop",
    type=click.Choice(list(RULES)),
    default=EXACT,
    show_default=True,
    help="When a round leaves its missing samples: when they can change nothing (exact), never (none), or when the vote "
    "probably holds, which may decide otherwise (adaptive-consistency, esc).",
)
calibration_option = click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Thresholds and samples as cope calibrate chose them, for this program and these models.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="At most N questions, from the start."
)
split_option = click.option(
    "--split", default="test", show_default=True, help="Which part of the hub's set."
)
data_option = click.option(
    "--data", metavar="FILE", help="A local copy: JSONL, CSV or Parquet with question and answer."
)
group_option = click.option(
    "--group", metavar="COLUMN", help="Rows with the same value there belong together."
)
visible_option = click.option(
    "--visible",
    type=click.Choice(["one", "all"]),
    default="one",
    show_default=True,
    help="mbpp: tests that models see. All is the paper's way, and scores on what was shown.",
)
fresh_option = click.option(
    "--fresh", is_flag=True, help="Forget what an earlier run of the same command left."
)
track_option = click.option(
    "--no-track", "track", is_flag=True, callback=_negated, help="Do without MLflow."
)
store_option = click.option(
    "--store", metavar="URI", help=f"MLflow store. [default: {STORE_DEFAULT}]"
)
budget_option = click.option(
    "--budget",
    type=click.FloatRange(0),
    metavar="USD",
    help="Stop before this is spent; what is done is saved.",
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


team_options = option_group(
    "team_options",
    _team_options,
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
        type=NameValue(_count),
        callback=_as_dict,
        help="Requests of a tier at a time; 4 or 8 for local engines, else 16. Repeatable.",
    ),
    click.option(
        "--context",
        type=click.IntRange(64),
        default=2048,
        show_default=True,
        metavar="N",
        help="Tokens a request to a local model may have, prompt and reply.",
    ),
    click.option(
        "--max-tokens",
        type=click.IntRange(1),
        default=512,
        show_default=True,
        metavar="N",
        help="Most tokens of a reply.",
    ),
    click.option(
        "--adapter",
        default="lean",
        show_default=True,
        metavar="NAME",
        help="How requests are written: lean, chat, json or xml.",
    ),
    click.option(
        "--no-cache",
        "cache",
        is_flag=True,
        callback=_negated,
        help="Ask the models again, also what was asked before.",
    ),
    click.option(
        "--weights",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder with weights of local/ models, looked in first.",
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
        help="The rounds: a preset's name, a tier's name for it alone, or a file of your own. A wrong name lists them all.",
    ),
    click.option(
        "--program",
        metavar="FILE|none",
        help="A saved program: its rounds, instructions and examples. None: the preset's own words, also "
        "where the package has a compiled program.",
    ),
    samples_option,
    click.option(
        "--thresholds",
        type=_Thresholds(),
        metavar="T,T",
        callback=_or_empty,
        help="Share of votes that each round needs.",
    ),
    seed_option,
    unsafe_code_option,
)
"""Add the options that say how the models work together, as one `ProgramOptions`.

It takes in `early_stop_option` and `calibration_option` where a command has these too.
"""

some_program_options = option_group("program_options", _program_options)
"""Pass those options that the command has itself, such as `seed_option`, as one `ProgramOptions`."""

data_options = option_group(
    "data_options", _data_options, limit_option, split_option, data_option, visible_option
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


# Until every command takes the dataclasses: the mapping of before, and functions that read it.


def lists_tasks(command: Command) -> Command:
    """Replace `{tasks}` in a command's help text by the names of all tasks."""
    from ..eval.tasks.registry import known_tasks

    if command.__doc__:
        command.__doc__ = command.__doc__.replace("{tasks}", known_tasks())
    return command


def flattened(command: Command) -> Command:
    """Pass the dataclasses of a command as the single options that they were made of."""

    @wraps(command)
    def single(*args: Any, **values: Any) -> Any:
        team, program = values.pop("team_options", None), values.pop("program_options", None)
        if team:
            values |= {field.name: getattr(team, field.name) for field in fields(team)}
            values["no_cache"] = not values.pop("cache")
            for name in ("tiers", "prices", "limits"):
                values[name] = tuple(values[name].items())
        if program:
            values |= {field.name: getattr(program, field.name) for field in fields(program)}
            if not values.pop("bundled"):
                values["program"] = NO_PROGRAM
        return command(*args, **values)

    return single


def _team_of(options: Mapping[str, Any]) -> Any:
    values = dict(options)
    values["cache"] = not values["no_cache"]
    for name in ("tiers", "prices", "limits"):
        values[name] = dict(values[name])
    return _team_options(values)


def _program_of(options: Mapping[str, Any]) -> Any:
    from ..programs.resolve import ProgramOptions

    values = dict(options)
    named = str(values.get("program") or "")
    values["bundled"] = named != NO_PROGRAM
    values["program"] = Path(named) if named and named != NO_PROGRAM else None
    values["thresholds"] = values.get("thresholds") or ()
    return _take(ProgramOptions, values)


def own_program(options: Mapping[str, Any]) -> Path | None:
    """Return the file that the user named with --program."""
    return _program_of(options).program


def program_file(
    options: Mapping[str, Any],
    team: Any,
    domain: str,
    task: str | None = None,
    *,
    quiet: bool = False,
) -> Path | None:
    """Return the program's file, see `resolve_program_path`."""
    from ..programs.resolve import resolve_program_path

    return resolve_program_path(
        _program_of(options),
        team,
        domain,
        task,
        context=options["context"],
        notify=silence if quiet else notify,
    )


def compiled_in(file: Path) -> dict[str, Any]:
    """Return what a program file says of its compile, see `read_compile_metadata`."""
    from ..programs.compile_metadata import read_compile_metadata

    return read_compile_metadata(file)


def make_cascade(
    options: Mapping[str, Any],
    team: Any,
    domain: str = DEFAULT_DOMAIN,
    program: Path | None = None,
) -> Any:
    """Build the cascade of a mapping of options."""
    from ..programs.resolve import resolve_cascade

    return resolve_cascade(_program_of(options), team, domain, program)


given = is_set_by_user

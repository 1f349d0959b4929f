"""The options that `ask`, `eval` and `compile` share, and the team and cascade built from them."""

import inspect
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from ..models.prices import Price
from ..models.weights.resolve import aliases
from ..programs.confidence.early_stopping import EXACT, RULES
from ..programs.domains.registry import DEFAULT_DOMAIN, domain_by_name
from .loading import bring_weights, prepare

if TYPE_CHECKING:
    from ..models import Team
    from ..programs import Cascade

__all__ = [
    "NO_PROGRAM",
    "bring_weights",
    "compiled_in",
    "early_stop_option",
    "given",
    "make_cascade",
    "make_team",
    "own_program",
    "prepare",
    "price_option",
    "program_file",
    "program_options",
    "team_options",
]

NO_PROGRAM = "none"


class Assigned(click.ParamType):
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
            self.fail(
                f"{value!r} is not NAME=VALUE, as in small={'0.15/0.60' if self.read == Price.parse else '4'}"
            )
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
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


price_option = click.option(
    "--price",
    "prices",
    metavar="TIER=PRICE",
    multiple=True,
    type=Assigned(Price.parse),
    help="IN/OUT or IN/CACHED/OUT in USD per million tokens, or USD/h. Repeatable.",
)


def _default(tier: str) -> str:
    return f"local/{aliases()[tier]}"


def team_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which models work together and how; `make_team` reads them."""
    options = [
        click.option(
            "--small",
            metavar="MODEL",
            default=_default("small"),
            show_default=True,
            help="Small tier: local/NAME, ollama/NAME, or a provider's name such as openai/gpt-4o-mini.",
        ),
        click.option(
            "--large",
            metavar="MODEL",
            default=_default("large"),
            show_default=True,
            help="Large tier.",
        ),
        click.option(
            "--tier",
            "tiers",
            metavar="NAME=MODEL",
            multiple=True,
            type=Assigned(str),
            help="One more tier, for presets of your own. Repeatable.",
        ),
        price_option,
        click.option(
            "--in-flight",
            "limits",
            metavar="TIER=N",
            multiple=True,
            type=Assigned(_count),
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
            "--no-cache", is_flag=True, help="Ask the models again, also what was asked before."
        ),
        click.option(
            "--weights",
            type=click.Path(file_okay=False),
            metavar="DIR",
            help="Folder with weights of local/ models, looked in first.",
        ),
    ]
    return _decorated(command, options)


def program_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how the models work together; `make_cascade` reads them."""
    options = [
        click.option(
            "--preset",
            default="cope",
            show_default=True,
            metavar="NAME|FILE.toml",
            help="The rounds: a preset's name, or a file of your own. A wrong name lists them all.",
        ),
        click.option(
            "--program",
            metavar="FILE|none",
            help="A saved program: its rounds, instructions and examples. None: the preset's own words, also "
            "where the package has a compiled program.",
        ),
        click.option(
            "--samples",
            type=click.IntRange(1, 256),
            metavar="N",
            help="Samples in the rounds that draw several.",
        ),
        click.option(
            "--thresholds",
            type=_Thresholds(),
            metavar="T,T",
            help="Share of votes that each round needs.",
        ),
        click.option(
            "--seed",
            type=int,
            default=0,
            show_default=True,
            metavar="N",
            help="All randomness depends on it.",
        ),
        click.option(
            "--unsafe-code",
            is_flag=True,
            help="Run model-written programs without a sandbox, where none is to be had.",
        ),
    ]
    return _decorated(command, options)


def early_stop_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --early-stop; `make_cascade` reads it."""
    option = click.option(
        "--early-stop",
        type=click.Choice(list(RULES)),
        default=EXACT,
        show_default=True,
        help="When a round leaves its missing samples: when they can change nothing (exact), never (none), or when the vote "
        "probably holds, which may decide otherwise (adaptive-consistency, esc).",
    )
    return option(command)


def _decorated(
    command: Callable[..., Any], options: list[Callable[..., Any]]
) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


def make_team(options: Mapping[str, Any]) -> "Team":
    """The team that the options of `team_options` name. It loads nothing yet.

    Raises:
        CopeError: for a model, tier or adapter that cannot be understood.
    """
    from ..models import Team

    if options["weights"]:
        os.environ["COPE_WEIGHTS"] = options["weights"]
    tiers = dict(options["tiers"])
    if taken := [name for name in tiers if name in inspect.signature(Team).parameters]:
        raise CopeError(
            f"--tier {taken[0]}=...: that name is taken; --small and --large set those two tiers"
        )
    return Team(
        options["small"],
        options["large"],
        prices=dict(options["prices"]),
        limits=dict(options["limits"]),
        adapter=options["adapter"],
        cache=not options["no_cache"],
        context=options["context"],
        max_tokens=options["max_tokens"],
        **tiers,
    )


def own_program(options: Mapping[str, Any]) -> Path | None:
    """The file that the user named with --program; None for the word `none`, and without the option.

    Raises:
        click.UsageError: when rounds are named beside it.
    """
    named = options["program"]
    if not named or named.lower() == NO_PROGRAM:
        return None
    if given("preset"):
        raise click.UsageError("--program brings its own rounds: leave out --preset.")
    return Path(named)


def program_file(
    options: Mapping[str, Any],
    team: "Team",
    domain: str,
    task: str | None = None,
    *,
    quiet: bool = False,
) -> Path | None:
    """The program to use: the user's file, else a compiled one of the package's for this preset, task and models.

    What comes with the package is named in a line on stderr, unless `quiet`. None is the preset as it is.
    """
    from ..programs import load_preset
    from ..programs.bundled import shipped

    if options["program"]:
        return own_program(options)
    preset = load_preset(options["preset"])
    models = {name: tier.model for name, tier in team.tiers.items()}
    file = shipped(preset, task, models, domain, context=options["context"])
    if file and not quiet:
        click.echo(
            f"program {file.name}, {_origin(file)}; the preset as it is: --program {NO_PROGRAM}",
            err=True,
        )
    return file


def compiled_in(file: Path) -> dict[str, Any]:
    """What a program file says of its compile; nothing when it was never compiled."""
    compiled = json.loads(file.read_text(encoding="utf-8")).get("compiled")
    return compiled if isinstance(compiled, dict) else {}


def _origin(file: Path) -> str:
    """What a program of the package's was compiled for, how, and what it gained."""
    about = compiled_in(file)
    scores = about.get("scores", {})
    gain = ""
    for first, last, part in (
        ("test before", "test after", "test"),
        ("before", "after", "validation"),
    ):
        if first in scores and last in scores:
            before, after = scores[first]["accuracy"], scores[last]["accuracy"]
            gain = f": {before:.1%} -> {after:.1%} of {scores[last]['n']} {part} questions"
            break
    return f"compiled for {about['task']} with {about['optimizer']}{gain}"


def make_cascade(
    options: Mapping[str, Any],
    team: "Team",
    domain: str = DEFAULT_DOMAIN,
    program: Path | None = None,
) -> "Cascade":
    """The program that the options of `program_options` name, for a kind of questions.

    Args:
        options: those of the command.
        team: the tiers.
        domain: the kind of questions.
        program: the file of a saved program, see `program_file`; None takes the user's own, else builds the preset.

    Raises:
        CopeError: for a preset or program that cannot be read, or that does not fit the team or the other options; for
            questions that programs answer, when there is no sandbox to run them in.
    """
    from ..programs import Cascade, load_preset
    from ..sandbox import open_sandbox

    more: dict[str, Any] = {
        "seed": options["seed"],
        "early_stop": options.get("early_stop", EXACT),
        "domain": domain,
    }
    kind = domain_by_name(domain)
    if kind.needs_sandbox:
        sandbox = open_sandbox(options["unsafe_code"])  # now, rather than with the first program
        more["confidence"] = kind.default_confidence(lambda: sandbox)
    changes = {"samples": options["samples"], "thresholds": options["thresholds"] or ()}
    if (program := program or own_program(options)) is None:
        preset = load_preset(options["preset"])
        return Cascade(preset.with_(**changes) if any(changes.values()) else preset, team, **more)
    made = Cascade.from_file(program, team, **more)
    if not any(changes.values()):
        return made
    changed = Cascade(made.preset.with_(**changes), team, **more)
    state = {**made.dump_state(), "preset": changed.dump_state()["preset"]}
    changed.load_state(state)
    return changed


def given(name: str) -> bool:
    """Whether the user wrote the running command's option."""
    context = click.get_current_context(silent=True)
    return (
        context is not None
        and context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
    )

"""`cope serve`: a program behind the OpenAI API."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...programs.domains.registry import DEFAULT_DOMAIN, DOMAINS
from ..config_option import config_option
from ..context import AppContext, pass_app
from ..option_groups import option_group, program_options, team_options
from ..option_types import PATH, Share, count, flag, option, usd
from ..options import calibration_option, early_stop_option, hedge_option
from ..output import notify
from .keys import key_file_option

if TYPE_CHECKING:
    from ...programs.options import ProgramOptions, TeamOptions
    from ...serve import ServeOptions


def kind_option(*, steps: bool) -> Any:
    """Return `--task`, the kinds of questions that need no sandbox.

    Args:
        steps: whether the steps of games are among them, which fields describe.
    """
    kinds = [name for name, kind in DOMAINS.items() if not kind.needs_sandbox]
    return option(
        "--task",
        "domain",
        type=click.Choice([name for name in kinds if steps or DOMAINS[name].has_question]),
        default=DEFAULT_DOMAIN,
        help="What kind of answers: short ones, which are voted on, or free text.",
    )


domain_option = kind_option(steps=False)


seconds = partial(option, type=click.FloatRange(0, min_open=True), metavar="SECONDS")
serve_options = option_group(
    "serve.options:ServeOptions",
    domain_option,
    option("--host", default="127.0.0.1", help="Address to bind to."),
    option("--port", type=click.IntRange(0, 65535), default=8321),
    count("--workers", default=1, help="Processes that answer; not with models in this process."),
    count("--at-once", help="Requests answered at once; as many as keep the first tier busy."),
    count("--queue", type=click.IntRange(0), default=64, help="Requests that may wait."),
    count("--max-body", default=1_000_000, help="Bytes that a request may have."),
    count("--max-prompt", default=200_000, help="Characters that a conversation may have."),
    seconds("--request-timeout", default=600.0, help="Time that one request may take."),
    seconds("--grace", default=30.0, help="Time that requests have to end when it stops."),
    option(
        "--origin",
        "origins",
        multiple=True,
        metavar="URL",
        help="A web origin whose pages may call the server. Repeatable.",
    ),
    flag("--log-prompts", help="Write the questions into the log of requests too."),
)


@click.command()
@config_option
@serve_options
@usd(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    help="Refuse requests once all together have cost this.",
)
@option(
    "--shortcut",
    metavar="TIER",
    help="Let this tier alone answer requests of chat front ends for titles, tags and follow-ups.",
)
@option("--record", type=PATH, metavar="FILE", help="Append the requests to this record.")
@option(
    "--audit",
    type=Share(),
    default="0%",
    metavar="SHARE",
    help="Ask the last tier alone too for this share of the requests, for cope calibrate and cope "
    "drift. Needs --record.",
)
@option(
    "--traces",
    metavar="URI",
    help="Trace each question in this MLflow store, with its prompts (OpenTelemetry).",
)
@key_file_option
@program_options
@early_stop_option
@calibration_option
@hedge_option
@team_options
@pass_app
def command(
    app: AppContext,
    serve_options: "ServeOptions",
    budget: float | None,
    shortcut: str | None,
    record: Path | None,
    audit: float,
    traces: str | None,
    key_file: Path | None,
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
) -> None:
    """Serve a program behind the OpenAI API, until Ctrl-C.

    Point any client of that API at http://HOST:PORT/v1. The model `cope` is the program,
    `cope/PRESET` another preset, `cope/TIER` one tier alone.
    """
    from ...serve import ServerSetup, run_setup

    setup = ServerSetup(
        serve_options,
        program_options,
        team_options,
        key_file,
        budget,
        shortcut,
        record,
        audit,
        traces,
    )
    run_setup(setup, app.make_team, app.load_models, app.tracker, notify)

"""`cope mcp`: a program as tools of an assistant."""

from typing import TYPE_CHECKING

import click

from ..context import AppContext, pass_app
from ..option_groups import program_options, team_options
from ..option_types import usd
from ..options import calibration_option, early_stop_option
from ..output import notify
from .serve import domain_option

if TYPE_CHECKING:
    from ...programs.options import ProgramOptions, TeamOptions


@click.command()
@domain_option
@program_options
@early_stop_option
@calibration_option
@team_options
@usd("--budget", help="Refuse questions once all together have cost this.")
@pass_app
def command(
    app: AppContext,
    domain: str,
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
    budget: float | None,
) -> None:
    """Serve the tools ask, plan and explain over stdin and stdout (Model Context Protocol).

    An assistant starts this command itself. `cope serve` has the same tools at /mcp.
    """
    from ...serve import Access, ServeOptions, Service
    from ...serve.accounts import Accounts
    from ...serve.mcp.stdio import check_package, run_stdio
    from ...util.streams import stdout_to_stderr

    check_package()
    with stdout_to_stderr():
        team = app.make_team(team_options)
        service = Service.from_options(
            program_options, team_options, domain, team=team, notify=notify
        )
        app.load_models(team, service.program.preset.tiers)
    run_stdio(service, ServeOptions(domain), Access(Accounts(":memory:"), budget=budget))

"""`cope compile`: better prompts for a program, by one of DSPy's optimizers, within a budget."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ...optimize.optimizers.registry import OPTIMIZERS
from .. import option_groups as groups
from ..compile_options import compile_settings, output_options, split_options
from ..context import AppContext, pass_app
from ..option_types import flag
from ..options import json_option
from ..output import notify, print_json, print_text, terminal_style, warn
from ..task_options import chosen_task, task_argument

if TYPE_CHECKING:
    from ...optimize import Compilation, CompileSettings
    from ...optimize.compiler.estimate import CostEstimate
    from ...optimize.compiler.options import OutputOptions, SplitOptions
    from ...programs.agent.settings import AgentSettings
    from ...programs.options import ProgramOptions, TeamOptions


class CompileCommand(click.Command):
    """A command whose help lists the optimizers."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Optimizers"):
            formatter.write_dl([(name, OPTIMIZERS[name].description) for name in OPTIMIZERS])


@click.command(cls=CompileCommand, short_help="Compile a program's prompts for a task.")
@task_argument
@compile_settings
@split_options
@output_options
@flag("--yes", "-y", help="Do not ask before it starts.")
@json_option
@groups.program_options
@groups.agent_options
@groups.team_options
@pass_app
@groups.lists_tasks
def command(
    app: AppContext,
    task: str | None,
    compile_settings: "CompileSettings",
    split_options: "SplitOptions",
    output_options: "OutputOptions",
    program_options: "ProgramOptions",
    agent_settings: "AgentSettings",
    team_options: "TeamOptions",
    yes: bool,
    as_json: bool,
) -> None:
    """Compile a program for TASK: {tasks}.

    Begins with the preset's own words, or with --program FILE. Says what it will do and what that
    takes, asks, and saves the better of before and after. The test split is never read.
    """
    from ...optimize.compiler.eval_command import eval_command
    from ...optimize.compiler.proposer import split_proposer_price
    from ...optimize.compiler.result_lines import result_lines
    from ...optimize.compiler.run import CompileHooks, CompileRequest, run_compile
    from ..display.compile_progress import CompileProgress

    prices, proposer_price = split_proposer_price(team_options)
    request = CompileRequest(
        chosen_task(task, split_options, program_options.unsafe_code),
        app.make_team(replace(team_options, cache=False, prices=prices)),
        team_options.request_settings(),
        program_options,
        replace(compile_settings, proposer_price=proposer_price),
        split_options,
        output_options,
        app.tracker,
        agent_settings,
    )
    hooks = CompileHooks(
        load_models=lambda team, tiers, lms: app.load_models(team, tiers, extra_lms=lms),
        on_plan=_print_plan,
        confirm=(lambda: None) if yes else _confirm,
        notify=notify,
    )
    run = run_compile(request, CompileProgress(), hooks)
    if as_json:
        print_json(run.document)
    elif run.result is not None:
        measure = eval_command(
            task,
            split_options,
            team_options,
            run.output,
            unsafe_code=program_options.unsafe_code,
            is_set=groups.is_set_by_user,
        )
        print_text("\n".join(result_lines(run, measure, style=terminal_style)))


def _print_plan(plan: "Compilation", settings: dict[str, Any], estimate: "CostEstimate") -> None:
    from ...optimize.compiler.text import pilot_warning, plan_text

    notify(plan_text(plan, settings, estimate))
    warning = pilot_warning(estimate)
    if warning:
        warn(warning)


def _confirm() -> None:
    """Ask whether to start.

    Raises:
        CopeError: when there is no terminal to answer at, as in a script.
    """
    try:
        click.confirm("Start?", abort=True, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise CopeError("not started: answer y, or say --yes so that it does not ask") from None

"""`cope ask`: one question, its rounds on stderr as they happen, its answer on stdout."""

import sys
from typing import TYPE_CHECKING

import click

from ...errors import CopeError
from ...programs.domains.registry import DEFAULT_DOMAIN, DOMAINS
from ...util.text import printable
from ..context import AppContext, pass_app
from ..option_groups import agent_options, program_options, team_options
from ..option_types import flag, option, usd
from ..options import calibration_option, early_stop_option, hedge_option, json_option, match_option
from ..output import notify, print_json, silence

if TYPE_CHECKING:
    from ...programs import Cascade
    from ...programs.agent.settings import AgentSettings
    from ...programs.options import ProgramOptions, TeamOptions


@click.command()
@click.argument("question", required=False)
@option(
    "--task",
    "domain",
    type=click.Choice(list(DOMAINS)),
    default=DEFAULT_DOMAIN,
    help="What kind of answer: a short one, or a program that passes the tests in the question.",
)
@match_option
@program_options
@early_stop_option
@calibration_option
@hedge_option
@team_options
@json_option
@usd("--budget", help="Start no further round once this is spent.")
@flag("--show-prompts", help="Print every call: its messages, settings and reply.")
@option("--game", metavar="FILE|TASK[#N]", help="Play a game: its file, or one of a task's.")
@agent_options
@flag("-q", "--quiet", help="Print the answer alone: no rounds, no usage.")
@pass_app
def command(
    app: AppContext,
    question: str | None,
    domain: str,
    match: str | None,
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
    as_json: bool,
    budget: float | None,
    show_prompts: bool,
    game: str | None,
    agent_settings: "AgentSettings",
    quiet: bool,
) -> None:
    """Answer QUESTION; without it, or with -, it is read from standard input.

    The default models run in this process; their weights (1.6 GB) are downloaded once. With --task
    code the answer is a Python program. `assert` lines and `>>>` examples in the question are tests
    that it must pass, in a sandbox.
    """
    from ...models.run_budget import limited_question
    from ...programs.calibration_match import calibration_summary, check_answer_kind
    from ...programs.call_limits import fit_to_one_question, most_calls_text
    from ...programs.calls_text import call_lines, calls_document
    from ...programs.events import use_observer
    from ...programs.prediction_document import prediction_document
    from ...programs.prediction_text import prediction_lines
    from ...programs.resolve import named_answer_kind, resolve_calibrated_cascade
    from ...programs.usage_text import format_usage
    from ..display import round_display

    if (domain == "agent") != (game is not None):
        raise click.UsageError("--task agent plays --game FILE, and no other task does.")
    text = "" if game else _read_question(question)
    team = app.make_team(team_options)
    resolved = resolve_calibrated_cascade(
        program_options,
        team_options,
        team,
        domain,
        notify=silence if quiet else notify,
    )
    cascade = resolved.cascade.with_answer_kind(match or named_answer_kind(resolved))
    check_answer_kind(program_options.calibration, resolved.certificate, cascade.answer_kind)
    first = cascade.preset.rounds[0]
    at_once = [tier for tier in (first.planner, first.reasoner) if tier]
    fit_to_one_question(cascade)
    app.load_models(team, cascade.preset.tiers, load=at_once, quiet=quiet)
    if not quiet:
        notify(most_calls_text(cascade))
    if game:
        with limited_question(budget):
            _play(game, cascade, agent_settings, as_json, quiet)
        return
    with limited_question(budget), round_display(cascade, quiet) as show, use_observer(show):
        prediction = cascade(question=text)
    if show_prompts and not as_json:
        for line in call_lines(prediction.calls):
            notify(line)
    if as_json:
        document = prediction_document(text, cascade, prediction, resolved.path)
        document["calibration"] = calibration_summary(
            program_options.calibration, resolved.certificate
        )
        if show_prompts:
            document["calls"] = calls_document(prediction.calls)
        print_json(document)
    elif prediction.answer is not None:
        _print_answer(prediction.answer, domain)
    if not quiet:
        for line in prediction_lines(prediction, click.style, cascade):
            notify(line)
        notify(format_usage(prediction.usage, prediction.seconds))
    if prediction.answer is None:
        raise CopeError(
            "no answer could be read in any round: ask in other words, or use larger models"
        )


def _play(
    game: str, cascade: "Cascade", settings: "AgentSettings", as_json: bool, quiet: bool
) -> None:
    """Play a game; its steps go to stderr, and the actions to stdout."""
    from ...eval.tasks.live_game import play_live
    from ...programs.usage_text import format_usage

    played = play_live(game, cascade, settings, silence if quiet else notify)
    if as_json:
        print_json(played.document())
    else:
        click.echo(printable(played.answer.answer or ""))
    if not quiet:
        notify(played.score.feedback)
        notify(format_usage(played.answer.usage, played.answer.seconds))


def _print_answer(answer: str, domain: str) -> None:
    """Print the answer; without a terminal the answer alone, for `x=$(cope ask ...)`."""
    answer = printable(answer)  # a model's text must not steer the terminal
    if sys.stdout.isatty() and DOMAINS[domain].answers_are_lines:
        click.echo(f"Answer: {click.style(answer, bold=True)}")
    else:
        click.echo(answer.rstrip("\n"))


def _read_question(question: str | None) -> str:
    if question is None and sys.stdin.isatty():
        raise click.UsageError("Missing argument 'QUESTION'.")
    text = (sys.stdin.read() if question in (None, "-") else question).strip()
    if not text:
        raise click.UsageError("The question is empty.")
    return text

"""`cope ask`: one question, its rounds on stderr as they happen, its answer on stdout."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ...errors import CopeError
from ...programs.domains.registry import DEFAULT_DOMAIN, DOMAINS
from ...util.text import one_line
from ..calibrated import calibrated_cascade, said_of
from ..options import (
    calibration_option,
    early_stop_option,
    flattened,
    make_team,
    prepare,
    program_options,
    team_options,
)


@click.command()
@click.argument("question")
@click.option(
    "--task",
    "domain",
    type=click.Choice(list(DOMAINS)),
    default=DEFAULT_DOMAIN,
    show_default=True,
    help="What kind of answer: a short one, or a program that passes the tests in the question.",
)
@program_options
@early_stop_option
@calibration_option
@team_options
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document with all that happened."
)
@click.option("-q", "--quiet", is_flag=True, help="Print the answer alone: no rounds, no usage.")
@flattened
def command(question: str, domain: str, as_json: bool, quiet: bool, **options: Any) -> None:
    """Answer QUESTION; with - it is read from standard input.

    The default models run in this process; their weights (1.6 GB) are downloaded once. With --task code the answer is a Python
    program. `assert` lines and `>>>` examples in the question are tests that it must pass, in a sandbox.
    """
    from ...programs.events import observed_by
    from ..display.rounds import watching
    from ..display.usage import usage_in_words

    question = _text(question)
    team = make_team(options)
    cascade, file, certificate = calibrated_cascade(options, team, domain, quiet=quiet)
    first = cascade.preset.rounds[0]
    prepare(
        team,
        cascade.preset.tiers,
        load=[t for t in (first.planner, first.reasoner) if t],
        quiet=quiet,
    )
    with watching(cascade, quiet) as observer, observed_by(observer):
        prediction = cascade(question=question)
    if as_json:
        document = _document(question, cascade, prediction, file)
        document["calibration"] = said_of(options, certificate)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    elif prediction.answer is not None:
        at_terminal = (
            sys.stdout.isatty() and DOMAINS[domain].answers_are_lines
        )  # else the answer alone, for `x=$(cope ask ...)`
        click.echo(
            f"Answer: {click.style(prediction.answer, bold=True)}"
            if at_terminal
            else prediction.answer.rstrip("\n")
        )
    if not quiet:
        if voters := prediction.get("members"):
            click.echo(f"{len(voters)} programs voted: {_votes(prediction.votes)}", err=True)
        for outcome in prediction.tests:
            click.echo(_tested(outcome), err=True)
        click.echo(usage_in_words(prediction.usage, prediction.seconds), err=True)
    if prediction.answer is None:
        raise CopeError(
            "no answer could be read in any round: ask in other words, or use larger models"
        )


def _votes(votes: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{one_line(answer)}: {count}" for answer, count in votes.items()) or "no answer"
    )


def _tested(outcome: Mapping[str, Any]) -> str:
    """A visible test and what came of it, in a line; a lone call was only run to compare programs."""
    test = one_line(outcome["test"])
    if not outcome["passed"]:
        return f"{click.style('failed', fg='red')}  {test}  ({one_line(outcome['message'])})"
    if outcome["value"] is not None:
        return f"{test} gives {one_line(outcome['value'])}"
    return f"{click.style('passed', fg='green')}  {test}"


def _text(question: str) -> str:
    text = (sys.stdin.read() if question == "-" else question).strip()
    if not text:
        raise click.UsageError("The question is empty.")
    return text


def _document(question: str, cascade: Any, prediction: Any, file: Path | None) -> dict[str, Any]:
    """All that happened, as plain data."""
    fields = (
        "answer",
        "confidence",
        "round",
        "plan",
        "votes",
        "tests",
        "rounds",
        "early_stop",
        "usage",
        "cost",
        "seconds",
    )
    return {
        "question": question,
        **{name: prediction[name] for name in fields},
        **({"members": prediction.members} if "members" in prediction else {}),
        "preset": cascade.preset.name,
        "program_file": str(file) if file else None,
        "models": {tier: cascade.team[tier].model for tier in cascade.preset.tiers},
    }

"""The output of `cope compile`: the plan with its estimate, and the result."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...models.loading import embedded_engines, is_embedded
from ...programs.predictor_name import PredictorName
from ...programs.program_diff import changes_between
from ...util.text import format_duration, format_usd
from ..output import print_text
from .diff import styled_diff

if TYPE_CHECKING:
    from ...optimize import Compilation, CompileResult, ValidationScores
    from ...optimize.compiler.estimate import CostEstimate


def print_plan(compilation: "Compilation", settings: dict[str, Any], guess: "CostEstimate") -> None:
    """Print on stderr what a compile will do, and its estimate."""
    session, optimizer = compilation.session, compilation.optimizer
    earlier = (
        f"; {session.guard.used.calls:,} calls made before are not asked again"
        if session.resumed
        else ""
    )
    click.echo(f"compile {settings['preset']} for {settings['task']}", err=True)
    rows = [
        ("optimizer", f"{optimizer.name}, {optimizer.description}"),
        *([("chain", settings["chain"].replace(",", ", then "))] if settings.get("chain") else []),
        *(("prompts", predictor) for predictor in _predictors(compilation)),
        ("questions", compilation.splits.summary),
        *([("objective", settings["objective"])] if settings["objective"] != "accuracy" else []),
        *(
            [("proposer", settings["reflection_lm"] + _memory(compilation))]
            if guess.proposals
            else []
        ),
        ("estimate", f"{_range(guess)}; from a pilot of {guess.pilot} questions{_right(guess)}"),
        *(("", words) for words in guess.assumptions),
        (
            "budget",
            f"{_bounds(session.guard.budget)}; {session.guard.used.calls:,} calls are used",
        ),
        ("kept in", f"{compilation.folder}{earlier}"),
    ]
    click.echo("\n".join(f"  {label:<9}  {text}" for label, text in rows), err=True)
    if guess.num_correct == 0:
        click.echo(
            f"warning: none of the pilot's {guess.pilot} questions was answered right: an optimizer learns little from a "
            "program that is never right; look at its answers with cope ask, or try another preset or model",
            err=True,
        )


def _predictors(compilation: "Compilation") -> Iterator[str]:
    program = compilation.program
    for name in compilation.trainable:
        number, role = PredictorName.parse(name)
        spec = program.preset.rounds[number - 1]
        tier = spec.planner if role == "planner" else spec.reasoner
        yield f"round {number}'s {role}, {tier} ({program.team[tier or ''].model})"


def _memory(compilation: "Compilation") -> str:
    """Return a note on the memory that an embedded proposer needs in addition to the tiers."""
    engine = getattr(compilation.proposer, "engine", None)
    if not is_embedded(engine):
        return ""
    program = compilation.program
    running = [
        other
        for other in embedded_engines(program.team, program.preset.tiers)
        if other.weights == engine.weights
    ]
    if not running:
        return ", one more model in memory"
    if any((other.slots, other.context) == (engine.slots, engine.context) for other in running):
        return ""
    return f", in memory a second time for its long requests; with --context {engine.context} once"


def _right(guess: "CostEstimate") -> str:
    return "" if guess.num_correct is None else f", {guess.num_correct} of them right"


def _range(guess: "CostEstimate") -> str:
    low, high = guess.low.totals(), guess.high.totals()
    dollars = (
        "money unknown"
        if high["usd"] is None
        else f"{format_usd(low['usd'] or 0)} to {format_usd(high['usd'])}"
    )
    return (
        f"{low['calls']:,} to {high['calls']:,} calls, {low['tokens']:,} to {high['tokens']:,} tokens, {dollars}, "
        f"{format_duration(low['seconds'])} to {format_duration(high['seconds'])} of model time"
    )


def _bounds(budget: Any) -> str:
    said = {
        "calls": lambda value: f"{value:,} calls",
        "tokens": lambda value: f"{value:,} tokens",
        "usd": format_usd,
        "seconds": lambda value: f"{format_duration(value)} of model time",
    }
    return ", ".join(said[name](value) for name, value in budget.bounds().items()) or "none"


def print_result(
    made: "CompileResult", before: Any, output: Path, frontier: Sequence[Path], measured_by: str
) -> None:
    """Print the changes of the prompts, the scores before and after, and the paths of the files.

    The diff comes first: it can be longer than a screen, and the figures should stand at the end.
    """
    from ...programs.program_view import view_from_state

    lines = []
    if made.improved:
        views = [view_from_state(program.dump_state()) for program in (before, made.program)]
        lines = [*styled_diff("before", "after", changes_between(views[0], views[1])), ""]
    last = made.program.baseline_tier
    before, after = _scores(made.before, last), _scores(made.after, last)
    lines += [f"before  {before}", f"after   {after}", _gain(made)]
    if len(made.frontier) > 1:
        lines += ["", "frontier, the cheapest first"]
        lines += [
            f"  {number}  {_scores(scores, last)}"
            for number, (_, scores) in enumerate(made.frontier, 1)
        ]
    spent = made.usage.totals()
    lines += [
        "",
        *([f"stopped early: {made.stop_reason}"] if made.stop_reason else []),
        *([f"warning: {made.proposal_warnings}"] if made.proposal_warnings else []),
        f"used     {spent['calls']:,} calls, {spent['tokens']:,} tokens, "
        f"{'money unknown' if spent['usd'] is None else format_usd(spent['usd'])}, "
        f"{format_duration(spent['seconds'])} of model time",
        f"saved    {output}" + ("" if made.improved else ", the program as it was"),
        *([f"         {', '.join(map(str, frontier))}"] if frontier else []),
        *([f"drawn    {' and '.join(plots)}"] if (plots := made.provenance.get("plots")) else []),
        f"look     cope show {output}",
        f"measure  {measured_by}",
    ]
    if run := made.provenance.get("mlflow"):
        lines.append(f"MLflow   run {run} (cope ui shows it)")
    print_text("\n".join(lines))


def _gain(made: "CompileResult") -> str:
    if not made.improved:
        tried = len(made.candidates) - 1
        none = f"none of {tried} candidates" if tried > 1 else "no candidate"
        return f"no gain: {none} is better, so the program stays as it was"
    mean, low, high = (100 * value for value in made.gain)
    return (
        f"gain    {mean:+.1f} points (95% interval {low:+.1f} to {high:+.1f}, paired by question)"
    )


def _scores(scores: "ValidationScores", last: str) -> str:
    low, high = scores.interval
    return (
        f"{scores.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}, n = {len(scores.values)}), "
        f"{scores.tokens:,.0f} tokens a question, {scores.large_tokens:,.0f} of them written by {last}"
    )

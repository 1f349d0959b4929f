"""The output of `cope compile`: the plan with its estimate, and the result."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...models.loading import embedded_engines, is_embedded
from ...programs.predictor_name import PredictorName
from ...programs.program_diff import changes_between
from ...util.text import format_duration, format_usd
from ..output import print_text, warn
from .diff import styled_diff

if TYPE_CHECKING:
    from ...models import Budget
    from ...optimize import Compilation, CompileResult, ValidationScores
    from ...optimize.compiler.estimate import CostEstimate
    from ...programs import Cascade


def print_plan(
    compilation: "Compilation", settings: dict[str, Any], estimate: "CostEstimate"
) -> None:
    """Print on stderr what a compile will do, and its estimate."""
    session, optimizer = compilation.session, compilation.optimizer
    pilot, calls = estimate.pilot, f"{session.guard.used.calls:,} calls"
    rows = [("optimizer", f"{optimizer.name}, {optimizer.description}")]
    if settings.get("chain"):
        rows.append(("chain", settings["chain"].replace(",", ", then ")))
    for predictor in _predictors(compilation):
        rows.append(("prompts", predictor))
    rows.append(("questions", compilation.splits.summary))
    if settings["objective"] != "accuracy":
        rows.append(("objective", settings["objective"]))
    if estimate.proposals:
        rows.append(("proposer", settings["reflection_lm"] + _memory(compilation)))
    correct = ""
    if estimate.num_correct is not None:
        correct = f", {estimate.num_correct} of them right"
    rows.append(("estimate", f"{_range(estimate)}; from a pilot of {pilot} questions{correct}"))
    for assumption in estimate.assumptions:
        rows.append(("", assumption))
    rows.append(("budget", f"{_bounds(session.guard.budget)}; {calls} are used"))
    earlier = f"; {calls} made before are not asked again" if session.resumed else ""
    rows.append(("kept in", f"{compilation.folder}{earlier}"))
    click.echo(f"compile {settings['preset']} for {settings['task']}", err=True)
    for label, text in rows:
        click.echo(f"  {label:<9}  {text}", err=True)
    if estimate.num_correct == 0:
        warn(
            f"none of the pilot's {pilot} questions was answered right: an optimizer learns little "
            "from a program that is never right; look at its answers with cope ask, or try another "
            "preset or model"
        )


def _predictors(compilation: "Compilation") -> list[str]:
    """Return a description of each compiled predictor."""
    from ...optimize.compiler.prompts import tier_of

    descriptions = []
    for name in compilation.trainable:
        number, role = PredictorName.parse(name)
        tier = tier_of(compilation.program, name)
        descriptions.append(f"round {number}'s {role}, {tier.name} ({tier.model})")
    return descriptions


def _memory(compilation: "Compilation") -> str:
    """Return a note on the memory that an embedded proposer needs in addition to the tiers."""
    engine = getattr(compilation.proposer, "engine", None)
    if not is_embedded(engine):
        return ""
    program = compilation.program
    same_weights = []
    for other in embedded_engines(program.team, program.preset.tiers):
        if other.weights == engine.weights:
            same_weights.append(other)
    if not same_weights:
        return ", one more model in memory"
    for other in same_weights:
        if (other.slots, other.context) == (engine.slots, engine.context):
            return ""
    return f", in memory a second time for its long requests; with --context {engine.context} once"


def _range(estimate: "CostEstimate") -> str:
    low, high = estimate.low.totals(), estimate.high.totals()
    money = "money unknown"
    if high["usd"] is not None:
        money = f"{format_usd(low['usd'] or 0)} to {format_usd(high['usd'])}"
    return (
        f"{low['calls']:,} to {high['calls']:,} calls, "
        f"{low['tokens']:,} to {high['tokens']:,} tokens, {money}, "
        f"{format_duration(low['seconds'])} to {format_duration(high['seconds'])} of model time"
    )


def _bounds(budget: "Budget") -> str:
    bounds = []
    if budget.calls:
        bounds.append(f"{budget.calls:,} calls")
    if budget.tokens:
        bounds.append(f"{budget.tokens:,} tokens")
    if budget.usd:
        bounds.append(format_usd(budget.usd))
    if budget.seconds:
        bounds.append(f"{format_duration(budget.seconds)} of model time")
    return ", ".join(bounds) or "none"


def print_result(
    result: "CompileResult",
    before: "Cascade",
    output: Path,
    frontier: Sequence[Path],
    measured_by: str,
) -> None:
    """Print the changes of the prompts, the scores before and after, and the paths of the files.

    The diff comes first: it can be longer than a screen, and the figures should be at the end.

    Args:
        result: the result.
        before: the program before the compile.
        output: the program file.
        frontier: the files of the Pareto front.
        measured_by: the command that evaluates the program.
    """
    from ...programs.program_view import view_from_state

    lines = []
    if result.improved:
        old = view_from_state(before.dump_state())
        new = view_from_state(result.program.dump_state())
        lines += [*styled_diff("before", "after", changes_between(old, new)), ""]
    last = result.program.baseline_tier
    lines.append(f"before  {_scores(result.before, last)}")
    lines.append(f"after   {_scores(result.after, last)}")
    lines.append(_gain(result))
    if len(result.frontier) > 1:
        lines += ["", "frontier, the cheapest first"]
        for number, (_, scores) in enumerate(result.frontier, 1):
            lines.append(f"  {number}  {_scores(scores, last)}")
    lines.append("")
    if result.stop_reason:
        lines.append(f"stopped early: {result.stop_reason}")
    if result.proposal_warnings:
        lines.append(f"warning: {result.proposal_warnings}")
    used = result.usage.totals()
    money = "money unknown" if used["usd"] is None else format_usd(used["usd"])
    lines.append(
        f"used     {used['calls']:,} calls, {used['tokens']:,} tokens, {money}, "
        f"{format_duration(used['seconds'])} of model time"
    )
    lines.append(f"saved    {output}" + ("" if result.improved else ", the program as it was"))
    if frontier:
        lines.append(f"         {', '.join(map(str, frontier))}")
    if result.provenance.get("plots"):
        lines.append(f"drawn    {' and '.join(result.provenance['plots'])}")
    lines.append(f"look     cope show {output}")
    lines.append(f"measure  {measured_by}")
    if result.provenance.get("mlflow"):
        lines.append(f"MLflow   run {result.provenance['mlflow']} (cope ui shows it)")
    print_text("\n".join(lines))


def _gain(result: "CompileResult") -> str:
    if not result.improved:
        tried = len(result.candidates) - 1
        none = f"none of {tried} candidates" if tried > 1 else "no candidate"
        return f"no gain: {none} is better, so the program stays as it was"
    mean, low, high = (100 * value for value in result.gain)
    return (
        f"gain    {mean:+.1f} points (95% interval {low:+.1f} to {high:+.1f}, paired by question)"
    )


def _scores(scores: "ValidationScores", last: str) -> str:
    low, high = scores.interval
    return (
        f"{scores.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}, n = {len(scores.values)}), "
        f"{scores.tokens:,.0f} tokens a question, {scores.large_tokens:,.0f} of them written by "
        f"{last}"
    )

"""A compile as text: the plan with its estimate, and the result."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...models.loading import embedded_engines, is_embedded
from ...programs.predictor_name import PredictorName
from ...util.text import format_duration, format_usd

if TYPE_CHECKING:
    from ...models import Budget
    from .compilation import Compilation
    from .estimate import CostEstimate
    from .result import CompileResult, ValidationScores


def plan_text(
    compilation: "Compilation", settings: dict[str, Any], estimate: "CostEstimate"
) -> str:
    """Return what a compile will do, and its estimate.

    Args:
        compilation: the compile after its pilot.
        settings: the settings as plain data.
        estimate: what the compile will use.
    """
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
    rows.append(("saved to", f"{compilation.folder}{earlier}"))
    lines = [f"compile {settings['preset']} for {settings['task']}"]
    for label, text in rows:
        lines.append(f"  {label:<9}  {text}")
    return "\n".join(lines)


def pilot_warning(estimate: "CostEstimate") -> str | None:
    """Return a warning when the program answers no question of the pilot right; else None."""
    if estimate.num_correct != 0:
        return None
    return (
        f"none of the pilot's {estimate.pilot} questions was answered right: an optimizer learns "
        "little from a program that is never right; look at its answers with cope ask, or try "
        "another preset or model"
    )


def _predictors(compilation: "Compilation") -> list[str]:
    """Return a description of each compiled predictor."""
    from .prompts import tier_of

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


def result_text(
    result: "CompileResult", output: Path, frontier: Sequence[Path], measured_by: str
) -> str:
    """Return the scores before and after, and the paths of the files.

    Args:
        result: the result.
        output: the program file.
        frontier: the files of the Pareto front.
        measured_by: the command that evaluates the program.
    """
    lines = []
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
    return "\n".join(lines)


def _gain(result: "CompileResult") -> str:
    if not result.improved:
        tried = len(result.candidates) - 1
        none = f"none of {tried} candidates" if tried > 1 else "no candidate"
        refused = [one.reject_reason for one in result.candidates if one.reject_reason]
        why = f"; {len(refused)} of them refused: {refused[-1]}" if refused else ""
        return f"no gain: {none} is better, so the program stays as it was{why}"
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

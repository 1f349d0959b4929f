"""Describe the rounds of a preset."""

from .confidence.gate import VOTES
from .confidence.registry import confidence_by_name
from .domains.base import threshold_is_a_share
from .domains.registry import domain_by_name
from .preset import Preset
from .preset_round import Round


def describe_plans(spec: Round) -> str:
    """Describe the plans that a round writes: their number and kind."""
    return f"{spec.plans} {spec.plan} plans" if spec.plans > 1 else f"a {spec.plan} plan"


def describe_times(spec: Round) -> str:
    """Describe how many samples a round draws."""
    return "once" if spec.samples == 1 else f"{spec.samples} times"


def describe_plan_inputs(spec: Round, number: int) -> str:
    """Describe the plans that a round's reasoner sees, its own round's first; empty without any."""
    plans = []
    if number in spec.sees:
        plans.append("each" if spec.plans > 1 else "it")
    plans += [f"round {earlier}'s plan" for earlier in spec.sees if earlier != number]
    return f" with {' and '.join(plans)}" if plans else ""


def describe_round(preset: Preset, number: int, domain: str) -> str:
    """Describe a round: its tiers, plans and samples, and when its answer is accepted.

    Args:
        preset: the rounds.
        number: the round's, from 1.
        domain: the kind of questions.
    """
    spec = preset.rounds[number - 1]
    parts = []
    if spec.planner:
        temperature = _describe_temperature(spec.plan_temperature)
        parts.append(f"{spec.planner} writes {describe_plans(spec)}{temperature}")
    elif spec.plan:
        parts.append(f"a plan of kind {spec.plan} without a model")
    temperature = _describe_temperature(spec.temperature)
    plans = describe_plan_inputs(spec, number)
    solves = "solves by a program" if spec.thought == "program" else "solves"
    parts.append(f"{spec.reasoner} {solves} {describe_times(spec)}{temperature}{plans}")
    parts.append(_describe_gate(preset, number, domain))
    if spec.give_up is not None:
        parts.append(f"left where more samples are not worth their {spec.give_up}")
    return ", ".join(parts)


def _describe_temperature(temperature: float) -> str:
    return f" (temperature {temperature:g})" if temperature else " (greedy)"


def describe_threshold(spec: Round, domain: str) -> str:
    """Describe what a round with a threshold accepts, or which questions escalate.

    >>> spec = Round(reasoner="small", threshold=0.4, confidence="perplexity")
    >>> describe_threshold(spec, "short-answer")
    'the worst 40% of the questions escalate'
    """
    threshold = spec.threshold or 0.0
    if spec.confidence is None:
        return domain_by_name(domain).gate_text(threshold)
    confidence = confidence_by_name(spec.confidence)
    if getattr(confidence, "ranks", False):
        return f"the worst {threshold:.0%} of the questions escalate"
    if getattr(confidence, "gate_text", None) is VOTES:
        return threshold_is_a_share(threshold)
    return f"its confidence ({spec.confidence}) must reach {threshold:.0%}"


def _describe_gate(preset: Preset, number: int, domain: str) -> str:
    threshold = preset.rounds[number - 1].threshold
    if threshold is not None:
        text = describe_threshold(preset.rounds[number - 1], domain)
        named = f"{threshold:.0%}"
        return text if named in text else f"{text} (threshold {named})"
    if number == len(preset.rounds):
        return "its answer is the last word"
    return "any answer is accepted"

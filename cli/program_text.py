"""Programs in words, for `show` and `diff`."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from ..programs.domains.registry import domain_by_name
from ..util.text import money, printable, value_text

if TYPE_CHECKING:
    from ..programs.preset import Preset, Round


def say(text: str) -> None:
    """Print on stdout, with colours on a terminal of a user who wants them."""
    click.echo(text, color=False if os.environ.get("NO_COLOR") else None)


def plans_in_words(spec: "Round") -> str:
    """How many plans of which kind a round writes."""
    return f"{spec.plans} {spec.plan} plans" if spec.plans > 1 else f"a {spec.plan} plan"


def times_in_words(spec: "Round") -> str:
    """How often a round solves."""
    return "once" if spec.samples == 1 else f"{spec.samples} times"


def seen_in_words(spec: "Round", number: int) -> str:
    """With which plans a round solves, its own first; empty when it sees none."""
    own = ["each" if spec.plans > 1 else "it"] if number in spec.sees else []
    seen = [*own, *(f"round {earlier}'s plan" for earlier in spec.sees if earlier != number)]
    return f" with {' and '.join(seen)}" if seen else ""


def round_in_words(preset: "Preset", number: int, domain: str) -> str:
    """Who plans what, who solves how often with which plans, and what it takes to be accepted."""
    spec = preset.rounds[number - 1]
    parts = []
    if spec.planner:
        parts.append(f"{spec.planner} writes {plans_in_words(spec)}{_at(spec.plan_temperature)}")
    parts.append(
        f"{spec.reasoner} solves {times_in_words(spec)}{_at(spec.temperature)}{seen_in_words(spec, number)}"
    )
    if spec.threshold is None:
        parts.append(
            "its answer is the last word"
            if number == len(preset.rounds)
            else "any answer is accepted"
        )
    else:
        kind = domain_by_name(domain)
        text = kind.gate_text(spec.threshold)
        if not kind.gate_is_share:
            text += f" (threshold {spec.threshold:.0%})"
        parts.append(text)
    return ", ".join(parts)


def _at(temperature: float) -> str:
    return f" (temperature {temperature:g})" if temperature else " (greedy)"


def compiled_rows(compiled: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a program was compiled on, a label and a line for each thing that the file tells."""
    rows: list[tuple[str, str]] = []
    for name, value in compiled.items():
        if name in _FOR_MACHINES:
            continue
        if name in _PARTS and isinstance(value, dict):
            label, read = _PARTS[name]
            rows += [
                (label.format(printable(str(part))), read(part, inner))
                for part, inner in value.items()
            ]
        elif name == "budget" and isinstance(value, dict):
            rows.append(
                ("spent", ", ".join(_spent(unit, amount) for unit, amount in value.items()))
            )
        elif name == "versions" and isinstance(value, dict):
            rows.append(
                (
                    "made with",
                    ", ".join(f"{value_text(k)} {value_text(v)}" for k, v in value.items()),
                )
            )
        else:
            words = (
                ", ".join(value)
                if isinstance(value, list) and all(isinstance(v, str) for v in value)
                else value
            )
            rows.append((_LABELS.get(name) or printable(name), value_text(words)))
    return rows


def _split(_: str, value: Any) -> str:
    if not isinstance(value, dict):
        return value_text(value)
    questions = f"{value['n']} questions" if "n" in value else ""
    mark = f"fingerprint {printable(str(value['fingerprint']))}" if "fingerprint" in value else ""
    return ", ".join(filter(None, (questions, mark)))


def _score(_: str, value: Any) -> str:
    if not isinstance(value, dict) or not _number(value.get("accuracy")):
        return value_text(value)
    low, high, n = value.get("low"), value.get("high"), value.get("n")
    interval = f"95% interval {low:.1%} to {high:.1%}" if _number(low) and _number(high) else ""
    more = ", ".join(filter(None, (interval, f"n = {n}" if n is not None else "")))
    large = value.get("large_tokens")
    tokens = f", {large:,.0f} tokens a question written by large" if _number(large) else ""
    return f"{value['accuracy']:.1%}" + (f" ({more})" if more else "") + tokens


_FOR_MACHINES = ("rows",)  # fingerprints of single questions
_LABELS = {
    "for": "serves any question of its",
    "start": "began with",
    "only": "only compiled",
    "mlflow": "MLflow run",
}
_PARTS = {
    "models": ("{} model", lambda _, value: value_text(value)),
    "splits": ("{} split", _split),
    "scores": ("{} accuracy", _score),
}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _spent(unit: str, amount: Any) -> str:
    if unit == "usd":
        return f"money {money(amount) if _number(amount) else 'unknown'}"
    if amount is None:
        return f"{printable(unit)} unknown"
    if unit == "seconds" and _number(amount):
        return f"{timedelta(seconds=round(amount))} h" if amount >= 60 else f"{amount:.0f} s"
    return (
        f"{amount:,} {printable(unit)}"
        if _number(amount)
        else f"{printable(unit)} {value_text(amount)}"
    )

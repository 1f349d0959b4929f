"""The conclusion about a pair as a sentence."""

from collections.abc import Callable

from ...stats.bootstrap import Estimate
from ...stats.power import MAX_QUESTIONS
from .compare import Comparison
from .formats import (
    format_interval,
    format_points,
    format_ratio,
    ratio_with_bounds,
    round_up_2_digits,
)
from .pair import MIN_DISCORDANT, PairedComparison

_COST_PHRASES = {
    "cost": "it costs {} money",
    "cost-small-free": "it costs {} money where the small tier is free",
    "large-tokens": "it writes {} {last}-tier tokens",
    "seconds": "it takes {} model time",
    "large-calls": "it makes {} calls to the {last} tier",
}


def conclusion(pair: PairedComparison, comparison: Comparison) -> str:
    """Return the conclusion of a pair about accuracy and about the cost of the comparison."""
    return _conclusion(pair, comparison, format_ratio)


def stored_conclusion(pair: PairedComparison, comparison: Comparison) -> str:
    """Return the conclusion as documents hold it: an unknown interval has infinite bounds."""
    return _conclusion(pair, comparison, ratio_with_bounds)


def _conclusion(
    pair: PairedComparison, comparison: Comparison, formatted: Callable[[Estimate], str]
) -> str:
    accuracy = _accuracy_phrase(pair, comparison.margin)
    return f"{accuracy}; {_cost_phrase(pair, comparison, formatted)}"


def _accuracy_phrase(pair: PairedComparison, margin: float) -> str:
    system, reference, difference = pair.system, pair.reference, pair.difference
    points = f"{format_points(difference.value)} points"
    interval = f"(95% interval {format_interval(difference)})"
    widest = max(abs(difference.low), abs(difference.high))
    if pair.significant:
        which = "more" if pair.wins > pair.losses else "less"
        return f"{system} is {which} accurate than {reference}: {points} {interval}"
    if widest <= margin:
        return f"{system} is as accurate as {reference} within {100 * widest:.1f} points {interval}"
    return f"{system} and {reference}: open, {points} {interval}"


def _cost_phrase(
    pair: PairedComparison, comparison: Comparison, formatted: Callable[[Estimate], str]
) -> str:
    costs = pair.costs.get(comparison.measure)
    if costs is None:
        return "what it costs is not known of both"
    if not costs.reference:
        return f"{pair.reference} spends none of what is counted"
    share = formatted(costs.ratio) if costs.system else "none"
    phrase = _COST_PHRASES[comparison.measure]
    return phrase.format(f"{share} of {pair.reference}'s", last=comparison.last_tier)


def questions_for_significance(pair: PairedComparison) -> str:
    """Format the number of questions that make the observed difference significant (power 80%)."""
    if pair.wins + pair.losses < MIN_DISCORDANT:
        return "too few differ to say"
    if pair.questions_needed is None or pair.questions_needed > MAX_QUESTIONS:
        return "no affordable number"
    return f"about {round_up_2_digits(pair.questions_needed):,}"

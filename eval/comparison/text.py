"""The conclusion about a pair as a sentence, and the formats of its numbers."""

from ...stats.bootstrap import Estimate
from ...stats.power import MAX_QUESTIONS
from .compare import Comparison
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
    return f"{_accuracy_phrase(pair, comparison.margin)}; {_cost_phrase(pair, comparison)}"


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


def _cost_phrase(pair: PairedComparison, comparison: Comparison) -> str:
    costs = pair.costs.get(comparison.measure)
    if costs is None:
        return "what it costs is not known of both"
    if not costs.reference:
        return f"{pair.reference} spends none of what is counted"
    share = format_ratio(costs.ratio) if costs.system else "none"
    phrase = _COST_PHRASES[comparison.measure]
    return phrase.format(f"{share} of {pair.reference}'s", last=comparison.last_tier)


def format_ratio(ratio: Estimate) -> str:
    """Format a ratio with its interval in per cent, with one digit below 10%.

    >>> format_ratio(Estimate(0.176, 0.155, 0.196)), format_ratio(Estimate(0.0123, 0.01, 0.015))
    ('18% (16 to 20)', '1.2% (1.0 to 1.5)')
    """
    if ratio.value >= 10:
        return f"{ratio.value:.0f} x ({ratio.low:.0f} to {ratio.high:.0f})"
    digits = 0 if ratio.value >= 0.0995 else 1
    low, high = 100 * ratio.low, 100 * ratio.high
    return f"{ratio.value:.{digits}%} ({low:.{digits}f} to {high:.{digits}f})"


def questions_for_significance(pair: PairedComparison) -> str:
    """Format the number of questions that make the observed difference significant (power 80%)."""
    if pair.wins + pair.losses < MIN_DISCORDANT:
        return "too few differ to say"
    if pair.questions_needed is None or pair.questions_needed > MAX_QUESTIONS:
        return "no affordable number"
    return f"about {round_up_2_digits(pair.questions_needed):,}"


def round_up_2_digits(count: int) -> int:
    """Round a count up to two significant digits, because no more of it is known.

    >>> round_up_2_digits(1234), round_up_2_digits(87)
    (1300, 87)
    """
    step = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def format_points(share: float) -> str:
    """Format a difference of shares in percentage points, with its sign.

    >>> format_points(0.0124), format_points(-0.2), format_points(-0.0001)
    ('+1.2', '-20.0', '0.0')
    """
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def format_interval(estimate: Estimate) -> str:
    """Format the interval of a difference of shares in percentage points.

    >>> format_interval(Estimate(0.01, -0.002, 0.022))
    '-0.2 to +2.2'
    """
    return f"{format_points(estimate.low)} to {format_points(estimate.high)}"

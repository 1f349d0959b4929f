"""Format the numbers of a comparison: points, ratios, and their intervals."""

from math import isfinite

from ...stats.bootstrap import Estimate


def format_ratio(ratio: Estimate) -> str:
    """Format a ratio with its interval in per cent, with one digit below 10%.

    >>> format_ratio(Estimate(0.176, 0.155, 0.196)), format_ratio(Estimate(0.0123, 0.01, 0.015))
    ('18% (16 to 20)', '1.2% (1.0 to 1.5)')
    >>> format_ratio(Estimate(0.33, float("-inf"), float("inf")))
    '33% (interval unknown)'
    """
    text = ratio_with_bounds(ratio)
    if isfinite(ratio.low) and isfinite(ratio.high):
        return text
    return f"{text.partition(' (')[0]} (interval unknown)"


def ratio_with_bounds(ratio: Estimate) -> str:
    """Format a ratio like `format_ratio`, with infinite bounds as documents hold them."""
    if ratio.value >= 10:
        return f"{ratio.value:.0f} x ({ratio.low:.0f} to {ratio.high:.0f})"
    digits = 0 if ratio.value >= 0.0995 else 1
    low, high = 100 * ratio.low, 100 * ratio.high
    return f"{ratio.value:.{digits}%} ({low:.{digits}f} to {high:.{digits}f})"


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

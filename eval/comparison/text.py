"""One plain sentence for each comparison, and what would settle an open one."""

from typing import TYPE_CHECKING

from ...stats.bootstrap import Estimate
from ...stats.power import AFFORDABLE
from .pair import FEWEST, Versus

if TYPE_CHECKING:
    from .compare import Comparison

_SPENDS = {
    "cost": "it costs {} money",
    "cost-small-free": "it costs {} money where the small tier is free",
    "large-tokens": "it writes {} large-tier tokens",
    "seconds": "it takes {} model time",
    "large-calls": "it makes {} calls to the large tier",
}


def verdict(pair: Versus, found: "Comparison") -> str:
    """What a comparison says on accuracy and on the cost that is spoken of."""
    return f"{_accuracy(pair, found.margin)}; {_spends(pair, found.by)}"


def _accuracy(pair: Versus, margin: float) -> str:
    one = pair.difference
    bounds = f"95% interval {points(one.low)} to {points(one.high)}"
    widest = max(abs(one.low), abs(one.high))
    if pair.settled:
        which = "more" if pair.gained > pair.lost else "less"
        return f"{pair.system} is {which} accurate than {pair.against}: {points(one.value)} points ({bounds})"
    if widest <= margin:
        return f"{pair.system} is as accurate as {pair.against} within {100 * widest:.1f} points ({bounds})"
    return f"{pair.system} and {pair.against}: open, {points(one.value)} points ({bounds})"


def _spends(pair: Versus, by: str) -> str:
    costs = pair.costs.get(by)
    if costs is None:
        return "what it costs is not known of both"
    if not costs.against:
        return f"{pair.against} spends none of what is counted"
    return _SPENDS[by].format(
        f"{shares(costs.ratio) if costs.system else 'none'} of {pair.against}'s"
    )


def shares(ratio: Estimate) -> str:
    """A ratio with its interval in per cent, with one digit below 10%.

    >>> shares(Estimate(0.176, 0.155, 0.196)), shares(Estimate(0.0123, 0.01, 0.015))
    ('18% (16 to 20)', '1.2% (1.0 to 1.5)')
    """
    if ratio.value >= 10:
        return f"{ratio.value:.0f} x ({ratio.low:.0f} to {ratio.high:.0f})"
    digits = 0 if ratio.value >= 0.0995 else 1
    low, high = (f"{100 * bound:.{digits}f}" for bound in (ratio.low, ratio.high))
    return f"{ratio.value:.{digits}%} ({low} to {high})"


def settling(pair: Versus) -> str:
    """How many questions would tell the two apart, four times out of five, if the difference is what it looks like."""
    if pair.gained + pair.lost < FEWEST:
        return "too few differ to say"
    if pair.needed is None or pair.needed > AFFORDABLE:
        return "no affordable number"
    return f"about {rounded(pair.needed):,}"


def rounded(count: int) -> int:
    """Two digits that count, upwards: no more of it is known.

    >>> rounded(1234), rounded(87)
    (1300, 87)
    """
    step = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def points(share: float) -> str:
    """A difference of shares in points, with its sign.

    >>> points(0.0124), points(-0.2), points(-0.0001)
    ('+1.2', '-20.0', '0.0')
    """
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text

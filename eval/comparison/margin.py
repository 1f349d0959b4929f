"""Test whether a system is as good as the reference within a margin, and say so in a sentence."""

from dataclasses import dataclass, replace
from math import ceil, isfinite
from typing import Any

from ...stats.noninferiority import ONE_SIDED_ALPHA
from ...stats.power import MAX_QUESTIONS
from .formats import format_points, round_up_2_digits
from .pair import PairedComparison


@dataclass(frozen=True)
class MarginTest:
    """The tests of non-inferiority and of equivalence within a margin.

    Differences are the accuracy of the system minus that of the reference.

    Attributes:
        system: the name of the system.
        reference: the name of the reference.
        margin: the loss of accuracy that counts as none, as a share.
        alpha: the level of each of the two one-sided tests.
        method: how the bounds are made: `exact`, `score`, `bootstrap`, or `exact shares`.
        difference: the observed difference.
        lower: the difference is at least this, with confidence 1 - alpha.
        upper: the difference is at most this, with confidence 1 - alpha.
        needed: the number of questions that show non-inferiority with power 80% if the difference
            is as observed; None if no number does, or if it is shown already.
    """

    system: str
    reference: str
    margin: float
    alpha: float
    method: str
    difference: float
    lower: float
    upper: float
    needed: int | None

    @property
    def smallest(self) -> float:
        """The smallest margin within which the system is shown to be not worse."""
        return max(0.0, -self.lower)

    @property
    def smallest_equivalence(self) -> float:
        """The smallest margin within which the two are shown to be equivalent."""
        return max(-self.lower, self.upper)

    @property
    def is_not_worse(self) -> bool:
        """Whether the system is shown to be not worse than the reference within the margin."""
        return self.smallest <= self.margin

    @property
    def is_equivalent(self) -> bool:
        """Whether the system is shown to be neither worse nor better within the margin (TOST)."""
        return self.smallest_equivalence <= self.margin

    @property
    def is_worse(self) -> bool:
        """Whether the system is shown to be worse by more than the margin."""
        return self.upper < -self.margin

    @property
    def result(self) -> str:
        """The result in few words."""
        if not isfinite(self.lower):
            return "too few questions"
        if self.is_equivalent:
            return "equivalent"
        if self.is_not_worse:
            return "not worse"
        return "worse" if self.is_worse else "not shown"

    @property
    def smallest_text(self) -> str:
        """The smallest margin of non-inferiority in percentage points."""
        return f"{100 * _round_up(self.smallest):.1f}" if isfinite(self.lower) else "-"

    @property
    def needed_text(self) -> str:
        """The number of questions that show non-inferiority, where it is not decided yet."""
        if self.result != "not shown":
            return "-"
        if self.needed is None:
            return "no number"
        if self.needed > MAX_QUESTIONS:
            return f"more than {MAX_QUESTIONS:,}"
        return f"about {round_up_2_digits(self.needed):,}"

    @property
    def text(self) -> str:
        """The result as a sentence without its full stop."""
        claim = f"within {margin_points(self.margin)} ({1 - self.alpha:.0%})"
        if not isfinite(self.lower):
            return f"{self.system} not worse than {self.reference} {claim}: too few questions"
        smallest = f"smallest margin {self.smallest_text}"
        if self.is_equivalent:
            smallest += f"; equivalent within {100 * _round_up(self.smallest_equivalence):.1f}"
        if self.is_not_worse:
            return f"{self.system} is not worse than {self.reference} {claim}: {smallest}"
        start = f"{self.system} not worse than {self.reference} {claim}: not shown, {smallest}"
        if self.is_worse:
            most = format_points(_round_up(self.upper))
            return (
                f"{self.system} is worse than {self.reference} by more than "
                f"{margin_points(self.margin)} ({1 - self.alpha:.0%}): {most} at best"
            )
        return f"{start}; {self._needed_phrase()}"

    def _needed_phrase(self) -> str:
        if self.needed is None:
            return f"no number of questions shows it at {format_points(self.difference)} points"
        return f"needs {self.needed_text} questions"

    def as_dict(self) -> dict[str, Any]:
        """Return the test as plain data, with its sentence."""
        is_known = isfinite(self.lower)
        return {
            "margin": self.margin,
            "alpha": self.alpha,
            "method": self.method,
            "lower": self.lower if is_known else None,
            "upper": self.upper if is_known else None,
            "smallest": self.smallest if is_known else None,
            "smallest_equivalence": self.smallest_equivalence if is_known else None,
            "not_worse": self.is_not_worse,
            "equivalent": self.is_equivalent,
            "worse": self.is_worse,
            "needed": self.needed,
            "text": self.text,
        }


def margin_test(pair: PairedComparison, margin: float) -> MarginTest:
    """Test whether the system of a pair is as good as the reference within a margin.

    The level is 5% for each of the two one-sided tests. It is not adjusted for several systems.

    Args:
        pair: the pair.
        margin: the loss of accuracy that counts as none, as a share.
    """
    bounds = pair.one_sided_bounds
    found = MarginTest(
        system=pair.system,
        reference=pair.reference,
        margin=margin,
        alpha=ONE_SIDED_ALPHA,
        method=bounds.method,
        difference=pair.difference.value,
        lower=bounds.lower,
        upper=bounds.upper,
        needed=None,
    )
    if found.is_not_worse:
        return found
    needed = pair.questions_for_margin(margin)
    return replace(found, needed=needed and max(needed, pair.questions + 1))


def _round_up(share: float) -> float:
    """Round a share up to a tenth of a percentage point, because a smaller margin does not hold.

    >>> _round_up(0.01312), _round_up(0.02)
    (0.014, 0.02)
    """
    return ceil(1000 * share - 1e-6) / 1000


def margin_points(share: float) -> str:
    """Format a margin in percentage points.

    >>> margin_points(0.01), margin_points(0.01312)
    ('1 point', '1.4 points')
    """
    number = f"{100 * _round_up(share):.1f}".removesuffix(".0")
    return f"{number} point" if number == "1" else f"{number} points"

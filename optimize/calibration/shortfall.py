"""Explain why no setting passes, and how many questions one needs to pass."""

from dataclasses import dataclass

from ...util.text import plural
from .risk_test import MOST_UNITS, fewest_units, p_values

_HALF_LOSS = 0.5  # added to the losses that were seen, because few questions cannot show none


@dataclass(frozen=True)
class Shortfall:
    """What the first setting of a sequence, which loses least, lacks to pass.

    Units are questions, or groups whose losses may be fractions.

    Attributes:
        setting: the setting as text.
        lost: its loss summed over the tested units.
        tested: the number of tested units.
        p: its p-value.
        total_lost: its loss summed over all units, those that ordered the settings too.
        total: the number of all units.
        needed: the tested units with which it passes four times out of five, if its true loss is
            `assumed_loss`; None when no number is enough, or only more than 200,000.
        harm: the maximum mean loss.
        delta: the maximum p-value that passes.
        grouped: whether units are groups.
        halved: whether half of the units order the settings and are not tested.
    """

    setting: str
    lost: float
    tested: int
    p: float
    total_lost: float
    total: int
    needed: int | None
    harm: float
    delta: float
    grouped: bool = False
    halved: bool = True

    @property
    def assumed_loss(self) -> float:
        """The loss that was seen in all units, with half a loss added."""
        return assumed_loss(self.total_lost, self.total)

    @property
    def is_too_high(self) -> bool:
        """Whether all units show a loss above `harm`, by the same test of what is not lost."""
        kept = self.total - self.total_lost
        p = p_values(kept, self.total, 1 - self.harm, exact=not self.grouped)
        return bool(p <= self.delta)

    @property
    def sentences(self) -> list[str]:
        """What is known, one fact a sentence."""
        unit = "group" if self.grouped else "question"
        lines = [
            f"Nothing passes: even the safest setting ({self.setting}) loses {_count(self.lost)} "
            f"of the {plural(self.tested, f'tested {unit}')}, which gives p = "
            f"{_above(self.p, self.delta)}, above {_short(self.delta)}."
        ]
        fewest = fewest_units(self.harm, self.delta)
        if self.tested < fewest:
            lines.append(
                f"So few cannot pass, whatever they lose: without any loss it takes {fewest:,}."
            )
        lines.append(self._outlook(unit))
        return lines

    def _outlook(self, unit: str) -> str:
        """Return what more units would do."""
        allowed = f"{percentage(self.harm)}%"
        seen = f"{_count(self.total_lost)} of all {plural(self.total, unit)}"
        if self.needed is not None:
            return self._advice(f"{unit}s")
        if self.is_too_high:
            return (
                f"It loses {seen}, which shows a loss above {allowed}: more {unit}s will not help; "
                "a higher --harm or another cascade may."
            )
        if self.assumed_loss >= self.harm:
            return (
                f"It loses {seen}, which does not show whether its true loss is below {allowed}. "
                f"If it is, more {unit}s help; if not, a higher --harm or another cascade may."
            )
        return (
            f"It loses {seen}, little less than {allowed}: to pass with such a loss takes more "
            f"than {MOST_UNITS:,} tested {unit}s."
        )

    def _advice(self, units: str) -> str:
        needed = int(self.needed or 0) * (2 if self.halved else 1)
        tested = ", half of them tested," if self.halved else ""
        advice = f"so many are there, and more {units} help."
        if needed > self.total:
            advice = f"about {needed - self.total:,} more."
        return (
            f"If its true loss is {100 * self.assumed_loss:.3g}% (what was seen and half a loss "
            f"more), {needed:,} {units}{tested} let it pass with a power of 80%: {advice}"
        )


def assumed_loss(lost: float, units: int) -> float:
    """Return the loss to plan with: what was seen, with half a loss added."""
    return (lost + _HALF_LOSS) / (units + 1)


def percentage(share: float) -> str:
    """Return a share in percent with all its digits, so that 99.999 does not become 100.

    >>> percentage(0.07), percentage(0.99999)
    ('7', '99.999')
    """
    return _short(100 * share)


def _short(value: float) -> str:
    return f"{value:.10g}"


def _count(lost: float) -> str:
    return f"{lost:.4g}"


def _above(p: float, delta: float) -> str:
    """Return a p-value with enough digits to show that it is above delta."""
    text = f"{p:.3g}"
    return text if float(text) > delta else f"{p:.10g}"

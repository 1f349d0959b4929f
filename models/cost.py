"""The cost of model calls in USD, between two bounds where it is not known exactly."""

from dataclasses import dataclass

from ..util.text import format_usd


@dataclass(frozen=True)
class CostBounds:
    """A cost in USD.

    Providers do not report the tokens of a call that is stopped early, so its cost is only known to
    lie between two bounds.

    Attributes:
        low: the cost at least.
        high: the cost at most; None when a price is unknown.
    """

    low: float = 0.0
    high: float | None = 0.0

    def __add__(self, other: "CostBounds") -> "CostBounds":
        if self.high is None or other.high is None:
            return CostBounds(self.low + other.low, None)
        return CostBounds(self.low + other.low, self.high + other.high)

    @property
    def exact(self) -> float | None:
        """The cost; None when it is not known exactly."""
        return self.low if self.high == self.low else None

    def as_list(self) -> list[float | None]:
        """Return both bounds, as JSON documents have them."""
        return [self.low, self.high]

    @property
    def text(self) -> str:
        """The cost in a sentence.

        >>> CostBounds(1.5, 1.5).text, CostBounds(0.1, 0.2).text
        ('$1.50', 'between $0.10 and $0.20')
        >>> CostBounds(0.1, None).text, CostBounds(0, None).text
        ('at least $0.10', 'unknown')
        """
        return self._format("between {} and {}")

    @property
    def cell(self) -> str:
        """The cost in a table.

        >>> CostBounds(0.1, 0.2).cell
        '$0.10 to $0.20'
        """
        return self._format("{} to {}")

    def _format(self, both: str) -> str:
        low = format_usd(self.low)
        if self.high is None:
            return f"at least {low}" if self.low else "unknown"
        high = format_usd(self.high)
        return low if low == high else both.format(low, high)

"""What calls cost: the provider's table for APIs, the user's price for local tiers; unknown stays unknown."""

import re
from dataclasses import dataclass

from ..errors import CopeError

_NUMBER = r"\$?(\d+(?:\.\d+)?(?:e-?\d+)?)"


@dataclass(frozen=True)
class Price:
    """A price that the user gives for a tier.

    Attributes:
        input_per_million: USD per million prompt tokens.
        output_per_million: USD per million completion tokens.
        cached_per_million: USD per million prompt tokens read from a cache; None means the input price.
        per_hour: USD per hour in which the machine works for the tier; calls in flight together share the time.
    """

    input_per_million: float = 0.0
    output_per_million: float = 0.0
    cached_per_million: float | None = None
    per_hour: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Price":
        """Read `IN/OUT` (USD per million tokens), `IN/CACHED/OUT`, or `USD/h` (per hour of machine time).

        Raises:
            CopeError: when the text has none of these forms.

        >>> Price.parse("0.15/0.60").output_per_million
        0.6
        >>> Price.parse("0.40/h").per_hour
        0.4
        """
        text = text.strip()
        if found := re.fullmatch(_NUMBER + r"/h(?:our)?", text):
            return cls(per_hour=float(found[1]))
        if found := re.fullmatch(f"{_NUMBER}/{_NUMBER}", text):
            return cls(input_per_million=float(found[1]), output_per_million=float(found[2]))
        if found := re.fullmatch(f"{_NUMBER}/{_NUMBER}/{_NUMBER}", text):
            return cls(float(found[1]), float(found[3]), float(found[2]))
        raise CopeError(
            f"price {text!r} is not understood: write IN/OUT in USD per million tokens, or USD/h, as in 0.15/0.60 or 0.40/h"
        )

    @property
    def is_per_token(self) -> bool:
        """Whether a call's tokens must be known to price it."""
        return bool(self.input_per_million or self.output_per_million or self.cached_per_million)

    def cost(self, prompt: int, completion: int, cached: int, machine_seconds: float) -> float:
        """The cost of one call in USD, from its tokens and its share of the machine's time in seconds."""
        cached_rate = (
            self.input_per_million if self.cached_per_million is None else self.cached_per_million
        )
        tokens = (
            (prompt - cached) * self.input_per_million
            + cached * cached_rate
            + completion * self.output_per_million
        )
        return tokens / 1e6 + machine_seconds * self.per_hour / 3600

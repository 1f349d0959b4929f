"""The price that a user gives for a tier, and the cost of a call at this price."""

import re
from dataclasses import dataclass

from ..errors import CopeError
from ..util.arguments import check_argument, check_number
from .cost import CostBounds

_NUMBER = r"\$?(\d+(?:\.\d+)?(?:e-?\d+)?)"


@dataclass(frozen=True)
class Price:
    """A price that the user gives for a tier.

    Attributes:
        input_per_million: USD per million prompt tokens.
        output_per_million: USD per million completion tokens.
        cached_per_million: USD per million prompt tokens that a cache holds; None for the input
            price.
        per_hour: USD per hour of the machine's time for the tier, which concurrent calls divide.
    """

    input_per_million: float = 0.0
    output_per_million: float = 0.0
    cached_per_million: float | None = None
    per_hour: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            optional = name == "cached_per_million"
            check_number(f"Price({name})", value, 0, optional=optional)

    @classmethod
    def parse(cls, text: str) -> "Price":
        """Parse `IN/OUT` (USD per million tokens), `IN/CACHED/OUT`, or `USD/h` (of machine time).

        Raises:
            CopeError: when the text has none of these forms.

        >>> Price.parse("0.15/0.60").output_per_million
        0.6
        >>> Price.parse("0.40/h").per_hour
        0.4
        """
        check_argument("Price.parse(text)", text, str, "a text such as '0.15/0.60' or '0.40/h'")
        text = text.strip()
        hourly = re.fullmatch(_NUMBER + r"/h(?:our)?", text)
        if hourly:
            return cls(per_hour=float(hourly[1]))
        per_token = re.fullmatch(rf"{_NUMBER}/(?:{_NUMBER}/)?{_NUMBER}", text)
        if per_token is None:
            raise CopeError(
                f"price {text!r} is not understood: write IN/OUT in USD per million tokens, "
                "or USD/h, as in 0.15/0.60 or 0.40/h"
            )
        cached = None if per_token[2] is None else float(per_token[2])
        return cls(float(per_token[1]), float(per_token[3]), cached)

    def times(self, factor: float) -> "Price":
        """Return a multiple of the price, such as half of it.

        >>> Price(0.5, 1.0).times(0.5)
        Price(input_per_million=0.25, output_per_million=0.5, cached_per_million=None, per_hour=0.0)
        """
        cached = self.cached_per_million
        if cached is not None:
            cached *= factor
        inputs, outputs = self.input_per_million, self.output_per_million
        return Price(inputs * factor, outputs * factor, cached, self.per_hour * factor)

    @property
    def is_per_token(self) -> bool:
        """Whether the price of a call depends on its tokens."""
        return bool(self.input_per_million or self.output_per_million or self.cached_per_million)

    def cost(self, prompt: int, completion: int, cached: int, machine_seconds: float) -> float:
        """Return the cost of one call in USD.

        Args:
            prompt: tokens of the prompt, including `cached`.
            completion: tokens of the completion.
            cached: tokens of the prompt that were in a cache.
            machine_seconds: the call's share of the machine's time.
        """
        cached_rate = self.cached_per_million
        if cached_rate is None:
            cached_rate = self.input_per_million
        millionths = (prompt - cached) * self.input_per_million
        millionths += cached * cached_rate
        millionths += completion * self.output_per_million
        return millionths / 1e6 + machine_seconds * self.per_hour / 3600

    def bounds(
        self,
        prompt: int,
        completion: int,
        cached: int,
        machine_seconds: float,
        unreported_prompt: int | None,
        unreported_completion: int | None,
    ) -> CostBounds:
        """Return the cost of calls whose tokens are not all known.

        Args:
            prompt: tokens of the prompts at least.
            completion: tokens of the completions at least.
            cached: of the prompts, tokens that were in a cache.
            machine_seconds: the calls' share of the machine's time.
            unreported_prompt: tokens that the prompts may have above `prompt`; None is unknown.
            unreported_completion: tokens that the completions may have above `completion`.
        """
        exact = self.cost(prompt, completion, cached, machine_seconds)
        if not self.is_per_token or unreported_prompt == unreported_completion == 0:
            return CostBounds(exact, exact)
        # Nobody reported either how much of these prompts was in a cache.
        low = min(exact, self.cost(prompt, completion, prompt, machine_seconds))
        if unreported_prompt is None or unreported_completion is None:
            return CostBounds(low, None)
        prompt += unreported_prompt
        completion += unreported_completion
        return CostBounds(low, self.cost(prompt, completion, cached, machine_seconds))

    @property
    def text(self) -> str:
        """The price as tables show it.

        >>> Price.parse("0.15/0.60").text, Price.parse("0.40/h").text
        ('$0.15 / $0.6 per million tokens', '$0.4 per hour')
        """
        parts = []
        if self.is_per_token or not self.per_hour:
            rates = [self.input_per_million, self.cached_per_million, self.output_per_million]
            known = [f"${rate:g}" for rate in rates if rate is not None]
            parts.append(f"{' / '.join(known)} per million tokens")
        if self.per_hour:
            parts.append(f"${self.per_hour:g} per hour")
        return " and ".join(parts)

"""What a round costs with requests for several samples, and with a request for each."""

from dataclasses import dataclass

from .call import Call
from .prices import Price

TYPICAL_PRICE = Price(1.0, 4.0, 0.1)
"""Stands for a price that is not known: a written token costs as much as four that are read, or as
forty from a cache, as most providers charge."""

EQUAL_SHARE = 0.02
"""Costs that differ by less, as a share of the larger one, count as equal."""


@dataclass
class MeanCall:
    """The sums over the finished calls of a tier, for their means.

    Attributes:
        calls: their number.
        requests: of these, the calls that count the tokens of their prompt.
        prompt: tokens of prompts.
        cached: of these, tokens that the server had in its cache.
        completion: tokens of completions.
        rounds: rounds whose samples were drawn in two parts.
        settled: of these, the rounds that the first part decided.
    """

    calls: int = 0
    requests: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    rounds: int = 0
    settled: int = 0

    def add(self, call: Call) -> None:
        """Add a finished call, unless its tokens are not known."""
        if call.prompt_tokens is None or call.completion_tokens is None:
            return
        self.calls += 1
        self.requests += not call.prompt_shared
        self.prompt += call.prompt_tokens
        self.cached += call.cached_tokens
        self.completion += call.completion_tokens

    def add_round(self, settled: bool) -> None:
        """Add a round whose samples were drawn in two parts."""
        self.rounds += 1
        self.settled += settled

    @property
    def settled_chance(self) -> float:
        """The chance that the first part decides a round, by the rule of succession."""
        return (self.settled + 1) / (self.rounds + 2)


@dataclass(frozen=True)
class RoundCosts:
    """What a round is likely to cost in each way, in millionths of a dollar.

    Attributes:
        batch: with requests for several samples.
        requests: with a request for each sample.
        are_known: whether the price of the tokens is known, and not nothing.
    """

    batch: float
    requests: float
    are_known: bool

    @property
    def batch_is_cheaper(self) -> bool:
        """Whether requests for several samples are likely to cost less."""
        return self.batch < self.requests

    @property
    def decide(self) -> bool:
        """Whether the costs differ by so much that they matter."""
        larger = max(self.batch, self.requests)
        return self.are_known and abs(self.batch - self.requests) > EQUAL_SHARE * larger


def round_costs(
    mean: MeanCall, price: Price | None, samples: int, first: int, one_by_one: bool
) -> RoundCosts:
    """Return what a round is likely to cost with requests for several samples, and for each.

    With the chance s that the first part of a round decides it, P tokens of a prompt and C of a
    completion, a round costs

        batch:     (2 - s) P + (first + (1 - s) (samples - first)) C
        requests:  d (P + C)

    by the prices of both kinds of tokens, where d is `samples`, which are asked at once, or
    `first + (1 - s) (samples - first) / 2` where later ones are only asked when they are needed.

    Args:
        mean: the finished calls of the tier; without any, both kinds of tokens are as many.
        price: the price of the tier; `TYPICAL_PRICE` stands for one that is not known.
        samples: the samples of the round.
        first: the samples of its first part.
        one_by_one: whether later samples are only asked when they are needed.

    >>> calls = MeanCall(calls=8, requests=8, prompt=1600, completion=800)
    >>> round_costs(calls, None, 8, 6, one_by_one=False).batch_is_cheaper
    True
    """
    are_known = price is not None and price.is_per_token
    if price is None or not price.is_per_token:
        price = TYPICAL_PRICE
    prompt = mean.prompt / max(1, mean.requests) if mean.calls else 100.0
    completion = mean.completion / mean.calls if mean.calls else 100.0
    cached = mean.cached / max(1, mean.requests)
    unsettled = 1 - mean.settled_chance if first < samples else 0.0
    rest = unsettled * (samples - first)
    written = price.output_per_million * completion
    batch = (1 + unsettled) * price.input_per_million * prompt + (first + rest) * written
    cached_rate = price.cached_per_million
    if cached_rate is None:
        cached_rate = price.input_per_million
    read = (prompt - cached) * price.input_per_million + cached * cached_rate
    drawn = first + rest / 2 if one_by_one else samples
    return RoundCosts(batch, drawn * (read + written), are_known)

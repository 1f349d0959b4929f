"""A row of a question's usage in predictions, run folders and documents."""

from typing import (
    Annotated,
    NotRequired,  # pydantic checks these on Python 3.11
)

from annotated_types import Ge, Lt
from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

Count = Annotated[int, Ge(0)]
Amount = Annotated[float, Ge(0), Lt(float("inf"))]


class UsageRow(TypedDict):
    """The usage of one tier in one role of one round.

    Attributes:
        tier: the tier that was called.
        round: the round, from 1; 0 for calls outside of rounds.
        role: `plan`, `reason` or `other`.
        calls: requests, whether a model or a cache answered.
        hits: requests that a cache answered: all of the row's calls, or none. Its other counts are
            those of the original calls. In rows without `usd_low`, which earlier versions wrote,
            these are no calls and nothing is counted of them.
        cancelled: requests that were stopped because their results were no longer needed.
        prompt_tokens: tokens of prompts; None where a recording does not contain them.
        completion_tokens: tokens of completions; None where a recording does not contain them.
        cached_tokens: tokens of prompts that the engine had in its cache.
        usd: the sum of the known prices; None when no call's price is known.
        unpriced: calls whose price is not known exactly.
        usd_low: the cost of all calls at least.
        usd_high: the cost of all calls at most; None when a price is not known.
        unreported_prompt: tokens at most that cancelled calls read above `prompt_tokens`.
        unreported_completion: tokens at most that cancelled calls wrote above `completion_tokens`;
            None when there is no limit.
        seconds: the sum of the durations from request to reply.
        machine_seconds: the calls' share of the machine's time.
    """

    tier: str
    round: Count
    role: str
    calls: Count
    hits: Count
    cancelled: Count
    prompt_tokens: Count | None
    completion_tokens: Count | None
    cached_tokens: Count | None
    usd: Amount | None
    unpriced: Count
    seconds: Amount | None
    machine_seconds: Amount | None
    usd_low: NotRequired[Amount]
    usd_high: NotRequired[Amount | None]
    unreported_prompt: NotRequired[Count | None]
    unreported_completion: NotRequired[Count | None]

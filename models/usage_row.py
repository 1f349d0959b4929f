"""One row of a question's usage, as predictions, run folders and documents hold it."""

from typing import TypedDict


class UsageRow(TypedDict):
    """The usage of one tier in one role of one round.

    Attributes:
        tier: the tier that was called.
        round: the round, from 1; 0 for calls outside of rounds.
        role: `plan`, `reason` or `other`.
        calls: finished requests, without those answered by a cache.
        hits: requests answered by a cache.
        cancelled: requests that were stopped because nothing depended on them any more.
        prompt_tokens: tokens read; None where a recording does not know them.
        completion_tokens: tokens written; None where a recording does not know them.
        cached_tokens: of the tokens read, those that the engine had in its cache.
        usd: None when no call's price is known.
        unpriced: calls without a known price.
        seconds: from request to reply, added up over the calls.
        machine_seconds: the calls' share of the machine's time.
    """

    tier: str
    round: int
    role: str
    calls: int
    hits: int
    cancelled: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    usd: float | None
    unpriced: int
    seconds: float | None
    machine_seconds: float | None

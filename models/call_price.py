"""The price of one call, also of a call that was stopped before its usage was known."""

import math
from typing import Any

from ..util.json_types import JsonObject
from .call import Call
from .called_model import CalledModel
from .prices import Price
from .prompt_tokens import prompt_text
from .runtime import DEFAULT_TIMEOUT


def call_cost(call: Call, price: Price) -> float | None:
    """Return the cost of a call in USD; None when the price needs what is not known of it."""
    prompt_is_known = call.prompt_tokens or call.prompt_shared
    if price.is_per_token and not (prompt_is_known and call.completion_tokens is not None):
        return None
    if price.per_hour and call.machine_seconds is None:
        return None
    return price.cost(
        call.prompt_tokens or 0,
        call.completion_tokens or 0,
        call.cached_tokens,
        call.machine_seconds or 0.0,
    )


def bound_cancelled_call(call: Call, lm: CalledModel, prompt: Any, limits: JsonObject) -> None:
    """Set the tokens of a cancelled call that are certain, those that are possible, and its price.

    Args:
        call: the call, with the tokens that its engine reported when it was stopped.
        lm: the language model.
        prompt: the messages or the text of the prompt.
        limits: the arguments of the request.
    """
    if call.completion_tokens is None:
        call.completion_tokens = 0
        call.unreported_completion = _most_completion_tokens(limits)
    if call.prompt_tokens is None:
        low, high = lm.runtime.prompt_tokens.bounds(prompt_text(prompt))
        call.prompt_tokens, call.unreported_prompt = low, high - low
    if lm.price:
        apply_price(call, lm.price)


def apply_price(call: Call, price: Price) -> None:
    """Set the price of a call, or its bounds where its tokens are only known between bounds."""
    if call.unreported_prompt == call.unreported_completion == 0:
        call.usd, call.usd_low, call.usd_high = call_cost(call, price), 0.0, None
        return
    bounds = price.bounds(
        call.prompt_tokens or 0,
        call.completion_tokens or 0,
        call.cached_tokens,
        call.machine_seconds or 0.0,
        call.unreported_prompt,
        call.unreported_completion,
    )
    call.usd, call.usd_low, call.usd_high = bounds.exact, bounds.low, bounds.high


def most_call_cost(lm: CalledModel, prompt: Any, limits: JsonObject) -> float:
    """Return the cost of a call before it is made, at most; infinite where it has no bound.

    Args:
        lm: the language model.
        prompt: the messages or the text of the prompt.
        limits: the arguments of the request.
    """
    price = lm.price
    if price is None:
        return math.inf
    _, prompt_tokens = lm.runtime.prompt_tokens.bounds(prompt_text(prompt))
    completion_tokens = _most_completion_tokens(limits)
    if completion_tokens is None and price.is_per_token:
        return math.inf
    seconds = lm.runtime.timeout or DEFAULT_TIMEOUT
    return price.cost(prompt_tokens, completion_tokens or 0, 0, seconds)


def _most_completion_tokens(limits: JsonObject) -> int | None:
    """Return the limit of tokens of all completions in a request; None without one."""
    for name in ("max_tokens", "max_completion_tokens"):
        if isinstance(limits.get(name), int):
            return limits[name] * (limits.get("n") or 1)
    return None

"""Keep the usage of calls whose replies DSPy caches.

DSPy returns a cached reply without its usage: `Cache._prepare_cached_response` empties that of
LiteLLM's replies, and `CallResult.load` that of all others. Nothing keeps the seconds. So the call
is put into the same cache, under a key of its own.
"""

import dspy

from .call import Call
from .call_price import call_cost
from .prices import Price

_NAMESPACE = "cope.models.call"


def remember_call(key: str, call: Call) -> None:
    """Put the usage of a call into DSPy's cache.

    Args:
        key: the call's key, see `call_key`.
        call: the call that a model answered.
    """
    dspy.cache.put(_request(key), call.as_dict())


def recall_call(key: str) -> Call | None:
    """Return the call whose reply is cached; None when its usage is not in the cache."""
    entry = dspy.cache.get(_request(key))
    return Call.from_dict(entry) if isinstance(entry, dict) else None


def _request(key: str) -> dict[str, str]:
    return {"_fn_identifier": _NAMESPACE, "key": key}


def note_kept_usage(call: Call, response: object) -> None:
    """Set the tokens that a cached response still names; None where it names none.

    LiteLLM's responses lost theirs, all others keep them.
    """
    usage = getattr(response, "usage", None)
    call.prompt_tokens = getattr(usage, "input_tokens", None)
    call.completion_tokens = getattr(usage, "output_tokens", None)
    call.cached_tokens = getattr(usage, "cache_read_tokens", None) or 0


def restore_cached_call(call: Call, original: Call | None, price: Price | None) -> None:
    """Give a call that a cache answered the tokens, the price and the seconds of the original one.

    Args:
        call: the call, with the tokens that the response named.
        original: the original call; None when it was made by another program.
        price: the user's price; without one the price of the original call counts.
    """
    call.seconds = call.machine_seconds = None
    if original:
        call.prompt_tokens = original.prompt_tokens
        call.completion_tokens = original.completion_tokens
        call.cached_tokens = original.cached_tokens
        call.seconds, call.machine_seconds = original.seconds, original.machine_seconds
        call.truncated = original.truncated
        if call.usd is None:
            call.usd = original.usd
    if price:
        call.usd = call_cost(call, price)

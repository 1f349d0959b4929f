"""What a call used, from DSPy's history or from a ledger."""

from ..util.json_types import JsonObject
from .call import Call
from .call_cache import note_kept_usage
from .call_price import apply_price
from .meter import record_call
from .outputs import is_cached_response, lowest_window, token_logprobs
from .prices import Price
from .replies import finish_reason, known_count


def fill_call(call: Call, entry: JsonObject, *, from_server: bool) -> None:
    """Set what a finished request used.

    A server that reports no usage leaves it unknown, which is not zero.

    Args:
        call: the call.
        entry: the request in DSPy's history, with usage, cost and the response.
        from_server: whether an API answered, whose zeros mean that it does not count.
    """
    usage = entry.get("usage") or {}
    response = entry.get("response")
    call.cache_hit = not usage and is_cached_response(response)
    call.truncated = finish_reason(response) == "length"
    _set_logprobs(call, token_logprobs(entry.get("outputs")))
    if call.cache_hit:
        call.usd = entry.get("cost")  # that of the original call
        note_kept_usage(call, response)
        return
    least = 1 if from_server else 0
    least_prompt = 0 if call.prompt_shared else least
    call.prompt_tokens = known_count(usage.get("prompt_tokens"), least_prompt)
    call.completion_tokens = known_count(usage.get("completion_tokens"), least)
    call.cached_tokens = _cached_tokens(usage, call.prompt_tokens)
    call.usd = entry.get("cost")
    if call.prompt_tokens is None or call.completion_tokens is None:
        call.usd = None


def _set_logprobs(call: Call, logprobs: list[float]) -> None:
    if logprobs:
        call.logprob = sum(logprobs)
        call.logprob_tokens = len(logprobs)
        call.logprob_window = lowest_window(logprobs)


def _cached_tokens(usage: JsonObject, prompt_tokens: int | None) -> int:
    details = usage.get("prompt_tokens_details")
    cached = known_count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return min(cached or 0, prompt_tokens or 0)


def record_restored(call: Call, saved: JsonObject, price: Price | None) -> None:
    """Record a call of the ledger under the labels of the call that it answers.

    Its price is the one of this run, if the user gives one.
    """
    restored = Call.from_dict(saved)
    if price:
        apply_price(restored, price)
    restored.tier, restored.round = call.tier, call.round
    restored.role, restored.sample = call.role, call.sample
    restored.from_ledger = True
    restored.exchange = call.exchange
    record_call(restored)

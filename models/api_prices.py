"""The prices of API models in DSPy's table."""

from functools import lru_cache

from dspy.clients.model_metadata import model_info, rate

from .prices import Price


@lru_cache(maxsize=1024)
def table_price(model: str) -> Price | None:
    """Return the price of a model; None for a model without a known price.

    Each call asks for it, and DSPy looks through its whole table for a name that is not in it.

    Args:
        model: the name with its provider, as in `openai/gpt-4o-mini`.
    """
    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    input_rate = rate(info, "input_cost_per_token")
    output_rate = rate(info, "output_cost_per_token")
    if input_rate is None or output_rate is None:
        return None
    cached_rate = rate(info, "cache_read_input_token_cost")
    cached = None if cached_rate is None else 1e6 * cached_rate
    return Price(1e6 * input_rate, 1e6 * output_rate, cached)

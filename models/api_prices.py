"""The prices of API models in DSPy's table."""

from dspy.clients.model_metadata import model_info, rate


def table_cost(model: str, prompt_tokens: int, completion_tokens: int) -> float | None:
    """Return the cost of a call in USD; None for a model without a known price.

    Args:
        model: the name with its provider, as in `openai/gpt-4o-mini`.
        prompt_tokens: tokens of the prompt.
        completion_tokens: tokens of the completion.
    """
    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    input_rate = rate(info, "input_cost_per_token")
    output_rate = rate(info, "output_cost_per_token")
    if input_rate is None or output_rate is None:
        return None
    return prompt_tokens * input_rate + completion_tokens * output_rate

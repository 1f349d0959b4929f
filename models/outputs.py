"""The outputs of a language model as DSPy returns them: check, clean and reduce them."""

from collections.abc import Sequence
from typing import Any

from ..util.json_text import replace_surrogates
from ..util.redact import redact


def clean_outputs(value: Any) -> Any:
    """Return outputs without lone surrogates, which no file can hold, and without known secrets."""
    if isinstance(value, str):
        return redact(replace_surrogates(value))
    if isinstance(value, list):
        return [clean_outputs(item) for item in value]
    if isinstance(value, dict):
        clean = dict(value)
        for name, item in value.items():
            if isinstance(item, str | list):  # log-probabilities are an object of the engine's
                clean[name] = clean_outputs(item)
        return clean
    return value


def is_empty(outputs: list[Any]) -> bool:
    """Return whether the first output has no text and no tool calls."""
    first = outputs[0] if outputs else None
    if isinstance(first, dict):
        return not any(first.get(name) for name in ("text", "tool_calls", "reasoning_content"))
    return not first


def is_cached_response(response: object) -> bool:
    """Return whether a response comes from DSPy's cache.

    LiteLLM's cache marks its responses; DSPy's own keeps the tokens of the original call.
    """
    usage = getattr(response, "usage", None)
    tokens = getattr(usage, "input_tokens", None) or getattr(usage, "output_tokens", None)
    return bool(tokens or getattr(response, "cache_hit", False))


def plain_outputs(outputs: list[Any]) -> list[Any]:
    """Return outputs as JSON, without log-probabilities, which would fill the disk.

    The `Call` has their sum.
    """
    plain: list[Any] = []
    for output in outputs:
        if isinstance(output, dict):
            output = {key: value for key, value in output.items() if key != "logprobs"}
        plain.append(output)
    return plain


def token_logprobs(outputs: list[Any] | None) -> list[float]:
    """Return the log-probability of each token of the first output; empty if there are none."""
    first = outputs[0] if outputs else None
    if not isinstance(first, dict):
        return []
    tokens = getattr(first.get("logprobs"), "content", None)
    return [token.logprob for token in tokens or ()]


WINDOW = 16
"""Number of successive tokens whose mean log-probability `lowest_window` takes."""


def lowest_window(logprobs: Sequence[float], window: int = WINDOW) -> float:
    """Return the lowest mean of `window` successive log-probabilities.

    A single passage that a model is unsure of shows here, where the mean over a long reply hides
    it. A reply that is shorter than the window is one window.

    Args:
        logprobs: natural logarithms, at least one.
        window: number of tokens.

    >>> lowest_window([-1.0, -3.0, -1.0, 0.0], window=2)
    -2.0
    """
    size = min(window, len(logprobs))
    total = sum(logprobs[:size])
    lowest = total
    for added, dropped in zip(logprobs[size:], logprobs, strict=False):
        total += added - dropped
        lowest = min(lowest, total)
    return lowest / size

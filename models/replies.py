"""Check what servers reply, before it counts as an answer or as a number of tokens."""

import math
import re
from typing import Any

import dspy

from ..util.json_types import JsonObject
from .outputs import is_empty

MAX_TOKENS = 10_000_000
"""The highest plausible number of tokens of a request. No model has a longer context."""

NO_CONTENT = "the reply has no content"
REFUSED = "a content filter or the model refused it"
CONTENT_FILTER = "content_filter"
"""The code of an error about a reply that a content filter, or the model itself, refused."""

_ERROR = "error"  # the reason that routers of several providers give

_FILTERED = re.compile(
    r"content[ _-]?(filter|polic|management polic)|responsible ?ai ?polic|moderation|flagged"
    r"|\bsafety\b|(candidate|content|prompt) (was )?blocked",
    re.I,
)


class BadReply(dspy.LMServerError):
    """A reply of a server that is no answer."""


def known_count(value: object, at_least: int = 0) -> int | None:
    """Return a number of tokens as a server reports it; None for anything else.

    Text, fractions, negative and implausible numbers are unknown.

    Args:
        value: what the server says.
        at_least: the lowest plausible number.

    >>> known_count(12), known_count("12"), known_count(-1), known_count(10**12)
    (12, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if at_least <= value <= MAX_TOKENS else None


def clean_usage(usage: object) -> Any:
    """Return a server's `usage` without implausible numbers of tokens, at any depth.

    >>> clean_usage({"prompt_tokens": "12", "completion_tokens": 3, "cost": 0.5})
    {'completion_tokens': 3, 'cost': 0.5}
    """
    if not isinstance(usage, dict):
        return {}
    clean: JsonObject = {}
    for name, value in usage.items():
        if "token" not in name.lower():
            clean[name] = value
        elif name.endswith("TokensDetails") and isinstance(value, list):  # Gemini's, by modality
            clean[name] = [clean_usage(item) for item in value]
        elif "details" in name.lower():
            clean[name] = clean_usage(value)
        elif known_count(value) is not None:
            clean[name] = value
    return clean


def finite_number(value: object) -> bool:
    """Return whether a value is a number, as a log-probability must be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def finish_reason(response: Any) -> str | None:
    """Return why a model stopped; None where the response of DSPy or LiteLLM does not say."""
    reason = getattr(response, "finish_reason", None)
    if reason is None:
        choices = getattr(response, "choices", None)
        if isinstance(choices, list) and choices:
            reason = getattr(choices[0], "finish_reason", None)
    return reason if isinstance(reason, str) else None


def check_outputs(outputs: list[Any], reason: str | None, model: str) -> None:
    """Check that the outputs of a server are an answer.

    Servers that fail, and caches that hold such replies, give outputs without content. As answers
    they would count as wrong.

    Args:
        outputs: those of DSPy.
        reason: why the model stopped.
        model: the model's name, for the error.

    Raises:
        BadReply: for outputs without content, and for a reply that an error of the server ended.
            A reply that was cut at its limit may have no content.
        dspy.LMError: when a content filter stopped the reply.
    """
    if reason == _ERROR:
        raise BadReply("an error of the server ended the reply", model=model)
    if reason == CONTENT_FILTER:
        raise filtered_error(model, "the reply was cut by the server's filter")
    if reason != "length" and is_empty(outputs):
        raise BadReply(NO_CONTENT, model=model)


def filtered_error(model: str, reason: str) -> dspy.LMError:
    """Return the error of a request that a content filter, or the model itself, refused."""
    return dspy.LMInvalidRequestError(
        f"{REFUSED}: {reason}", model=model, provider_code=CONTENT_FILTER
    )


def is_filtered(error: Exception) -> bool:
    """Return whether an error says that a content filter, or the model itself, refused."""
    if not isinstance(error, dspy.LMInvalidRequestError | dspy.LMAuthError):
        return False
    message = error.message.split("\n")[0]
    return any(_FILTERED.search(text or "") for text in (error.provider_code, message))


def is_rejected(error: Exception) -> bool:
    """Return whether an error says that a reply came and was no answer."""
    code = getattr(error, "provider_code", None)
    return isinstance(error, BadReply) or code == CONTENT_FILTER

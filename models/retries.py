"""Which failed requests are made again, and after how many seconds."""

from collections.abc import Mapping

import dspy
from dspy.clients._http import retry_after_seconds
from dspy.utils.exceptions import (
    LMLockTimeoutError,
    LMProviderError,
    LMRateLimitError,
    LMServerError,
    LMTimeoutError,
    LMTransportError,
)

from ..errors import Unavailable
from ..util.text import format_duration
from .replies import CONTENT_FILTER

MAX_RETRY_AFTER = 60.0
"""The longest pause, in seconds, that a server may ask for."""

MAX_RETRIES = 3
_BACKOFF_SECONDS = (1.0, 2.0, 4.0)
_TRANSIENT = (
    LMLockTimeoutError,
    LMRateLimitError,
    LMServerError,
    LMTimeoutError,
    LMTransportError,
)
_TRANSIENT_STATUS = {408, 409, 425, 429}


def retries_of(error: Exception) -> int:
    """Return how often a request may be made again after an error.

    A failure that is likely to pass is retried three times: no connection, too many requests, a
    server that fails, and a reply that is garbage. One that costs much time or rarely passes is
    retried once: no reply in time, and a content filter.
    """
    if isinstance(error, LMTimeoutError) and error.status is None:
        return 1
    if isinstance(error, dspy.LMError) and error.provider_code == CONTENT_FILTER:
        return 1
    if isinstance(error, _TRANSIENT):
        return MAX_RETRIES
    if isinstance(error, LMProviderError) and error.status in _TRANSIENT_STATUS:
        return MAX_RETRIES
    return 0


def retry_pause(error: Exception, attempt: int) -> float | None:
    """Return the seconds before a request is made again; None when it is not.

    Args:
        error: why the last attempt failed.
        attempt: attempts so far, from 1.

    Raises:
        Unavailable: when the server asks for a pause of more than `MAX_RETRY_AFTER`.
    """
    if attempt > retries_of(error):
        return None
    pause = _BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS)) - 1]
    asked = _asked_pause(error)
    if asked is None:
        return pause
    if asked > MAX_RETRY_AFTER:
        model = getattr(error, "model", None) or "a model"
        asked = min(asked, 1e7)  # for the message
        raise Unavailable(
            f"the server of {model} asks to wait {format_duration(asked)} before the next request, "
            f"longer than the {MAX_RETRY_AFTER:g} s that COPE waits: run it again later, or ask "
            "for fewer at once with --in-flight TIER=N"
        ) from error
    return max(pause, asked)


def _asked_pause(error: BaseException) -> float | None:
    """Return the seconds that a server asks to wait; None when it does not.

    LiteLLM keeps the server's headers in an attribute that DSPy does not read.
    """
    pause = getattr(error, "retry_after", None)
    cause: BaseException | None = error
    while pause is None and cause is not None:
        headers = getattr(cause, "litellm_response_headers", None)
        if isinstance(headers, Mapping):
            pause = retry_after_seconds(headers.get("retry-after"))
        cause = cause.__cause__
    return pause

"""Errors in the form of the OpenAI API."""

from datetime import UTC, datetime, timedelta

import dspy

from ..errors import CopeError
from ..models.admission import Halt
from ..util.json_types import JsonObject
from ..util.text import one_line


class ApiError(Exception):
    """A request that is refused, or that failed.

    Args:
        status: the HTTP status.
        message: one line that says what to do.
        kind: the API's type of error, such as `invalid_request_error`.
        code: the API's code, such as `model_not_found`; None without one.
        param: the field of the request that is wrong; None without one.
        retry_after: seconds after which the request may be sent again; None for never.

    >>> ApiError(404, "no such model", code="model_not_found").body()["error"]["code"]
    'model_not_found'
    """

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "invalid_request_error",
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind
        self.code, self.param, self.retry_after = code, param, retry_after

    def body(self) -> JsonObject:
        """Return the body of the reply."""
        error = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        return {"error": error}


class OutOfBudget(Halt):
    """Ends the work on a request, because no money is left."""


def invalid(message: str, param: str | None = None) -> ApiError:
    """Return the error for a request that cannot be answered as it is."""
    return ApiError(400, message, param=param)


def unknown_model(name: str, known: list[str]) -> ApiError:
    """Return the error for a model that is not served."""
    return ApiError(
        404,
        f"the model {one_line(name)[:100]!r} is not served: choose one of {', '.join(known)}",
        code="model_not_found",
        param="model",
    )


def busy(queue: int) -> ApiError:
    """Return the error for a request that found the queue full. No model was called for it."""
    return ApiError(
        429,
        f"{queue} requests wait already: send this one again later",
        "rate_limit_error",
        code="rate_limit_exceeded",
        retry_after=1,
    )


def not_ready(state: str) -> ApiError:
    """Return the error for a request that came while models are loaded or the server stops."""
    text = "the server stops" if state == "stopping" else "the models are being loaded"
    return ApiError(503, text, "server_error", code=state, retry_after=5)


def metrics_missing() -> ApiError:
    """Return the error for metrics without the package that writes them."""
    text = "/metrics needs the package prometheus-client: pip install 'cope-dspy[metrics]'"
    return ApiError(501, text, "server_error", code="not_implemented")


def no_valid_answer() -> ApiError:
    """Return the error for answers that all lack the form that was asked for.

    Clients send a request again by themselves after status 5xx, which would cost the same again.
    """
    return ApiError(
        422,
        "no answer of the model is JSON of the form that response_format asks for",
        "server_error",
        code="no_valid_answer",
        param="response_format",
    )


def answer_changed() -> ApiError:
    """Return the error for an answer that differs from what a stream has sent of it."""
    return ApiError(
        502,
        "the model wrote another answer after a part of this one was sent: ask again, without "
        "stream",
        "server_error",
        code="answer_changed",
    )


def seconds_to_midnight(now: datetime) -> int:
    """Return the seconds until the next day begins, at least 1.

    >>> seconds_to_midnight(datetime(2026, 11, 28, 23, 59, tzinfo=UTC))
    60
    """
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, round((tomorrow - now).total_seconds()))


def as_api_error(error: BaseException) -> ApiError:
    """Return what a client reads about an error.

    Texts of `CopeError` are for users and hold no secrets. Of other errors only the kind is named.
    """
    if isinstance(error, ApiError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return as_api_error(error.exceptions[0])
    if isinstance(error, OutOfBudget):
        wait = seconds_to_midnight(datetime.now(UTC))  # a budget of a day is new then
        code = "insufficient_quota"
        return ApiError(429, str(error), code, code=code, retry_after=wait)
    if isinstance(error, UnicodeEncodeError):
        return invalid("a text has half a character, a lone surrogate such as \\ud800")
    if isinstance(error, TimeoutError):
        return ApiError(504, "the request took too long", "server_error", code="timeout")
    if isinstance(error, CopeError):
        return ApiError(500, one_line(str(error)), "server_error", code="cope_error")
    if isinstance(error, dspy.ContextWindowExceededError):
        text = "the conversation does not fit into the context of a model: shorten it"
        return ApiError(400, text, code="context_length_exceeded", param="messages")
    if isinstance(error, dspy.LMUnsupportedFeatureError):
        text = f"a model cannot do what the request asks for: {one_line(str(error))[:300]}"
        return ApiError(400, text, code="unsupported_feature")
    if isinstance(error, dspy.LMError):
        text = f"a model failed ({type(error).__name__})"
        return ApiError(502, text, "server_error", code="model_failed")
    return ApiError(500, f"internal error ({type(error).__name__})", "server_error")

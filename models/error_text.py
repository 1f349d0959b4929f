"""Describe errors in one line: what is wrong, and what to do next."""

import errno
from typing import Any

from ..errors import cope_error_in, first_of_group
from ..util.user_file import describe_user_error
from .engines.registry import error_is_ours, name_forms

# By the class name of DSPy's errors, because DSPy may not be loaded.
_ADVICE = {
    "LMNotConfiguredError": "needs a key or setting that is not there",
    "LMAuthError": "the key was refused: check it, `cope doctor` lists which keys are set",
    "LMBillingError": "the provider wants payment or the quota is used up: look at the account",
    "LMRateLimitError": "too many requests: run it again later, "
    "or ask for fewer at once with --in-flight TIER=N",
    "LMUnsupportedModelError": "the provider has no such model: check the name",
    "ContextWindowExceededError": "the prompt does not fit: "
    "shorten it or use a model with a larger context",
    "LMTimeoutError": "no answer in time: raise --timeout, "
    "or ask for fewer at once with --in-flight TIER=N",
    "LMTransportError": "no connection to the server: check the address and the network",
    "LMServerError": "the server failed: run it again later",
    "LMInvalidRequestError": "the provider refused the request",
    "LMUnsupportedFeatureError": "the provider cannot do what is asked for",
    "LMConfigurationError": "the model is not set up right",
}


def describe_error(error: BaseException) -> str | None:
    """Return what failed and what to do; None for an error that nobody expected.

    Of a group it is the first error. DSPy wraps the errors of engines, so that a `CopeError`
    anywhere in the chain of causes is the one to report.

    >>> describe_error(OSError(28, "No space left on device", "/x"))
    'No space left on device (/x): make room and run it again'
    """
    error = first_of_group(error)
    ours = cope_error_in(error)
    if ours is not None:
        return str(ours)
    for cls in type(error).__mro__:
        if cls.__name__ in _ADVICE:
            return _describe_lm_error(error, cls.__name__)
    of_user = describe_user_error(error)
    if of_user is not None:
        return of_user
    if isinstance(error, OSError) and error.strerror:
        return _describe_os_error(error)
    return None


def _describe_os_error(error: OSError) -> str:
    message = str(error.strerror)
    if error.filename:
        message += f" ({error.filename})"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        message += ": make room and run it again"
    return message


def _describe_lm_error(error: Any, kind: str) -> str:
    """Describe an error of DSPy's.

    Args:
        error: the error.
        kind: the class name of `_ADVICE` that it has.
    """
    model = error.model or ""
    # DSPy's further lines are for the author of the program.
    message = (error.message or str(error)).strip().split("\n")[0].strip().rstrip(".")
    if error_is_ours(model):
        return f"{message} (--context N)" if kind == "ContextWindowExceededError" else message
    env_keys = getattr(error, "env_keys", None)
    if kind == "LMNotConfiguredError" and env_keys:
        return f"{model} needs a key: set {' or '.join(env_keys)} in the environment"
    if "LLM Provider NOT provided" in message:
        provider = model.partition("/")[0]
        forms = f"{name_forms()}, or as in openai/gpt-4o-mini"
        return f"no provider is named {provider!r}: write {forms}"
    prefix = f"{model}: " if model else ""
    return f"{prefix}{_ADVICE[kind]} ({message})"

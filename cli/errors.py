"""One error message for the user: what is wrong, and what to do next."""

import errno
from typing import Any

import click

from ..models.engines.registry import error_is_ours, name_forms
from ..util.redact import redact_error
from ..util.text import printable, shorten

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it
MAX_MESSAGE_CHARS = 600  # some servers answer with whole pages

# What failed and what to do, by the class name of DSPy's errors, because DSPy may not be loaded.
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


class ErrorHandlingGroup(click.Group):
    """A group that prints an error as one line on stderr and exits with 1, or 130 after Ctrl-C.

    With the group's option `--debug` errors keep their traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo("stopped by Ctrl-C", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"error: {error_message(error)}", err=True)
            ctx.exit(1)


def error_message(error: BaseException) -> str:
    """Return one line: what is wrong, and what to do next.

    DSPy wraps the errors of engines, so that a `CopeError` anywhere in the chain of causes is the
    one to report.

    >>> error_message(RuntimeError("odd"))
    'unexpected RuntimeError: odd; run it again with `cope --debug` for the details'
    """
    return printable(shorten(redact_error(_describe_error(error)), MAX_MESSAGE_CHARS))


def _describe_error(error: BaseException) -> str:
    from ..errors import CopeError

    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, CopeError):
            return str(cause)
        cause = cause.__cause__
    class_names = [cls.__name__ for cls in type(error).__mro__]
    for name in class_names:
        if name in _ADVICE:
            return _describe_lm_error(error, name)
    if isinstance(error, OSError) and error.strerror:
        return _describe_os_error(error)
    text = f": {error}" if str(error) else ""
    return f"unexpected {class_names[0]}{text}; run it again with `cope --debug` for the details"


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

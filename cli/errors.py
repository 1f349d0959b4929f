"""What went wrong, in one line that says what to do next."""

import errno
import os
from typing import Any

import click

from ..models.engines.registry import error_is_ours, name_forms
from ..util.text import shorten

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it
LONGEST = 600  # characters of a line; servers answer with whole pages

# DSPy's errors by class name, since DSPy may not be loaded: what failed, and what to do about it.
_ADVICE = {
    "LMNotConfiguredError": "needs a key or setting that is not there",
    "LMAuthError": "the key was refused: check it, `cope doctor` lists which keys are set",
    "LMBillingError": "the provider wants payment or the quota is used up: look at the account",
    "LMRateLimitError": "too many requests: run it again later, or ask for fewer at once with --in-flight TIER=N",
    "LMUnsupportedModelError": "the provider has no such model: check the name",
    "ContextWindowExceededError": "the prompt does not fit: shorten it or use a model with a larger context",
    "LMTimeoutError": "no answer in time: run it again, or ask for fewer at once with --in-flight TIER=N",
    "LMTransportError": "no connection to the server: check the address and the network",
    "LMServerError": "the server failed: run it again later",
    "LMInvalidRequestError": "the provider refused the request",
    "LMUnsupportedFeatureError": "the provider cannot do what is asked for",
    "LMConfigurationError": "the model is not set up right",
}


class GuardedGroup(click.Group):
    """A group in which an error is one line on stderr and an exit status: 1, or 130 for Ctrl-C.

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
            click.echo(f"error: {explain(error)}", err=True)
            ctx.exit(1)


def explain(error: BaseException) -> str:
    """One line for the user: what is wrong, and what to do next.

    DSPy wraps what engines raise; an error of ours anywhere in the chain of causes is what the user should read.

    >>> explain(RuntimeError("odd"))
    'unexpected RuntimeError: odd; run it again with `cope --debug` for the details'
    """
    return shorten(_without_keys(_explained(error)), LONGEST)


def _explained(error: BaseException) -> str:
    from ..errors import CopeError

    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, CopeError):
            return str(cause)
        cause = cause.__cause__
    names = [c.__name__ for c in type(error).__mro__]
    if known := next((name for name in names if name in _ADVICE), None):
        return _model_failure(error, known)
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename else ""
        hint = ": make room and run it again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        return f"{error.strerror}{place}{hint}"
    text = f": {error}" if str(error) else ""
    return f"unexpected {names[0]}{text}; run it again with `cope --debug` for the details"


def _model_failure(error: Any, kind: str) -> str:
    model = error.model or ""
    # DSPy's further lines are for who wrote the program.
    message = (error.message or str(error)).strip().split("\n")[0].strip().rstrip(".")
    if error_is_ours(model):
        option = " (--context N)" if kind == "ContextWindowExceededError" else ""
        return f"{message}{option}"
    if kind == "LMNotConfiguredError" and (names := getattr(error, "env_keys", None)):
        return f"{model} needs a key: set {' or '.join(names)} in the environment"
    if "LLM Provider NOT provided" in message:
        provider = model.partition("/")[0]
        return (
            f"no provider is named {provider!r}: write {name_forms()}, or as in openai/gpt-4o-mini"
        )
    where = f"{model}: " if model else ""
    return f"{where}{_ADVICE[kind]} ({message})"


def _without_keys(text: str) -> str:
    """Providers quote the key that they refuse."""
    for name, value in os.environ.items():
        if name.endswith(("_API_KEY", "_TOKEN")) and len(value) >= 8:
            text = text.replace(value, f"${name}")
    return text

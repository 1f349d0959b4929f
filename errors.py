"""Define the errors that a user can cause. Each message is one line that says what to do next."""

from collections.abc import Iterable


class CopeError(Exception):
    """An error that the user can correct. Trying again without a change does not help."""


class LacksLogprobs(CopeError):
    """A model or a record gives no log-probabilities, which a confidence needs."""


class Unavailable(CopeError):
    """A server or service did not answer after retries. The same command later resumes the work."""


def first_line(error: BaseException, max_chars: int = 200) -> str:
    """Return the first line of an error's message, or the name of its class if it has none.

    Args:
        max_chars: characters at most.

    >>> first_line(ValueError("no such column" + chr(10) + "in table x")), first_line(KeyError())
    ('no such column', 'KeyError')
    """
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return text[:max_chars]


def first_of_group(error: BaseException) -> BaseException:
    """Return the first error of a group; an error that is no group as it is.

    >>> first_of_group(ExceptionGroup("several", [ValueError("odd"), KeyError()]))
    ValueError('odd')
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def cope_error_in(error: BaseException) -> CopeError | None:
    """Return the `CopeError` that DSPy wrapped in an error of its own; None if there is none."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, CopeError):
        cause = cause.__cause__
    return cause


def suggest_names(name: str, known: Iterable[str], suffix: str = "") -> str:
    """Return a hint about an unknown name: the nearest known name, or all known names and `suffix`.

    >>> suggest_names("gsm8", ["gsm8k", "mbpp"]), suggest_names("x", ["gsm8k", "mbpp"])
    ('did you mean gsm8k?', 'there are gsm8k, mbpp')
    """
    import difflib

    names = list(known)
    near = difflib.get_close_matches(str(name), names, 1)  # Python callers may give anything
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}{suffix}"

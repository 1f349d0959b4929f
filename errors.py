"""The errors that a user can cause; each message is one line that says what to do next."""

from collections.abc import Iterable


class CopeError(Exception):
    """Something that the user can mend. Asking again without a change does not help."""


class Unavailable(CopeError):
    """A server or service did not answer after retries. The same command goes on later where it stopped."""


def first_line(error: BaseException, max_chars: int = 200) -> str:
    """What an error says in its first line, or its kind where it says nothing: libraries' errors go on for pages.

    Args:
        max_chars: characters at most.

    >>> first_line(ValueError("no such column" + chr(10) + "in table x")), first_line(KeyError())
    ('no such column', 'KeyError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:max_chars]


def suggest_names(name: str, known: Iterable[str], suffix: str = "") -> str:
    """What to say of a name that is not known: the nearest one, or all there are, and what else may be given.

    >>> suggest_names("gsm8", ["gsm8k", "mbpp"]), suggest_names("x", ["gsm8k", "mbpp"])
    ('did you mean gsm8k?', 'there are gsm8k, mbpp')
    """
    import difflib

    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}{suffix}"

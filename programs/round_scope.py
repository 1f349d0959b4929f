"""Ask only some rounds of a cascade, such as the later ones."""

from contextlib import AbstractContextManager

from ..models.scope import in_scope, scoped


def use_rounds(first: int = 1, last: int | None = None) -> AbstractContextManager[None]:
    """Let cascades that are called inside run only these rounds.

    Args:
        first: the number of the first round, from 1.
        last: the number of the last round, whose answer is returned; None for all.
    """
    return scoped("rounds", (first, last))


def rounds_in_scope() -> tuple[int, int | None]:
    """Return the first and the last round of the current context.

    >>> with use_rounds(2):
    ...     rounds_in_scope()
    (2, None)
    """
    return in_scope("rounds", (1, None))

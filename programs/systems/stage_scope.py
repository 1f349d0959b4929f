"""Number the calls that a system makes by its stages."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...models import call_labels
from ...models.scope import in_scope, scoped


@contextmanager
def at_stage(number: int) -> Iterator[None]:
    """Book the calls made inside to a stage of a system.

    A cascade that is asked inside counts its rounds from there: its first round is this stage, its
    second round the next one.

    Args:
        number: the stage, from 1.

    >>> with at_stage(2):
    ...     stage_number(1)
    2
    """
    with scoped("first_stage", number), call_labels(round=number):
        yield


def stage_number(round_number: int) -> int:
    """Return the stage of the running system that a round of a cascade is, both from 1."""
    return in_scope("first_stage", 1) + round_number - 1

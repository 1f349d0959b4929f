"""The functions of the caller of a run, because this room does not load models or print."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ...models import Team
from .store import QuestionResult


@dataclass(frozen=True)
class RunCallbacks:
    """Functions of the caller of a run.

    Attributes:
        load_models: loads the models of some tiers.
        on_start: called when the run starts, with the number of questions, the results of an
            earlier attempt and the number of stages. It returns a context for the time of the run,
            which yields a function that receives each new result.
        notify: receives a line for the user.
    """

    load_models: Callable[[Team, Iterable[str]], None]
    on_start: Callable[
        [int, Sequence[QuestionResult], int],
        AbstractContextManager[Callable[[QuestionResult], None]],
    ]
    notify: Callable[[str], None]

"""The protocol of a system, and the options from which one is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import dspy

from ...models import Team
from ..confidence.early_stopping import EXACT
from ..domains.registry import DEFAULT_DOMAIN
from .stage import Stage


@dataclass(frozen=True)
class SystemOptions:
    """Settings of a system that the user or the task chooses.

    Attributes:
        domain: the kind of questions.
        answer_kind: how answers are read and compared, a name in `ANSWER_KINDS`; None is the
            domain's kind.
        seed: all randomness depends on it.
        early_stop: when missing samples are left out, see `Cascade`.
        unsafe_code: whether model-written programs may run without a sandbox.
        settings: the system's own settings by name, see `parse_settings`.
    """

    domain: str = DEFAULT_DOMAIN
    answer_kind: str | None = None
    seed: int = 0
    early_stop: str = EXACT
    unsafe_code: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


class System(Protocol):
    """Anything that answers questions with a team's models and can be evaluated.

    A `Cascade` is one; a router or another cascade is another. `acall` returns a prediction with
    `answer`. It may have more fields, see `acall`. Calls, tokens, money and seconds are metered
    around it.
    """

    @property
    def name(self) -> str:
        """The name under which results are stored and compared."""
        ...

    @property
    def domain(self) -> str:
        """The kind of questions that it answers."""
        ...

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that it asks, the cheapest first; the last one alone is its baseline."""
        ...

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Its stages in order."""
        ...

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        """Answer a question.

        Calls are booked to stage 1, unless they are made inside `at_stage`.

        Args:
            inputs: `question`; for code also `tests`, `setup` and `entry_point`.

        Returns:
            A prediction with `answer` (None when none could be read), and optionally `confidence`
            (0 to 1), `votes` (vote to count), `round` (the stage that answered; else the latest
            stage that made a call) and `rounds` (a `RoundRecord` of each stage). A `Cascade` gives
            all of them.

        Raises:
            AdapterParseError: when a reply cannot be read; the question then has no answer.
            dspy.LMError: when a model failed, which is never an answer.
        """
        ...

    def fingerprint(self) -> str:
        """Return a digest of all that decides the answers but the models and `settings`."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return more settings that decide the answers, such as the seed, as plain data.

        A run is resumed when fingerprint, settings and models are the same.
        """
        ...

    def concurrency(self) -> int:
        """Return how many questions in flight keep the first tier busy."""
        ...


SystemFactory = Callable[[Team, SystemOptions], System]


def baseline_tier(system: System, team: Team) -> str:
    """Return the tier whose answers alone are a system's baseline: its last tier.

    Of a system that asks nothing but the team's first tier it is the team's second tier.
    """
    first, second, *_ = team.tiers
    last = system.tiers[-1]
    return second if last == first else last

"""The settings of an agent: its limits, and what happens when the samples of a step disagree."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ...util.arguments import check_number

Escalate = Literal["step", "episode", "stay"]

ESCALATIONS: dict[str, str] = {
    "step": "the next step starts with the first round again",
    "episode": "the game starts again, with the next round from its first step on",
    "stay": "all later steps of the game start with the round that answered",
}
"""What happens after a step whose vote is below its threshold, by name."""


@dataclass(frozen=True)
class AgentSettings:
    """The limits of an episode.

    Attributes:
        escalate: what happens after a step whose vote is below its threshold, see `ESCALATIONS`.
        max_steps: the maximum actions of a game.
        episode_tokens: the maximum tokens, read and written, of a game; None for no limit.
        history_chars: the maximum characters of the history that prompts show.
        patience: after so many successive steps without a new state the episode ends as a loop.

    Raises:
        CopeError: for a number below 1.
    """

    escalate: Escalate = "step"
    max_steps: int = 30
    episode_tokens: int | None = None
    history_chars: int = 2400
    patience: int = 12

    def __post_init__(self) -> None:
        for name in ("max_steps", "history_chars", "patience"):
            check_number(f"AgentSettings({name})", getattr(self, name), 1, whole=True)
        check_number(
            "AgentSettings(episode_tokens)", self.episode_tokens, 1, whole=True, optional=True
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for the fingerprint of a run."""
        return asdict(self)

"""MoT by votes: the majority over chains and programs of thought must be large enough."""

from ..confidence.base import Verdict
from .mixture_of_thought import MixtureOfThought, Thoughts, VoteSettings


class MotVote(MixtureOfThought):
    """Accept the majority over both prompts when its share reaches tau (arXiv 2310.03094).

        s = samples of chains and programs that give the most frequent answer / 2 n
        accept when s >= tau, else the large tier answers

    See `MixtureOfThought`. The paper draws a curve over tau; its default here is 0.6.
    """

    name = "mot-vote"
    settings_type = VoteSettings

    @property
    def threshold(self) -> float:
        """The paper's tau."""
        assert isinstance(self.chosen, VoteSettings)
        return self.chosen.threshold

    async def confidence(self, thoughts: Thoughts, pooled: Verdict) -> float:
        """Return the share of the pooled majority."""
        return pooled.confidence

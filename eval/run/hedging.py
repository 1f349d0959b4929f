"""What hedged escalation saved and wasted in a run, see `cope.programs.hedging`."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ...util.text import plural
from .store import QuestionResult


@dataclass(frozen=True)
class HedgingSummary:
    """The plans that were started while the vote of the round before was open.

    Attributes:
        started: number of them.
        used: those of them whose question escalated.
        seconds_saved: wall time that the used ones saved, over all questions.
        wasted_tokens: tokens read and written for the others, as far as they are known: a server
            may not say what a stopped call used.
    """

    started: int
    used: int
    seconds_saved: float
    wasted_tokens: int

    @classmethod
    def of_results(cls, results: Iterable[QuestionResult]) -> "HedgingSummary | None":
        """Return the summary of a run; None when no plan was started early."""
        started, used, seconds, wasted = 0, 0, 0.0, 0
        for result in results:
            for record in result.rounds:
                hedge = record.get("hedge")
                if hedge is None:
                    continue
                started += 1
                used += hedge["used"]
                seconds += hedge["seconds"]
                if not hedge["used"]:
                    wasted += _plan_tokens(result, record["round"] + 1)
        return cls(started, used, seconds, wasted) if started else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def text(self) -> str:
        """Return the summary as a sentence."""
        return (
            f"hedging started {plural(self.started, 'plan')} early and used {self.used}: "
            f"{self.seconds_saved:.1f} s saved, {self.wasted_tokens:,} tokens wasted"
        )


def _plan_tokens(result: QuestionResult, round_number: int) -> int:
    """Return the tokens of the plans of a round."""
    tokens = 0
    for row in result.usage:
        if row["round"] == round_number and row["role"] == "plan":
            tokens += (row["prompt_tokens"] or 0) + (row["completion_tokens"] or 0)
    return tokens

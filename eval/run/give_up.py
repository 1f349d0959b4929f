"""What leaving rounds early saved in a run, see `cope.programs.give_up`."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ...util.text import plural
from .store import QuestionResult


@dataclass(frozen=True)
class GiveUpSummary:
    """The rounds that were left because more samples were not worth their cost.

    Attributes:
        rounds: number of them.
        undrawn: samples that they did not draw.
        seconds_saved: an estimate of the model time of those, from the samples that the same rounds
            drew; None where it is not known.
    """

    rounds: int
    undrawn: int
    seconds_saved: float | None

    @classmethod
    def of_results(cls, results: Iterable[QuestionResult]) -> "GiveUpSummary | None":
        """Return the summary of a run; None when no round was left."""
        rounds, undrawn = 0, 0
        seconds: list[float | None] = []
        for result in results:
            for record in result.rounds:
                left_out = record.get("undrawn")
                if not left_out:
                    continue
                rounds += 1
                undrawn += left_out
                of_sample = _seconds_of_sample(result, record["round"], record["asked"])
                seconds.append(None if of_sample is None else left_out * of_sample)
        known = [one for one in seconds if one is not None]
        saved = sum(known) if len(known) == rounds else None
        return cls(rounds, undrawn, saved) if rounds else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def text(self) -> str:
        """Return the summary as a sentence."""
        text = f"give_up left {plural(self.rounds, 'round')} early: "
        text += f"{plural(self.undrawn, 'sample')} not drawn"
        if self.seconds_saved is None:
            return text
        return f"{text}, which take about {self.seconds_saved:.1f} s of model time"


def _seconds_of_sample(result: QuestionResult, round_number: int, asked: int) -> float | None:
    """Return the mean model time of a round's samples, with the plans that they have alone."""
    total = 0.0
    for row in result.usage:
        if row["round"] != round_number or (row["role"] == "plan" and row["calls"] < asked):
            continue
        if row["machine_seconds"] is None:
            return None
        total += row["machine_seconds"]
    return total / asked

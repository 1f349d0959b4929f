"""Hedged escalation: write the plan of the next round while the vote of a round is still open.

It saves the time that the plan takes where the question escalates, and wastes its tokens where it
does not. The answers are the same. The chance of escalation is read from a record: of its questions
whose first samples said as much, the share that escalated, by the rule of succession

    chance = (escalated + 1) / (questions + 2)
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ..errors import CopeError
from ..util.validate import check_type
from .confidence.base import Sample
from .events import use_observer
from .round_record import HedgeRecord

ESCALATION = "escalation"
"""The key of the counts in the further reports of a calibration."""

Count = Annotated[int, Field(ge=0)]


class StateCounts(TypedDict):
    """How many questions of a record were in a state, and how many of them escalated.

    Attributes:
        round: the round, from 1.
        drawn: samples counted so far.
        leading: those of them that support the leading answer.
        escalated: questions that escalated in the end.
        questions: questions that were in this state.
    """

    round: Count
    drawn: Count
    leading: Count
    escalated: Count
    questions: Count


class EscalationChances:
    """The chance that a question escalates, by what the samples of a round said so far.

    Args:
        counts: the counts of a record, see `StateCounts`.

    Raises:
        ValueError: when the counts are damaged, with the first wrong value.

    >>> row = {"round": 1, "drawn": 2, "leading": 1, "escalated": 7, "questions": 8}
    >>> EscalationChances([row]).chance(1, 2, 1)
    0.8
    """

    def __init__(self, counts: Iterable[StateCounts]) -> None:
        rows = list(counts)
        check_type(list[StateCounts], rows)
        self._counts: dict[tuple[int, int, int], tuple[int, int]] = {}
        for row in rows:
            state = row["round"], row["drawn"], row["leading"]
            self._counts[state] = row["escalated"], row["questions"]

    def chance(self, round_number: int, drawn: int, leading: int) -> float:
        """Return the chance of escalation; 0 for a state that the record does not have."""
        found = self._counts.get((round_number, drawn, leading))
        if found is None:
            return 0.0
        escalated, questions = found
        return (escalated + 1) / (questions + 2)


@dataclass(frozen=True)
class Hedge:
    """When the next round's plan is started early.

    Attributes:
        limit: the chance of escalation, 0 to 1, above which the plan is started.
        chances: of escalation.
    """

    limit: float
    chances: EscalationChances

    @classmethod
    def from_reports(cls, limit: float, reports: Mapping[str, object], source: str) -> "Hedge":
        """Return a hedge from the further reports of a calibration.

        Args:
            limit: the chance above which a plan is started.
            reports: `Certificate.more`.
            source: the calibration's file, for errors.

        Raises:
            CopeError: when the reports hold no counts, or damaged ones.
        """
        counts = reports.get(ESCALATION)
        if not isinstance(counts, list):
            raise CopeError(
                f"--hedge needs how often rounds escalate, and {source} does not hold it: "
                "run cope calibrate again"
            )
        try:
            return cls(limit, EscalationChances(counts))
        except ValueError as error:
            raise CopeError(f"{source} is damaged: {ESCALATION}: {error}") from None


class EarlyPlan:
    """The plan of the round after the running one, written once escalation is likely.

    Args:
        hedge: when it is started.
        round_number: the running round.
        write: writes the plan.

    Attributes:
        record: what became of the plan.
    """

    def __init__(
        self, hedge: Hedge, round_number: int, write: Callable[[], Awaitable[Sample]]
    ) -> None:
        self._hedge, self._round, self._write = hedge, round_number, write
        self._task: asyncio.Task[Sample] | None = None
        self._began = self._ended = 0.0
        self._drawn = 0
        self.record: HedgeRecord = {"used": False, "seconds": 0.0}

    @property
    def is_started(self) -> bool:
        """Whether the plan was started."""
        return self._task is not None

    def count(self, leading: int) -> None:
        """Count a sample of the running round, and start the plan when escalation is likely.

        Args:
            leading: the samples so far that support the leading answer.
        """
        self._drawn += 1
        if self._task is not None:
            return
        chance = self._hedge.chances.chance(self._round, self._drawn, leading)
        if chance > self._hedge.limit:
            self._began = time.perf_counter()
            self._task = asyncio.ensure_future(self._write_unobserved())

    async def _write_unobserved(self) -> Sample:
        # Observers hear of the plan when its round takes it, because it may never be used.
        with use_observer(None):
            sample = await self._write()
        self._ended = time.perf_counter()
        return sample

    async def take(self) -> Sample:
        """Wait for the plan, in the round that uses it."""
        assert self._task is not None
        taken = time.perf_counter()
        try:
            sample = await self._task
        finally:
            await self.cancel()
        self.record["used"] = True
        self.record["seconds"] = min(taken, self._ended) - self._began
        return sample

    async def cancel(self) -> None:
        """Stop writing, at the engine too, because the question did not escalate."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

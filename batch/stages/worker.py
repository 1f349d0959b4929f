"""Ask the rows of one stage, wherever a runner lets it happen."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import dspy

from ...eval.run.evaluate import first_error
from ...models import Call, use_ledger
from ...models.call_store import CallGroup, CallStore, GroupLedger
from ...models.concurrency import favoring_throughput
from ...models.run_budget import RunBudget
from ...programs import Cascade
from ...programs.confidence.early_stopping import NONE
from ...programs.one_round import ask_round, question_and_others
from ...util.hashing import digest
from ..row_error import row_error
from .rows import ANSWERED, FAILED, OPEN, RowOutcome, RowRequest, ShardRequest, ShardResponse


def _ignore(outcome: RowOutcome) -> None:
    """Do nothing with a row."""


@dataclass
class StageWorker:
    """Asks rows of a stage, several at a time.

    Attributes:
        cascade: the program.
        program: a digest of the program and the models of its tiers.
        run: the name of the run, which owns the calls that it pays for.
        store: the calls that all workers share; None keeps none.
        in_flight: the number of rows asked at the same time; None keeps the models busy.
        budget: limits the cost.
        on_row: receives every outcome.
    """

    cascade: Cascade
    program: str = ""
    run: str = ""
    store: CallStore | None = None
    in_flight: int | None = None
    budget: RunBudget = field(default_factory=lambda: RunBudget(None))
    on_row: Callable[[RowOutcome], None] = _ignore

    async def answer(self, requests: Iterable[ShardRequest]) -> AsyncIterator[ShardResponse]:
        """Ask the rows of shards in order, and yield each shard when its last row is done.

        Rows of the next shard are asked while the last ones of a shard are in progress. Rows that
        the budget does not allow have no outcome.

        Raises:
            CopeError: if a model cannot be reached or used.
        """
        finished: asyncio.Queue[ShardResponse | None] = asyncio.Queue()
        feeding = asyncio.create_task(self._feed(requests, finished))
        try:
            while True:
                response = await finished.get()
                if response is None:
                    break
                yield response
            await feeding
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)

    async def _feed(
        self, requests: Iterable[ShardRequest], finished: "asyncio.Queue[ShardResponse | None]"
    ) -> None:
        try:
            # History and trace would grow with the table.
            with dspy.context(disable_history=True, trace=None), favoring_throughput():
                if self.store is None:
                    await self._ask_all(requests, finished)
                else:
                    async with self.store.working():
                        await self._ask_all(requests, finished)
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None
        finally:
            finished.put_nowait(None)

    async def _ask_all(
        self, requests: Iterable[ShardRequest], finished: "asyncio.Queue[ShardResponse | None]"
    ) -> None:
        slots: asyncio.Semaphore | None = None
        async with asyncio.TaskGroup() as group:
            for request in requests:
                if slots is None:
                    slots = asyncio.Semaphore(self.in_flight or concurrency(self.cascade, request))
                await self._ask_shard(request, slots, group, finished)

    async def _ask_shard(
        self,
        request: ShardRequest,
        slots: asyncio.Semaphore,
        group: asyncio.TaskGroup,
        finished: "asyncio.Queue[ShardResponse | None]",
    ) -> None:
        """Start the rows of a shard; its last row delivers all outcomes."""
        outcomes: list[RowOutcome] = []
        left = len(request.rows)

        async def ask(row: RowRequest) -> None:
            nonlocal left
            try:
                async with self.budget.question() as allowed:
                    if allowed:
                        outcome = await self.ask(request.stage, row)
                        outcomes.append(outcome)
                        self.on_row(outcome)
            finally:
                slots.release()
            left -= 1
            if not left:
                finished.put_nowait(ShardResponse(request.stage, request.shard, outcomes))

        for row in request.rows:
            await slots.acquire()
            group.create_task(ask(row))

    async def ask(self, stage: int, row: RowRequest) -> RowOutcome:
        """Ask one row. An error that concerns this row only is in its outcome.

        Raises:
            CopeError: or another error that every row would raise.
        """
        if self.store is None:
            return await self._ask(stage, row, None)
        group = group_of(self.cascade, self.program, stage, row)
        async with self.store.group(group, f"{self.run}:{row.row}") as ledger:
            return await self._ask(stage, row, ledger)

    async def _ask(self, stage: int, row: RowRequest, ledger: GroupLedger | None) -> RowOutcome:
        question, _ = question_and_others(self.cascade, row.inputs)
        if stage < self.cascade.first_round(question):
            return RowOutcome(row.row, OPEN, attempts=row.attempts)
        try:
            with use_ledger(ledger):
                outcome = await ask_round(self.cascade, stage, row.inputs, row.progress)
        except Exception as error:
            return RowOutcome(row.row, FAILED, row_error(error))
        is_last = stage == len(self.cascade.preset.rounds)
        result = RowOutcome(
            row.row,
            ANSWERED if outcome.record["accepted"] or is_last else OPEN,
            record=outcome.record,
            plan=outcome.plan,
            attempts=outcome.attempts,
            usage=outcome.usage,
            seconds=round(outcome.seconds, 3),
        )
        shared = [] if ledger is None else [Call.from_dict(call) for call in ledger.shared]
        costs = [call.usd or 0.0 for call in shared]
        return replace(result, shared=len(shared), shared_usd=sum(costs))


def group_of(cascade: Cascade, program: str, stage: int, row: RowRequest) -> CallGroup:
    """Return the group of the calls of a row in a stage."""
    question, others = question_and_others(cascade, row.inputs)
    return CallGroup(digest(question, others), program, stage)


def concurrency(cascade: Cascade, request: ShardRequest) -> int:
    """Return how many rows keep the busiest tier of a stage busy for the fewest calls.

    A row fills a slot with each sample, or one slot when a single sample can decide; one row more
    waits. Where a round may stop early there are twice as many rows as slots. Then some row always
    has a sample that it needs, and no slot is left for a sample that its row may not need.
    """
    spec = cascade.preset.rounds[request.stage - 1]
    slots = cascade.team[spec.reasoner].lm.runtime.semaphore.size
    if spec.planner is not None:
        slots = max(slots, cascade.team[spec.planner].lm.runtime.semaphore.size)
    if cascade.confidence_of(request.stage).single_sample_decides:
        return max(2, slots + 1)
    if spec.samples > 1 and cascade.early_stop != NONE:
        return max(2, 2 * slots)
    return max(2, math.ceil(slots / spec.samples) + 1)


def program_digest(cascade: Cascade, settings: Any) -> str:
    """Return a digest of a program and of all settings that decide its calls."""
    models = {tier: cascade.team[tier].model for tier in cascade.tiers}
    return digest(cascade.fingerprint(), cascade.settings(), models, settings)

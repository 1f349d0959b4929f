"""Answer a table stage by stage, in shards, each of which may be asked again at any time."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...errors import CopeError
from ...eval.run.prices import prices_of
from ...eval.tasks.code_rows import BadRow
from ...models.budget import cost_for_budget
from ...models.call_store import CallStore
from ...models.prices import Price
from ...models.run_budget import RunBudget, spent_before
from ...programs import Cascade
from ...util.storage import Storage
from ..answer_columns import output_names
from ..job import TableJob, run_to_end
from ..runners.base import RUNNERS, RunnerContext
from ..tables import TableFacts, scan
from .options import BatchOptions
from .output import open_rows, write_output
from .report import BatchReport, StageTotals
from .rows import FAILED, REFUSED, RowOutcome, RowRequest, ShardRequest
from .state import BatchState
from .worker import group_of, program_digest

_SHARDS_IN_MEMORY = 4
"""Shards in progress that are not read from their files again; a runner may begin all of them."""


def _ignore(*args: object) -> None:
    """Drop what is reported."""


@dataclass(frozen=True)
class BatchCallbacks:
    """Functions of the caller.

    Attributes:
        on_stage: receives a stage that begins, with the sums of an earlier attempt, and the number
            of rows that are left.
        on_row: receives every outcome as soon as it is known.
        notify: receives a line for the user.
        load_models: loads the models of tiers, before a stage asks them in this process.
    """

    on_stage: Callable[[StageTotals, int], None] = _ignore
    on_row: Callable[[RowOutcome], None] = _ignore
    notify: Callable[[str], None] = _ignore
    load_models: Callable[[Iterable[str]], None] = _ignore


def run_batch(job: TableJob, callbacks: BatchCallbacks | None = None) -> BatchReport:
    """Answer the rows of a table stage by stage, and write them as Parquet files.

    The first stage asks round 1 of all rows, the next one round 2 of the rows that are still open.
    Every shard of a stage is saved when it is done, and every call when it is answered. So the same
    call resumes a killed batch, and stops at a limit of the cost with each row in a known state.

    Args:
        job: the table, with `BatchOptions`.
        callbacks: functions of the caller.

    Raises:
        CopeError: before any row is asked: if the table cannot be read, a column is missing, or
            the folder is of another batch. Later: if a model cannot be reached or used; the answers
            so far are saved.
    """
    cascade, options = job.system, job.options
    if not isinstance(cascade, Cascade):
        raise CopeError(f"{job.system.name} has no rounds: a batch needs a cascade")
    if not isinstance(options, BatchOptions) or not options.folder:
        raise CopeError("a batch needs BatchOptions with a folder")
    callbacks = callbacks or BatchCallbacks()
    RUNNERS.by_name(options.runner)  # a wrong name leaves no folder behind
    facts = scan(job.table)
    names = output_names(options.added_columns, facts.columns)
    state = BatchState(Storage(options.folder), len(cascade.preset.rounds), options.retry_errors)
    settings = job.identity(facts) | {"shard_rows": options.shard_rows, "limit": options.limit}
    rows = min(facts.rows, options.limit or facts.rows)
    with state.open(settings, options.again):
        state.split(_shards(job, facts, options.shard_rows), rows, options.shard_rows)
        batch = _Batch(job, cascade, options, state, callbacks)
        run_to_end(batch.run())
        written = write_output(job, facts, state, names, options.shard_rows, batch.prices)
    return BatchReport(
        rows,
        state.shards,
        written.open,
        written.totals,
        batch.stages,
        names,
        written.files,
        batch.stop_reason,
    )


def batch_document(job: TableJob, report: BatchReport) -> dict[str, Any]:
    """Return a batch as plain data."""
    options = job.options
    assert isinstance(options, BatchOptions)
    mapping = options.mapping
    document: dict[str, Any] = {"data": job.table.name, "output": options.folder}
    document["runner"] = options.runner
    document["columns"] = mapping.as_dict() if mapping else {}
    document["preset"] = job.system.name
    document["answer_kind"] = job.answer_kind
    return document | dict(job.settings) | report.as_dict()


def _shards(
    job: TableJob, facts: TableFacts, size: int
) -> Iterator[tuple[list[RowRequest], list[RowOutcome]]]:
    """Yield the inputs of the rows of each shard, and the outcomes of rows without a question."""
    row_inputs = job.row_inputs(facts)
    rows = enumerate(islice(job.table.read(), job.options.limit), 1)
    while True:
        requests: list[RowRequest] = []
        refused: list[RowOutcome] = []
        for number, row in islice(rows, size):
            inputs: Mapping[str, Any] = {}
            try:
                inputs = row_inputs(row)
            except BadRow as error:
                refused.append(RowOutcome(number, REFUSED, str(error)))
            plain = json.loads(json.dumps(inputs, default=str))  # as another process reads it
            requests.append(RowRequest(number, plain))
        if not requests:
            return
        yield requests, refused


class _Batch:
    """The stages of a batch."""

    def __init__(
        self,
        job: TableJob,
        cascade: Cascade,
        options: BatchOptions,
        state: BatchState,
        callbacks: BatchCallbacks,
    ) -> None:
        self._cascade, self._options, self._state = cascade, options, state
        self._callbacks = callbacks
        self._loaded: set[str] = set()
        self._asked: OrderedDict[tuple[int, int], ShardRequest] = OrderedDict()
        self.stages: list[StageTotals] = []
        self.stop_reason: str | None = None
        self._program = program_digest(cascade, dict(job.settings))
        folder = state.storage.inside("calls")
        self._keeps_calls = options.calls is not None
        if options.calls is not None:
            folder = Storage(options.calls)
        self._store = CallStore(folder, options.lease_seconds)
        context = RunnerContext(
            cascade,
            self._program,
            state.run,
            options,
            state.storage,
            self._store,
            RunBudget(options.budget, prices=prices_of(cascade)),
            on_row=callbacks.on_row,
            notify=callbacks.notify,
            load_models=self._load_models,
        )
        self._runner = RUNNERS.by_name(options.runner)(context)
        self.prices: Mapping[str, Price] = prices_of(cascade)  # the runner may have changed them
        self._budget, self._spent = context.budget, 0.0
        if options.budget is not None:
            self._budget.spent = spent_before(self._store.calls_of(state.run), self.prices)

    def _load_models(self, tiers: Iterable[str]) -> None:
        new = [tier for tier in dict.fromkeys(tiers) if tier not in self._loaded]
        if new:
            self._loaded.update(new)
            self._callbacks.load_models(new)

    async def run(self) -> None:
        """Run all stages, as far as the budget allows."""
        for stage in self._cascade.stages:
            totals = StageTotals.of_stage(stage)
            self.stages.append(totals)
            left = self._read_earlier(totals)
            if not left:
                continue
            if self._may_not_begin():
                self._stop(stage.number, left)
                return
            self._callbacks.on_stage(totals, left)
            await self._run_stage(totals)
            if self._budget.stopped:
                self._stop(stage.number, self._open_in(stage.number))
                return

    def _read_earlier(self, totals: StageTotals) -> int:
        """Add the outcomes of earlier attempts, and return the number of rows that are left."""
        left = 0
        questions = []
        for shard in range(self._state.shards):
            outcomes = self._state.outcomes(totals.stage, shard)
            totals.add(outcomes)
            left += self._state.count_open(totals.stage, shard)
            if self._options.budget is not None:
                questions += [one.usage for one in outcomes if one.usage]
        if self._options.budget is not None:
            earlier = sum(map(cost_for_budget, questions)) - totals.shared_usd
            self._spent += earlier
            self._budget.spent += earlier
            self._budget.begin(questions)
        return left

    def _may_not_begin(self) -> bool:
        limit = self._options.budget
        return limit is not None and max(self._spent, self._budget.spent) >= limit

    def _open_in(self, stage: int) -> int:
        return sum(self._state.count_open(stage, shard) for shard in range(self._state.shards))

    def _stop(self, stage: int, left: int) -> None:
        spent = max(self._spent, self._budget.spent)
        self.stop_reason = (
            f"the limit of ${self._options.budget:g} stops stage {stage} with {left:,} open rows "
            f"(${spent:.4f} spent); what is answered is saved, and the same command "
            "with a larger --max-cost continues"
        )

    def _request(self, stage: int, shard: int) -> ShardRequest:
        """Return the rows of a shard that a stage has not asked yet."""
        states = self._state.rows(shard, stage - 1)
        done = {outcome.row for outcome in self._state.outcomes(stage, shard)}
        rows = [one.request for one in open_rows(states) if one.request.row not in done]
        return ShardRequest(stage, shard, rows)

    def _requests(self, stage: int) -> Iterator[ShardRequest]:
        for shard in range(self._state.shards):
            if self._budget.stopped:
                return
            request = self._request(stage, shard)
            if request.rows:
                self._asked[stage, shard] = request
                if len(self._asked) > _SHARDS_IN_MEMORY:
                    self._asked.popitem(last=False)
                yield request

    async def _run_stage(self, totals: StageTotals) -> None:
        """Ask the open rows, and save each shard as it is done."""
        async for response in self._runner.run_stage(self._requests(totals.stage)):
            asked = self._asked.pop((totals.stage, response.shard), None)
            if asked is None:
                asked = self._request(totals.stage, response.shard)
            self._check(asked, response.outcomes)
            self._state.add(totals.stage, response.shard, response.outcomes)
            totals.add(response.outcomes)
            self._count_cost(response.outcomes)
            if not self._keeps_calls:
                await self._store.storage.run(self._forget_calls, asked, response.outcomes)

    def _check(self, asked: ShardRequest, outcomes: list[RowOutcome]) -> None:
        """Raise an error for rows that a runner was not asked, or answers twice."""
        left = {row.row for row in asked.rows}
        for outcome in outcomes:
            if outcome.row not in left:
                raise CopeError(
                    f"the runner {self._options.runner} answered row {outcome.row} of shard "
                    f"{asked.shard}, which it was not asked: its package must be mended"
                )
            left.remove(outcome.row)

    def _count_cost(self, outcomes: list[RowOutcome]) -> None:
        if self._options.budget is not None:
            for outcome in outcomes:
                self._spent += cost_for_budget(outcome.usage) - outcome.shared_usd

    def _forget_calls(self, asked: ShardRequest, outcomes: list[RowOutcome]) -> None:
        """Remove the calls of finished rows: the store does not grow with the table."""
        finished = {one.row for one in outcomes if one.state != FAILED}
        for row in asked.rows:
            if row.row in finished:
                group = group_of(self._cascade, self._program, asked.stage, row)
                self._store.forget(group)

"""The seam of runners: who asks the rows of a stage, and what a runner is given."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from ...models.call_store import CallStore
from ...models.run_budget import RunBudget
from ...programs import Cascade
from ...util.registry import Registry
from ...util.storage import Storage
from ..stages.options import BatchOptions
from ..stages.rows import RowOutcome, ShardRequest, ShardResponse
from ..stages.worker import StageWorker


class Runner(Protocol):
    """Asks the rows of a stage, and returns what the stage left of them."""

    def run_stage(self, requests: Iterable[ShardRequest]) -> AsyncIterator[ShardResponse]:
        """Ask the rows of shards of one stage, and yield each shard once its rows are done.

        Shards may come in any order. Rows that have no outcome are asked again by a later attempt.

        Raises:
            CopeError: if a model cannot be reached or used.
        """
        ...


@dataclass(frozen=True)
class RunnerContext:
    """What a runner is given.

    Attributes:
        cascade: the program.
        program: a digest of the program and the models of its tiers.
        run: the name of the run, which owns the calls that it pays for.
        options: the options of the batch.
        state: the folder of the state of the batch, in which a runner may keep files of its own.
        store: the calls that all workers share.
        budget: limits the cost, where a runner can stop within a stage.
        on_row: receives every outcome as soon as it is known here.
        notify: receives a line for the user.
        load_models: loads the models of tiers in this process, once.
    """

    cascade: Cascade
    program: str
    run: str
    options: BatchOptions
    state: Storage
    store: CallStore
    budget: RunBudget = field(default_factory=lambda: RunBudget(None))
    on_row: Callable[[RowOutcome], None] = lambda outcome: None
    notify: Callable[[str], None] = lambda text: None
    load_models: Callable[[Iterable[str]], None] = lambda tiers: None

    def load_stage(self, stage: int) -> None:
        """Load the models that a stage asks in this process."""
        self.load_models(self.cascade.stages[stage - 1].tiers)

    def worker(self) -> StageWorker:
        """Return what asks rows in this process, within the budget."""
        worker = self.plain_worker(self.options.questions)
        return replace(worker, budget=self.budget, on_row=self.on_row)

    def plain_worker(self, in_flight: int | None) -> StageWorker:
        """Return what asks rows, whatever they cost, and reports none of them."""
        return StageWorker(self.cascade, self.program, self.run, self.store, in_flight)


RunnerFactory = Callable[[RunnerContext], Runner]


def _check(factory: object) -> None:
    if not callable(factory):
        raise TypeError("a runner is a function of a RunnerContext")


RUNNERS: Registry[RunnerFactory] = Registry("runner", "cope.runners", _check)
"""The runners by name."""

"""The runner `local`: asks all rows in this process, as many at a time as keep the models busy."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from ..stages.rows import ShardRequest, ShardResponse
from .base import RunnerContext


@dataclass(frozen=True)
class LocalRunner:
    """Asks all rows in this process.

    Attributes:
        context: what it is given.
    """

    context: RunnerContext

    def run_stage(self, requests: Iterable[ShardRequest]) -> AsyncIterator[ShardResponse]:
        """Ask the rows of shards in order, see `StageWorker.answer`."""
        context = self.context
        if context.options.calls is None and context.state.path is not None:
            context.store.work_alone()  # the folder of the batch is locked
        return context.worker().answer(self._with_models(requests))

    def _with_models(self, requests: Iterable[ShardRequest]) -> Iterator[ShardRequest]:
        for request in requests:
            self.context.load_stage(request.stage)
            yield request

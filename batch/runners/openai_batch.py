"""The runner `openai-batch`: requests to APIs are collected and answered as batches.

The rows of a shard run until each of them waits for a reply. Their requests go to a file, and the
rows are dropped: the memory does not grow with the table. When the batches of all shards are
answered, the shards run again, with the replies that are there now, until no row waits. Every call
that was answered is in the store, so running a shard again costs nothing.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import CopeError, suggest_names
from ...models.admission import admission_control
from ...models.api_transport import use_transport
from ...programs import Cascade
from ...programs.confidence.early_stopping import EXACT, NONE
from ...util.json_types import JsonObject
from ...util.text import plural
from ..stages.rows import ShardRequest, ShardResponse
from .base import RunnerContext
from .batch_log import BatchLog, SubmittedBatch
from .batch_service import BatchFiles, BatchService, OpenAIBatches
from .litellm_batches import LiteLLMBatches
from .parked import ParkedRequests, Target, request_line, row_of

MAX_BYTES = 100_000_000
"""The size of a file of requests; OpenAI takes twice as much."""

_DEFAULTS = {
    "window": "24h",
    "discount": "0.5",
    "poll": "30",
    "max-requests": "50000",
    "settle": "0.5",
    "resubmit": "3",
    "files": "",
    "litellm": "",
}


@dataclass(frozen=True)
class BatchSettings:
    """The settings of the runner.

    Attributes:
        window: in which time a batch is answered, as the API names it.
        discount: the share of the price that a batch costs.
        poll: seconds between two looks at a batch.
        max_requests: the most requests of a batch.
        settle: seconds without a change after which all rows of a shard wait for a batch.
        resubmit: how often a request is submitted again that expired or failed for a while.
        files: a folder in which another program answers the files; empty for a batch API.
        litellm: the provider whose batch API LiteLLM asks; empty for that of OpenAI.
    """

    window: str
    discount: float
    poll: float
    max_requests: int
    settle: float
    resubmit: int
    files: str
    litellm: str

    @classmethod
    def of_options(cls, given: "dict[str, str]") -> "BatchSettings":
        """Return the settings of the options of a runner.

        Raises:
            CopeError: for an unknown name, or a value that is no number.
        """
        for name in given:
            if name not in _DEFAULTS:
                raise CopeError(f"--runner-option {name}: {suggest_names(name, _DEFAULTS)}")
        values = _DEFAULTS | given
        if values["files"] and "discount" not in given:
            values["discount"] = "1"
        try:
            return cls(
                values["window"],
                float(values["discount"]),
                float(values["poll"]),
                int(values["max-requests"]),
                float(values["settle"]),
                int(values["resubmit"]),
                values["files"],
                values["litellm"],
            )
        except ValueError as error:
            raise CopeError(f"--runner-option: {error}") from None


class OpenAIBatchRunner:
    """Asks the tiers behind APIs in batches, and all other tiers in this process.

    Args:
        context: what a runner is given.
        service: answers the batches; None is the API of each tier, or the files that are named.
    """

    def __init__(self, context: RunnerContext, service: BatchService | None = None) -> None:
        self._context = replace(context, cascade=_asks_all(context.cascade))
        self._settings = BatchSettings.of_options(dict(context.options.runner_settings))
        self._headers: dict[str, dict[str, str]] = {}
        self._service: BatchService = service or self._named_service()
        team = context.cascade.team
        for name in context.cascade.tiers:
            if team[name].engine is None:
                team.send_in_batches(name, self._settings.discount)

    def _named_service(self) -> BatchService:
        """Return what the settings name."""
        settings = self._settings
        if settings.files:
            return BatchFiles(Path(settings.files))
        if settings.litellm:
            return LiteLLMBatches(settings.litellm, self._headers_of, settings.window)
        return OpenAIBatches(self._headers_of, settings.window)

    def _headers_of(self, base: str) -> dict[str, str]:
        kept = {"authorization", "api-key", "openai-organization", "openai-project"}
        headers = self._headers.get(base, {})
        return {name: value for name, value in headers.items() if name.lower() in kept}

    async def run_stage(self, requests: Iterable[ShardRequest]) -> AsyncIterator[ShardResponse]:
        """Ask the rows of shards in as many rounds of batches as they need.

        Raises:
            CopeError: if a batch fails, or a model cannot be reached or used.
        """
        stage = 0
        log: BatchLog | None = None
        waiting: list[int] = []
        for request in requests:
            if log is None:
                stage = request.stage
                folder = self._context.state.inside(f"openai-batch/stage-{stage}")
                log = BatchLog(folder, self._context.options.shard_rows)
            waiting += log.keep([request])
            if self._context.options.retry_errors:
                log.forget_results(request.shard)
        if log is None:
            return
        self._context.load_stage(stage)
        resubmits: dict[str, int] = {}
        while waiting:
            files = _RequestFiles(log, self._settings.max_requests)
            submitted = {name for one in log.batches() for name in log.sent_ids(one.name)}
            for shard in list(waiting):
                response = await self._pass(log.request(stage, shard), log, submitted, files)
                if response is not None:
                    waiting.remove(shard)
                    for outcome in response.outcomes:
                        self._context.on_row(outcome)
                    yield response
                    log.forget_results(shard)
            if waiting:
                await self._submit(files, log)
                await self._collect(log, resubmits)

    async def _pass(
        self, request: ShardRequest, log: BatchLog, submitted: set[str], files: "_RequestFiles"
    ) -> ShardResponse | None:
        """Run the rows of a shard until all are done or wait; return None when some wait."""
        parked = ParkedRequests(log.results(request.shard), submitted, files.add)
        parked.headers = self._headers
        worker = self._context.plain_worker(len(request.rows))

        async def run() -> list[ShardResponse]:
            return [response async for response in worker.answer([request])]

        with use_transport(parked), admission_control(parked):
            running = asyncio.create_task(run())
            settled = asyncio.create_task(parked.all_parked(self._settings.settle))
        try:
            await asyncio.wait({running, settled}, return_when=asyncio.FIRST_COMPLETED)
            return running.result()[0] if running.done() else None
        finally:
            for task in (running, settled):
                task.cancel()
            await asyncio.gather(running, settled, return_exceptions=True)

    async def _submit(self, files: "_RequestFiles", log: BatchLog) -> None:
        """Submit the collected requests."""
        for target, name, count in files.take():
            batch = await self._service.submit(target, name, log.sent(name))
            log.save([*log.batches(), SubmittedBatch(batch, name, target.base, target.model)])
            self._context.notify(
                f"batch {batch}: {plural(count, 'request')} to {target.model} submitted"
            )

    async def _collect(self, log: BatchLog, resubmits: dict[str, int]) -> None:
        """Wait until all batches are answered, and keep their results."""
        while True:
            for one in log.batches():
                try:
                    lines = await self._service.results(one.target, one.id)
                except CopeError as error:
                    if "submits its requests again" in str(error):
                        _drop(log, one)
                    raise
                if lines is None:
                    continue
                kept = [line for line in lines if self._is_final(line, resubmits)]
                log.keep_results(one.name, kept)
                _drop(log, one)
                self._context.notify(f"batch {one.id}: {plural(len(kept), 'result')}")
            if not log.batches():
                return
            await asyncio.sleep(self._settings.poll)

    def _is_final(self, line: JsonObject, resubmits: dict[str, int]) -> bool:
        """Return whether a result is kept; others are submitted again, as often as is allowed."""
        response, error = line.get("response"), line.get("error")
        status = response.get("status_code") if isinstance(response, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        passes = status in (408, 409, 425, 429) or (isinstance(status, int) and status >= 500)
        if not passes and code != "batch_expired":
            return True
        name = line["custom_id"]
        resubmits[name] = resubmits.get(name, 0) + 1
        return resubmits[name] > self._settings.resubmit


def _asks_all(cascade: Cascade) -> Cascade:
    """Return a cascade whose rounds do not stop early, because a batch has all their requests.

    `exact` decides the same with all samples. A heuristic rule decides as it does elsewhere.
    """
    if cascade.early_stop != EXACT:
        return cascade
    other = copy.copy(cascade)
    other.early_stop = NONE
    return other


def _drop(log: BatchLog, batch: SubmittedBatch) -> None:
    with suppress(ValueError):
        log.save([one for one in log.batches() if one != batch])


class _RequestFiles:
    """The requests of a pass, in files of a limited size in the order of rows, each to one model.

    In memory is one file for each model.

    Args:
        log: names the files.
        most: the most requests of a file.
    """

    def __init__(self, log: BatchLog, most: int) -> None:
        self._log, self._most = log, most
        self._open: dict[Target, list[tuple[int, str, bytes]]] = {}
        self._sizes: dict[Target, int] = {}
        self._full: list[tuple[Target, str, int]] = []

    def add(self, target: Target, name: str, body: JsonObject) -> None:
        """Add a request."""
        line = request_line(name, body)
        lines = self._open.setdefault(target, [])
        size = self._sizes.get(target, 0)
        if lines and (len(lines) >= self._most or size + len(line) > MAX_BYTES):
            self._close(target)
            lines, size = self._open.setdefault(target, []), 0
        lines.append((row_of(name), name, line))
        self._sizes[target] = size + len(line)

    def _close(self, target: Target) -> None:
        lines = self._open.pop(target)
        name = self._log.next_name()
        self._log.keep_sent(name, b"".join(line for _, _, line in sorted(lines)))
        self._full.append((target, name, len(lines)))

    def take(self) -> list[tuple[Target, str, int]]:
        """Return the files: whom they ask, their names, the numbers of their requests."""
        for target in list(self._open):
            self._close(target)
        return self._full

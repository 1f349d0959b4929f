"""The folder of a batch: its settings, the inputs of each shard, and what each stage left of it.

The folder `_batch` inside the output holds `run.json`, `inputs/SHARD.parquet` and
`stage-N/SHARD.parquet`. Every file is written whole, so a shard may be asked again at any time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from ...errors import CopeError
from ...util.json_text import parse_json
from ...util.json_types import JsonObject
from ...util.lock import lock_directory
from ...util.redact import redact_data
from ...util.storage import Storage
from ...util.text import shorten
from .rows import (
    FAILED,
    OPEN,
    RowOutcome,
    RowRequest,
    pack_outcomes,
    pack_requests,
    unpack_outcomes,
    unpack_requests,
)

STATE_FOLDER = "_batch"
PART = "part-"
"""The start of the names of the output's files."""

_RUN_FILE = "run.json"
_REFUSED_STAGE = 0


@dataclass
class RowState:
    """A row between two stages.

    Attributes:
        request: the row as it is asked next.
        outcomes: what the stages so far left of it, in order.
    """

    request: RowRequest
    outcomes: list[RowOutcome] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether a later stage asks the row."""
        return not self.outcomes or self.outcomes[-1].state == OPEN

    def add(self, stage: int, outcome: RowOutcome) -> None:
        """Add what a stage left of the row."""
        self.outcomes.append(outcome)
        if outcome.state == OPEN and outcome.record is not None:
            plans = dict(self.request.plans)
            if outcome.plan is not None:
                plans[stage] = outcome.plan
            self.request = replace(self.request, plans=plans, attempts=outcome.attempts)


class BatchState:
    """The state of a batch, which every stage reads and adds to.

    Args:
        output: the folder of the answers.
        stages: the number of stages.
        retry_failed: whether rows on which a model failed are asked again.
    """

    def __init__(self, output: Storage, stages: int, retry_failed: bool = False) -> None:
        self.output = output
        self.storage = output.inside(STATE_FOLDER)
        self.stages = stages
        self.retry_failed = retry_failed
        self.run = ""
        self.shards = 0
        self._settings: JsonObject = {}

    @contextmanager
    def open(self, settings: Mapping[str, Any], again: bool) -> Iterator[None]:
        """Open the folder, which other processes on this machine then leave alone.

        Args:
            settings: all settings that decide the answers.
            again: whether an earlier run is removed.

        Raises:
            CopeError: if the folder is of another run, or another process writes to it.
        """
        path = self.storage.path
        lock = None
        if path is not None:
            lock = lock_directory(path, "batch", "name another folder with -o")
        try:
            saved = {} if again else self._saved()
            if not saved:
                self._begin(again)
            plain = json.loads(json.dumps(redact_data(dict(settings)), default=str))
            if saved:
                self._check(saved.get("settings"), plain)
            self.run = str(saved.get("run") or uuid4().hex[:12])
            self.shards = int(saved.get("shards") or 0)
            self._save(plain)
            yield
        finally:
            if lock is not None:
                lock.release()

    def _saved(self) -> JsonObject:
        try:
            saved = parse_json(self.storage.read(_RUN_FILE) or b"{}")
        except ValueError:
            saved = None
        if not isinstance(saved, dict):
            raise CopeError(f"{self.storage.address(_RUN_FILE)} is damaged: start with --again")
        return saved

    def _save(self, settings: JsonObject) -> None:
        document = {"run": self.run, "shards": self.shards, "settings": settings}
        self._settings = settings
        self.storage.write(_RUN_FILE, json.dumps(document, indent=1).encode())

    def _check(self, saved: object, settings: JsonObject) -> None:
        """Raise an error if the folder was not made with these settings."""
        if not isinstance(saved, dict):
            raise CopeError(f"{self.storage.address(_RUN_FILE)} is damaged: start with --again")
        for name in [*settings, *saved]:
            if saved.get(name) != settings.get(name):
                old, new = shorten(str(saved.get(name)), 60), shorten(str(settings.get(name)), 60)
                raise CopeError(
                    f"{self.output.url} was made with other settings ({name}: {old}, now {new}): "
                    "name another folder with -o, or answer all rows again with --again"
                )

    def _begin(self, again: bool) -> None:
        """Remove what is left of another batch.

        Raises:
            CopeError: if there are answers that no batch has made, unless all are made again.
        """
        parts = [name for name in self.output.names() if name.startswith(PART)]
        if parts and not again:
            raise CopeError(
                f"{self.output.address(parts[0])} is there and was not made by this command: name "
                "another folder with -o, or write over it with --again"
            )
        for name in self.storage.names():
            if name != "lock":
                self.storage.remove(name)
        for name in parts:
            self.output.remove(name)

    def split(self, shards: Iterable[tuple[list[RowRequest], list[RowOutcome]]]) -> None:
        """Write the inputs of all shards, unless an earlier attempt has done it.

        Args:
            shards: the rows of each shard, and the outcomes of those that cannot be asked.
        """
        if self.shards:
            return
        count = 0
        for requests, refused in shards:
            self.storage.write(f"inputs/{count:05}.parquet", pack_requests(requests))
            self.write(_REFUSED_STAGE, count, refused)
            count += 1
        self.shards = count
        self._save(self._settings)

    def write(self, stage: int, shard: int, outcomes: Iterable[RowOutcome]) -> None:
        """Write what a stage left of the rows of a shard."""
        self.storage.write(_name(stage, shard), pack_outcomes(outcomes))

    def outcomes(self, stage: int, shard: int) -> list[RowOutcome]:
        """Return what a stage left of the rows of a shard; empty before the stage."""
        name = _name(stage, shard)
        data = self.storage.read(name)
        if data is None:
            return []
        found = unpack_outcomes(data, self.storage.address(name))
        if self.retry_failed:
            found = [outcome for outcome in found if outcome.state != FAILED]
        return found

    def rows(self, shard: int, stages: int | None = None) -> dict[int, RowState]:
        """Return the rows of a shard by number, after its first `stages` stages; None for all."""
        name = f"inputs/{shard:05}.parquet"
        data = self.storage.read(name)
        if data is None:
            raise CopeError(f"{self.storage.address(name)} is missing: start with --again")
        rows: dict[int, RowState] = {}
        for request in unpack_requests(data, self.storage.address(name)):
            rows[request.row] = RowState(request)
        last = self.stages if stages is None else stages
        for stage in range(_REFUSED_STAGE, last + 1):
            for outcome in self.outcomes(stage, shard):
                row = rows.get(outcome.row)
                if row is not None and row.is_open:  # an earlier stage may have been asked again
                    row.add(stage, outcome)
        return rows


def _name(stage: int, shard: int) -> str:
    return f"stage-{stage}/{shard:05}.parquet"

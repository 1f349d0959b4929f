"""The folder of a batch: its settings, the inputs of each shard, and what each stage left of it.

The folder `_batch` inside the output holds `run.json`, `inputs/SHARD.parquet` and
`stage-N/SHARD.parquet`. Every file is written whole, so a shard may be asked again at any time.
"""

import json
import math
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
    unpack_columns,
    unpack_outcomes,
    unpack_requests,
)

STATE_FOLDER = "_batch"
PART = "part-"
"""The start of the names of the output's files."""

_RUN_FILE = "run.json"
_REFUSED_STAGE = 0
_TABLE_SETTINGS = ("data", "data_digest", "limit")
"""Settings that may change, because the questions of the rows are compared instead."""


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

    A batch of a longer table, or with a larger limit, adds rows. One with fewer rows leaves the
    others in the folder, where a later batch finds them.

    Attributes:
        run: the name of the run.
        shards: the number of shards of this batch.

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
        self._last_row = 0
        self._saved_shards = 0
        self._saved_settings: JsonObject = {}
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
            self._settings = json.loads(json.dumps(redact_data(dict(settings)), default=str))
            saved = {} if again else self._saved()
            if saved.get("settings") != self._settings and not self._has_begun():
                saved = {}
            if not saved:
                self._begin(again)
            self._saved_settings = self._settings
            if saved:
                self._saved_settings = self._checked(saved.get("settings"))
            self.run = str(saved.get("run") or uuid4().hex[:12])
            self._saved_shards = int(saved.get("shards") or 0)
            self._save(self._saved_settings)
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
        document = {"run": self.run, "shards": self._saved_shards, "settings": settings}
        self.storage.write(_RUN_FILE, json.dumps(document, indent=1).encode())

    def _checked(self, saved: object) -> JsonObject:
        """Return saved settings.

        Raises:
            CopeError: if the folder was not made with the settings of this batch.
        """
        if not isinstance(saved, dict):
            raise CopeError(f"{self.storage.address(_RUN_FILE)} is damaged: start with --again")
        for name in [*self._settings, *saved]:
            old, new = saved.get(name), self._settings.get(name)
            if old != new and name not in _TABLE_SETTINGS:
                change = f"{name}: {shorten(str(old), 60)}, now {shorten(str(new), 60)}"
                raise CopeError(
                    f"{self.output.url} was made with other settings ({change}): "
                    "name another folder with -o, or answer all rows again with --again"
                )
        return saved

    def _has_begun(self) -> bool:
        """Return whether anything was asked, or may have been.

        A command that ends before, such as one without a key, may be repeated with other settings.
        """
        unasked = {"lock", _RUN_FILE, "inputs", f"stage-{_REFUSED_STAGE}"}
        parts = any(name.startswith(PART) for name in self.output.names())
        return parts or not unasked.issuperset(self.storage.names())

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

    def split(
        self, shards: Iterable[tuple[list[RowRequest], list[RowOutcome]]], rows: int, size: int
    ) -> None:
        """Write the inputs of the rows that no earlier attempt has written.

        Args:
            shards: the rows of each shard, and the outcomes of those that cannot be asked.
            rows: the number of rows.
            size: the number of rows of a shard.

        Raises:
            CopeError: if a row has another question than an earlier attempt has asked.
        """
        self.shards, self._last_row = math.ceil(rows / size), rows
        if self._saved_shards and self._saved_settings == self._settings:
            return
        for shard, (requests, refused) in enumerate(shards):
            earlier: list[RowRequest] = []
            if shard < self._saved_shards:
                earlier = self._inputs(shard)
            else:
                self.storage.remove(_name(_REFUSED_STAGE, shard))
            self._check_questions(earlier, requests)
            if len(requests) > len(earlier):
                known = {request.row for request in earlier}
                new = [outcome for outcome in refused if outcome.row not in known]
                self.add(_REFUSED_STAGE, shard, new)
                self.storage.write(_inputs_name(shard), pack_requests(requests))
        self._saved_shards = max(self._saved_shards, self.shards)
        self._save(self._settings)

    def _check_questions(self, earlier: list[RowRequest], now: list[RowRequest]) -> None:
        for old, new in zip(earlier, now, strict=False):
            if old.inputs != new.inputs:
                raise CopeError(
                    f"row {new.row} of {self._settings.get('data')} has another question than in "
                    f"{self.output.url}, which keeps the answers of its rows: name another folder "
                    "with -o, or answer all rows again with --again"
                )

    def add(self, stage: int, shard: int, outcomes: Iterable[RowOutcome]) -> None:
        """Write what a stage left of more rows of a shard."""
        whole = {outcome.row: outcome for outcome in self._saved_outcomes(stage, shard)}
        for outcome in outcomes:
            whole[outcome.row] = outcome
        self.storage.write(_name(stage, shard), pack_outcomes(whole.values()))

    def outcomes(self, stage: int, shard: int) -> list[RowOutcome]:
        """Return what a stage left of the rows of a shard; empty before the stage."""
        saved = self._saved_outcomes(stage, shard)
        return [outcome for outcome in saved if outcome.row <= self._last_row]

    def _saved_outcomes(self, stage: int, shard: int) -> list[RowOutcome]:
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
        rows: dict[int, RowState] = {}
        for request in self._inputs(shard):
            if request.row <= self._last_row:
                rows[request.row] = RowState(request)
        last = self.stages if stages is None else stages
        for stage in range(_REFUSED_STAGE, last + 1):
            for outcome in self.outcomes(stage, shard):
                row = rows.get(outcome.row)
                if row is not None and row.is_open:  # an earlier stage may have been asked again
                    row.add(stage, outcome)
        return rows

    def count_open(self, stage: int, shard: int) -> int:
        """Return how many rows of a shard a stage asks; their questions are not read."""
        name = _inputs_name(shard)
        numbers = unpack_columns(self._input_file(shard), self.storage.address(name), ("row",))
        rows = {row for (row,) in numbers if row <= self._last_row}
        for earlier in range(_REFUSED_STAGE, stage + 1):
            name = _name(earlier, shard)
            data = self.storage.read(name)
            if data is None:
                continue
            for row, left in unpack_columns(data, self.storage.address(name), ("row", "state")):
                if self.retry_failed and left == FAILED:
                    continue
                if left != OPEN or earlier == stage:
                    rows.discard(row)
        return len(rows)

    def _inputs(self, shard: int) -> list[RowRequest]:
        return unpack_requests(self._input_file(shard), self.storage.address(_inputs_name(shard)))

    def _input_file(self, shard: int) -> bytes:
        name = _inputs_name(shard)
        data = self.storage.read(name)
        if data is None:
            raise CopeError(f"{self.storage.address(name)} is missing: start with --again")
        return data


def _inputs_name(shard: int) -> str:
    return f"inputs/{shard:05}.parquet"


def _name(stage: int, shard: int) -> str:
    return f"stage-{stage}/{shard:05}.parquet"

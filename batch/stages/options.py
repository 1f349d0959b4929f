"""The options of a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import CopeError
from ...models.lease import LEASE_SECONDS
from ..options import TableOptions

LOCAL = "local"


@dataclass(frozen=True)
class BatchOptions(TableOptions):
    """What is asked, in which pieces, and who asks it.

    Attributes:
        folder: the folder of the answers, here or on an object store.
        shard_rows: the number of rows of a shard.
        runner: who asks the rows of a stage, a name in `RUNNERS`.
        runner_settings: more settings of the runner by name.
        calls: the folder of the calls that several runs share; None keeps the calls of unfinished
            rows inside `folder`.
        lease_seconds: after this time without a sign of life a worker counts as lost.

    Raises:
        CopeError: for a shard without rows.
    """

    folder: str = ""
    shard_rows: int = 1000
    runner: str = LOCAL
    runner_settings: Mapping[str, str] = field(default_factory=dict)
    calls: str | None = None
    lease_seconds: float = LEASE_SECONDS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shard_rows < 1:
            raise CopeError(f"a shard of {self.shard_rows} rows is empty: give 1 or more")

    @property
    def added_columns(self) -> tuple[str, ...]:
        """The columns to add; a row without an answer always says why."""
        if "error" in self.columns:
            return self.columns
        return (*self.columns, "error")

"""What each stage of a batch did: rows, calls, tokens and money."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ...models import Usage
from ...programs.systems.stage import Stage
from ...util.result_table import ResultTable
from ...util.text import format_usd, plural
from ..totals import Totals
from .rows import ANSWERED, FAILED, OPEN, RowOutcome


@dataclass
class StageTotals:
    """Sums over the rows of a stage.

    Attributes:
        stage: the stage, from 1.
        label: which tier does what.
        rows: rows that were asked.
        answered: rows that the stage answered.
        open: rows that it left for the next stage.
        failed: rows on which a model failed.
        usage: the usage of all calls.
        shared: calls that another row or another run has paid for.
        shared_usd: what they cost.
        seconds: the sum of the durations of the rows.
    """

    stage: int
    label: str
    rows: int = 0
    answered: int = 0
    open: int = 0
    failed: int = 0
    usage: Usage = field(default_factory=Usage)
    shared: int = 0
    shared_usd: float = 0.0
    seconds: float = 0.0

    @classmethod
    def of_stage(cls, stage: Stage) -> "StageTotals":
        """Return the sums of a stage without rows."""
        return cls(stage.number, stage.label)

    def add(self, outcomes: Iterable[RowOutcome]) -> None:
        """Add what the stage left of some rows."""
        usage = []
        for outcome in outcomes:
            self.rows += 1
            self.answered += outcome.state == ANSWERED
            self.open += outcome.state == OPEN
            self.failed += outcome.state == FAILED
            self.seconds += outcome.seconds
            self.shared += outcome.shared
            self.shared_usd += outcome.shared_usd
            usage += outcome.usage
        self.usage = self.usage.plus(Usage.from_rows(usage))

    def as_dict(self) -> dict[str, Any]:
        """Return the sums as plain data."""
        document: dict[str, Any] = {"stage": self.stage, "label": self.label, "rows": self.rows}
        document |= {"answered": self.answered, "open": self.open, "failed": self.failed}
        document["calls"] = self.usage.calls
        document["prompt_tokens"] = self.usage.prompt_tokens
        document["completion_tokens"] = self.usage.completion_tokens
        document["tokens"] = self.usage.tokens
        document["usd"] = self.usage.cost.exact
        document["usd_low"], document["usd_high"] = self.usage.cost.low, self.usage.cost.high
        document["shared_calls"], document["shared_usd"] = self.shared, self.shared_usd
        document["seconds"] = round(self.seconds, 3)
        return document


@dataclass(frozen=True)
class BatchReport:
    """How a batch ended.

    Attributes:
        rows: the number of rows.
        shards: the number of shards.
        open: rows that a later stage would ask.
        totals: sums over all other rows.
        stages: sums by stage.
        names: the name in the output of each added column.
        files: the number of files of the output.
        stop_reason: why some rows were not asked, as one line; None if all were.
    """

    rows: int
    shards: int
    open: int
    totals: Totals
    stages: list[StageTotals]
    names: dict[str, str]
    files: int
    stop_reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        document: dict[str, Any] = {"rows": self.rows, "shards": self.shards, "files": self.files}
        sums = self.totals.as_dict()
        sums["finished"] = sums.pop("rows")
        document |= sums
        document["open"] = self.open
        document["stages"] = [stage.as_dict() for stage in self.stages]
        document["added"] = self.names
        document["stopped"] = self.stop_reason
        return document

    def table(self) -> ResultTable:
        """Return the stages as a table."""
        table = ResultTable(
            ["stage", "rows", "answered", "open", "failed", "calls", "tokens", "cost"],
            left=["stage"],
        )
        for stage in self.stages:
            tokens = "unknown" if stage.usage.tokens is None else f"{stage.usage.tokens:,}"
            table.add_row(
                f"{stage.stage} {stage.label}",
                f"{stage.rows:,}",
                f"{stage.answered:,}",
                f"{stage.open:,}",
                f"{stage.failed:,}",
                f"{stage.usage.calls:,}",
                tokens,
                stage.usage.cost.cell,
            )
        return table

    def text(self, output: str) -> str:
        """Return how many rows of an output have an answer."""
        parts = [f"{self.totals.answered:,} answered", *self.totals.without_answer()]
        if self.open:
            parts.append(f"{self.open:,} open")
        shared = sum(stage.shared for stage in self.stages)
        if shared:
            saved = format_usd(sum(stage.shared_usd for stage in self.stages))
            parts.append(f"{plural(shared, 'call')} of other rows used again ({saved})")
        return f"{output}: {plural(self.rows, 'row')}: {', '.join(parts)}"

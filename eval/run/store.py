"""The folder of one evaluation: its settings, every model call, and a record for each question, as they are made."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy

from ...models import Ledger
from ...util.files import JsonlWriter, read_jsonl, read_metadata, write_metadata
from ...util.hashing import digest
from ...util.lock import hold

DEFAULT_RUNS = Path(".cope") / "eval"


@dataclass
class Record:
    """One question's outcome.

    Attributes:
        key: identifies the question by its content.
        gold: the right answer; None where none is known.
        score: between 0 and 1; None when a model failed, which is an error and never a wrong answer, or no right answer is known.
        rounds: each round's votes, samples, plan and decision, as in the prediction.
        usage: calls, tokens, money and seconds by tier, round and role.
        usd: None when a price is not known.
        error: what failed, in a line.
    """

    key: str
    id: str
    question: str
    gold: str | None
    answer: str | None = None
    score: float | None = None
    feedback: str = ""
    round: int | None = None
    confidence: float | None = None
    votes: dict[str, int] = field(default_factory=dict)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    usage: list[dict[str, Any]] = field(default_factory=list)
    usd: float | None = None
    seconds: float = 0.0
    error: str | None = None


def key_examples(examples: list[dspy.Example]) -> dict[str, dspy.Example]:
    """The examples by their content's digest; equal rows get keys of their own, so that both count."""
    found: dict[str, dspy.Example] = {}
    for example in examples:
        base = digest(example.question, example.answer)
        key, copy = base, 1
        while key in found:
            copy += 1
            key = f"{base}-{copy}"
        found[key] = example
    return found


class RunStore:
    """An evaluation's folder under the folder of runs, named by task, preset and a digest of its settings.

    The same command finds the same folder, and goes on where the last one stopped.
    """

    def __init__(self, settings: dict[str, Any], root: Path = DEFAULT_RUNS) -> None:
        self.settings = settings
        self.path = root / f"{settings['task']}-{settings['preset']}-{digest(settings)[:8]}"
        self._notes = self.path / "run.json"
        self.results: dict[str, Record] = {}

    @contextmanager
    def open(self, fresh: bool = False) -> Iterator["RunStore"]:
        """Open the folder for writing; `fresh` forgets what an earlier run left.

        Raises:
            CopeError: when it cannot be written, or another process is writing to it.
        """
        lock = hold(self.path, "evaluation")
        try:
            if fresh:
                for name in ("calls.jsonl", "records.jsonl", "run.json"):
                    (self.path / name).unlink(missing_ok=True)
            # An error is not an outcome: such a question is asked again.
            lines = (Record(**line) for line in read_jsonl(self.results_file))
            self.results = {record.key: record for record in lines if record.error is None}
            self.ledger = Ledger(self.path / "calls.jsonl")
            self._records = JsonlWriter(self.results_file)
            self.update_metadata(settings=self.settings)
            try:
                yield self
            finally:
                self.ledger.close()
                self._records.close()
        finally:
            lock.release()

    @property
    def results_file(self) -> Path:
        return self.path / "records.jsonl"

    def add(self, record: Record) -> None:
        self._records.append(vars(record))
        if record.error is None:
            self.results[record.key] = record

    def metadata(self) -> dict[str, Any]:
        """What was noted about the run; empty for a new one."""
        return read_metadata(self._notes)

    def update_metadata(self, **values: Any) -> None:
        """Keep a fact about the run, such as its MLflow run."""
        write_metadata(self._notes, **values)


def find_runs(root: Path, **wanted: Any) -> Iterator[Path]:
    """The folders of earlier runs whose settings have these values."""
    for notes in sorted(root.glob("*/run.json")):
        try:
            settings = json.loads(notes.read_text(encoding="utf-8")).get("settings", {})
        except ValueError:
            continue
        if all(settings.get(name) == value for name, value in wanted.items()):
            yield notes.parent

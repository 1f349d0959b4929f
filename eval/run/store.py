"""The folder of one evaluation: its settings, every model call, and a result for each question, written as they are made.

This module owns the names of the files in the folder, and is their only writer and reader.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import dspy

from ...errors import CopeError
from ...models import Ledger
from ...models.usage_row import UsageRow
from ...programs.round_record import RoundRecord
from ...programs.systems.stage import Stage
from ...util.files import JsonlWriter, read_jsonl, read_metadata, write_metadata
from ...util.hashing import digest
from ...util.lock import lock_directory

DEFAULT_RUNS = Path(".cope") / "eval"
METADATA_FILE = "run.json"
RESULTS_FILE = "records.jsonl"
CALLS_FILE = "calls.jsonl"


@dataclass
class QuestionResult:
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
    rounds: list[RoundRecord] = field(default_factory=list)
    usage: list[UsageRow] = field(default_factory=list)
    usd: float | None = None
    seconds: float = 0.0
    error: str | None = None

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> "QuestionResult":
        """Build a result from a line of a run's file. Keys that only another version of the package knows are ignored.

        Raises:
            TypeError: when a key without a default is missing.
        """
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in line.items() if name in known})


Record = QuestionResult  # the name of earlier versions


def key_examples(examples: list[dspy.Example]) -> dict[str, dspy.Example]:
    """Return the examples by the digest of their content. Equal rows get different keys, so that each of them counts."""
    found: dict[str, dspy.Example] = {}
    for example in examples:
        base = digest(example.question, example.answer)
        key, copy = base, 1
        while key in found:
            copy += 1
            key = f"{base}-{copy}"
        found[key] = example
    return found


@dataclass(frozen=True)
class StoredRun:
    """A run as its folder holds it, possibly while another process is still writing there. Reading changes no file.

    Attributes:
        path: the folder.
        metadata: facts about the run, such as its MLflow run. `settings` are among them, with `task` and `preset`.
    """

    path: Path
    metadata: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """All that decides the run's outcome."""
        return self.metadata["settings"]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of a system that is no cascade; empty for a cascade.

        Raises:
            CopeError: when they are damaged.
        """
        try:
            return tuple(Stage.from_dict(stage) for stage in self.metadata.get("stages", ()))
        except (KeyError, TypeError) as error:
            raise CopeError(
                f"{self.path / METADATA_FILE} has damaged stages ({error!r}): run cope eval --fresh"
            ) from None

    @cached_property
    def results(self) -> dict[str, QuestionResult]:
        """The result of each question by its key. A failure counts only until the question is answered.

        Raises:
            CopeError: when the file cannot be read, or a line is no result.
        """
        found: dict[str, QuestionResult] = {}
        for result in _read_results(self.path / RESULTS_FILE, repair=False):
            if result.error is None or result.key not in found or found[result.key].error:
                found[result.key] = result
        return found

    @property
    def answered(self) -> dict[str, QuestionResult]:
        """The results without the failures."""
        return {key: result for key, result in self.results.items() if result.error is None}

    def calls(self) -> Iterator[dict[str, Any]]:
        """Yield the entries of the run's ledger."""
        return read_jsonl(self.path / CALLS_FILE, repair=False)


class RunStore:
    """The folder of one evaluation below the folder of runs, named by task, preset and a digest of the settings.

    The same settings find the same folder, so that the same command resumes where the last one stopped.

    Args:
        settings: all that decides the run's outcome, as plain data; `task` and `preset` are among them.
        root: the folder of runs.

    Attributes:
        path: the folder.
        results: the results by question key. Failures are not among them, because such a question is asked again.
        ledger: the calls of the run, while the store is open.
    """

    ledger: Ledger

    def __init__(self, settings: dict[str, Any], root: Path = DEFAULT_RUNS) -> None:
        self.settings = settings
        self.path = root / f"{settings['task']}-{settings['preset']}-{digest(settings)[:8]}"
        self.results: dict[str, QuestionResult] = {}

    @staticmethod
    def read(path: Path) -> StoredRun:
        """Read a run back, finished or not.

        Raises:
            CopeError: when the folder is not that of a run.
        """
        try:
            metadata = read_metadata(path / METADATA_FILE)
        except OSError:
            metadata = {}
        settings = metadata.get("settings")
        if not isinstance(settings, dict) or not {"task", "preset"} <= settings.keys():
            raise CopeError(
                f"{path} is not a folder of `cope eval`: its {METADATA_FILE} is missing or damaged"
            )
        return StoredRun(path, metadata)

    @contextmanager
    def open(
        self,
        fresh: bool = False,
        *,
        accept: Callable[[QuestionResult], bool] = lambda result: True,
        ledger_factory: Callable[[Path], Ledger] = Ledger,
    ) -> Iterator["RunStore"]:
        """Open the folder for writing, and lock it.

        Args:
            fresh: remove what an earlier run left.
            accept: whether the result of an earlier run still counts; the question is asked again where it does not.
            ledger_factory: opens the ledger at a path.

        Raises:
            CopeError: when the folder cannot be written, or another process is writing to it.
        """
        lock = lock_directory(self.path, "evaluation")
        try:
            if fresh:
                for name in (CALLS_FILE, RESULTS_FILE, METADATA_FILE):
                    (self.path / name).unlink(missing_ok=True)
            self.results = {
                result.key: result
                for result in _read_results(self.results_file, repair=True)
                if result.error is None and accept(result)
            }
            self.ledger = ledger_factory(self.path / CALLS_FILE)
            self._writer = JsonlWriter(self.results_file)
            self.update_metadata(settings=self.settings)
            try:
                yield self
            finally:
                self.ledger.close()
                self._writer.close()
        finally:
            lock.release()

    @property
    def results_file(self) -> Path:
        return self.path / RESULTS_FILE

    def add(self, result: QuestionResult) -> None:
        """Append the result of a question to the file."""
        self._writer.append(vars(result))
        if result.error is None:
            self.results[result.key] = result

    def metadata(self) -> dict[str, Any]:
        """Return the facts that were saved about the run; empty for a new one."""
        return read_metadata(self.path / METADATA_FILE)

    def update_metadata(self, **values: Any) -> None:
        """Save facts about the run, such as its MLflow run."""
        write_metadata(self.path / METADATA_FILE, **values)


def has_results(path: Path) -> bool:
    """Return whether a folder holds the results of a run, whatever state they are in."""
    return (path / RESULTS_FILE).is_file()


def run_folders(root: Path) -> list[Path]:
    """Return the folders directly below `root` that hold the results of a run, sorted by name."""
    return sorted(file.parent for file in root.glob(f"*/{RESULTS_FILE}"))


def find_runs(root: Path, **wanted: Any) -> Iterator[StoredRun]:
    """Yield the runs directly below `root` whose settings have these values, sorted by name."""
    for file in sorted(root.glob(f"*/{METADATA_FILE}")):
        try:
            run = RunStore.read(file.parent)
        except CopeError:
            continue
        if all(run.settings.get(name) == value for name, value in wanted.items()):
            yield run


def _read_results(file: Path, repair: bool) -> Iterator[QuestionResult]:
    for line in read_jsonl(file, repair=repair):
        try:
            yield QuestionResult.from_line(line)
        except TypeError:
            raise CopeError(
                f"{file} holds no records of `cope eval`: give a folder that it wrote"
            ) from None

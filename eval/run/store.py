"""The folder of one evaluation: its settings, every model call, and a result for each question.

Calls and results are written as they arrive. Only this module knows the names of the files, and
only it reads and writes them.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...models import Call, Ledger
from ...models.exchange import Exchange
from ...models.ledger import read_exchanges_by_question
from ...models.ledger_line import read_ledger
from ...programs.systems.stage import Stage
from ...util.arguments import check_argument
from ...util.files import JsonlWriter, read_jsonl, read_metadata, write_metadata
from ...util.hashing import digest
from ...util.lock import lock_directory
from ...util.validate import check_type
from .question_result import QuestionResult
from .stored_types import RunSettings, check_result

DEFAULT_RUNS = Path(".cope") / "eval"
METADATA_FILE = "run.json"
RESULTS_FILE = "records.jsonl"
CALLS_FILE = "calls.jsonl"


@dataclass(frozen=True)
class StoredRun:
    """A run that is read from its folder, possibly while another process still writes to it.

    Reading changes no file.

    Attributes:
        path: the folder.
        metadata: facts about the run, such as its MLflow run, and its `settings` with `task` and
            `preset`.
    """

    path: Path
    metadata: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """All settings that decide the results of the run."""
        return self.metadata["settings"]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of a system that is no cascade; empty for a cascade.

        Raises:
            CopeError: if they are damaged.
        """
        try:
            return tuple(Stage.from_dict(stage) for stage in self.metadata.get("stages", ()))
        except (KeyError, TypeError) as error:
            raise CopeError(
                f"{self.path / METADATA_FILE} has damaged stages ({error!r}): run cope eval --fresh"
            ) from None

    @cached_property
    def results(self) -> dict[str, QuestionResult]:
        """The result of each question by its key. An answer replaces an earlier failure.

        Raises:
            CopeError: if the file cannot be read, or a line is no result.
        """
        results: dict[str, QuestionResult] = {}
        for result in _read_results(self.path / RESULTS_FILE, repair=False):
            earlier = results.get(result.key)
            if result.error is None or earlier is None or earlier.error:
                results[result.key] = result
        return results

    @property
    def answered(self) -> dict[str, QuestionResult]:
        """The results without the failures."""
        return {key: result for key, result in self.results.items() if result.error is None}

    def calls(self) -> Iterator[dict[str, Any]]:
        """Yield the entries of the run's ledger.

        Raises:
            CopeError: if a line is no call.
        """
        return read_ledger(self.path / CALLS_FILE, repair=False)

    def exchanges(self) -> dict[str, list[tuple[Call, Exchange]]]:
        """Return the calls of each question by its key, see `read_exchanges_by_question`."""
        return read_exchanges_by_question(self.path / CALLS_FILE)


class RunStore:
    """The folder of one evaluation, named by task, preset and a digest of the settings.

    The same settings lead to the same folder, so that the same command resumes the run.

    Args:
        settings: all settings that decide the results, as plain data with `task` and `preset`.
        root: the folder of runs.

    Attributes:
        path: the folder.
        results: the results by question key, without failures, because a failed question is asked
            again.
        ledger: the calls of the run, while the store is open.
    """

    ledger: Ledger

    def __init__(self, settings: dict[str, Any], root: Path = DEFAULT_RUNS) -> None:
        remedy = "a dict of settings with 'task' and 'preset'"
        check_argument("RunStore(settings)", settings, dict, remedy)
        if not {"task", "preset"} <= settings.keys():
            raise CopeError(f"RunStore(settings) lacks a key: give {remedy}")
        check_argument("RunStore(root)", root, (str, Path), "the path of a folder")
        self.settings = settings
        self.path = Path(root) / f"{settings['task']}-{settings['preset']}-{digest(settings)[:8]}"
        self.results: dict[str, QuestionResult] = {}

    @staticmethod
    def read(path: Path) -> StoredRun:
        """Read a run, finished or not.

        Raises:
            CopeError: if the folder is not that of a run.
        """
        check_argument("RunStore.read(path)", path, (str, Path), "the path of a folder")
        path = Path(path)
        try:
            metadata = read_metadata(path / METADATA_FILE)
        except OSError:
            metadata = {}
        try:
            check_type(RunSettings, metadata.get("settings"))
        except ValueError as error:
            raise CopeError(
                f"{path} is not a folder of `cope eval`: its {METADATA_FILE} is missing or damaged "
                f"(settings: {error})"
            ) from None
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
            fresh: whether the files of an earlier run are removed.
            accept: whether the result of an earlier run still counts; otherwise the question is
                asked again.
            ledger_factory: opens the ledger at a path.

        Raises:
            CopeError: if the folder cannot be written, or another process is writing to it.
        """
        lock = lock_directory(self.path, "evaluation")
        try:
            if fresh:
                for name in (CALLS_FILE, RESULTS_FILE, METADATA_FILE):
                    (self.path / name).unlink(missing_ok=True)
            self.results = {}
            for result in _read_results(self.results_file, repair=True):
                if result.error is None and accept(result):
                    self.results[result.key] = result
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

    def lacks_any(self, keys: Iterable[str]) -> bool:
        """Return whether a question has no result yet, so that models are needed."""
        return any(key not in self.results for key in keys)

    @property
    def results_file(self) -> Path:
        """The file of the results."""
        return self.path / RESULTS_FILE

    def add(self, result: QuestionResult) -> None:
        """Append the result of a question to the file."""
        line = dict(vars(result))
        for name in ("judge_usage", "steps"):
            if not line[name]:
                del line[name]
        self._writer.append(line)
        if result.error is None:
            self.results[result.key] = result

    def metadata(self) -> dict[str, Any]:
        """Return the facts that are saved about the run; empty for a new one."""
        return read_metadata(self.path / METADATA_FILE)

    def update_metadata(self, **values: Any) -> None:
        """Save facts about the run, such as its MLflow run."""
        write_metadata(self.path / METADATA_FILE, **values)


def has_results(path: Path) -> bool:
    """Return whether a folder holds the results of a run, in any state."""
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
    for number, line in enumerate(read_jsonl(file, repair=repair), 1):
        try:
            check_result(line)
        except ValueError as error:
            raise CopeError(
                f"{file} line {number} is no record of `cope eval` ({error}): take the line out, "
                "and the same command asks its question again"
            ) from None
        yield QuestionResult.from_line(line)

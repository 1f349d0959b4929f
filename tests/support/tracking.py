"""A tracking store in memory: tests of commands look into it, and import no MLflow."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from cope.errors import CopeError
from cope.tracking.run_settings import RunSettings

STORE = "memory://store"


@dataclass
class RunInMemory:
    """Hold what was logged to a run.

    Attributes:
        tracker: the store of the run, which holds its children too.
        metric_values: the newest value by name.
        steps: all values by name, each with its step.
        files: the artifacts by their paths in the run.
        questions: ids of the questions that were traced.
    """

    tracker: "TrackerInMemory"
    id: str
    uri: str
    experiment: str
    name: str
    parent: str | None = None
    key: str | None = None
    status: str = "RUNNING"
    params: dict[str, str] = field(default_factory=dict)
    tag_values: dict[str, str] = field(default_factory=dict)
    metric_values: dict[str, float] = field(default_factory=dict)
    steps: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    models: list[Any] = field(default_factory=list)

    def _check(self) -> None:
        if self.id not in self.tracker.runs:
            raise self._failure(f"there is no run {self.id}")

    def _failure(self, why: str) -> CopeError:
        return CopeError(f"the tracking store {self.uri} failed: {why}")

    def log_metrics(
        self, values: Mapping[str, float | int | None], step: int | None = None
    ) -> None:
        self._check()
        for name, value in values.items():
            if value is not None:
                self.metric_values[name] = float(value)
                self.steps.setdefault(name, []).append((step or 0, float(value)))

    def log_artifact(self, path: Path, folder: str | None = None) -> None:
        self._check()
        name = f"{folder}/{path.name}" if folder else path.name
        try:
            self.files[name] = path.read_bytes()
        except OSError as error:
            raise self._failure(str(error)) from error

    def log_text(self, text: str, name: str) -> None:
        self._check()
        self.files[name] = text.encode()

    def log_table(self, rows: Sequence[Mapping[str, Any]], name: str) -> None:
        self.log_text(json.dumps([dict(row) for row in rows]), name)

    def set_tags(self, values: Mapping[str, str], run_id: str | None = None) -> None:
        self._check()
        self.tracker.runs[run_id or self.id].tag_values.update(values)

    def children(self) -> dict[str, str]:
        self._check()
        return {
            str(run.key): run.id for run in self.tracker.inside(self.id) if run.status == "FINISHED"
        }

    def log_child_run(
        self, key: str, name: str, metrics: Mapping[str, float], texts: Mapping[str, str]
    ) -> str:
        self._check()
        run = None
        for begun in self.tracker.inside(self.id):
            if begun.key == key and begun.status != "FINISHED":
                run = begun
        run = run or self.tracker.begin(self.experiment, name, self.uri, parent=self.id, key=key)
        run.log_metrics(metrics)
        for file, text in texts.items():
            run.log_text(text, file)
        run.status = "FINISHED"
        return run.id

    def end_children(self) -> None:
        self._check()
        for run in self.tracker.inside(self.id):
            if run.status == "RUNNING":
                run.status = "KILLED"

    def register_prompt(
        self,
        name: str,
        messages: Sequence[Mapping[str, str]],
        description: str,
        tags: Mapping[str, str],
    ) -> str:
        self._check()
        versions = self.tracker.prompts.setdefault(name, [])
        if not versions or versions[-1] != list(messages):
            versions.append(list(messages))
        return f"prompts:/{name}/{len(versions)}"

    def log_model(
        self,
        program: Any,
        inputs: Mapping[str, str],
        example: Mapping[str, Any],
        prompts: Sequence[str] = (),
    ) -> str:
        self._check()
        self.models.append(program)
        return f"models:/{self.id}-{len(self.models)}"


class TrackerInMemory:
    """A `Tracker` whose runs end with the test."""

    def __init__(self) -> None:
        self.runs: dict[str, RunInMemory] = {}
        self.prompts: dict[str, list[list[Mapping[str, str]]]] = {}
        self._open: RunInMemory | None = None

    def check(self, store: str | None = None) -> str:
        return store or STORE

    def begin(
        self,
        experiment: str,
        name: str,
        uri: str = STORE,
        parent: str | None = None,
        key: str | None = None,
    ) -> RunInMemory:
        """Return a new run."""
        run = RunInMemory(self, f"{len(self.runs):032x}", uri, experiment, name, parent, key)
        self.runs[run.id] = run
        return run

    def inside(self, parent: str) -> list[RunInMemory]:
        """Return the runs inside a run."""
        return [run for run in self.runs.values() if run.parent == parent]

    @contextmanager
    def open(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, Any],
        **settings: Unpack[RunSettings],
    ) -> Iterator[RunInMemory]:
        run = self.runs.get(settings.get("run_id") or "")
        if run is None:
            run = self.begin(experiment, name, self.check(settings.get("store")))
        for key, value in params.items():
            run.params.setdefault(key, str(value))
        run.tag_values.update(settings.get("tags") or {})
        self._open, run.status = run, "RUNNING"
        try:
            yield run
        except BaseException as error:
            run.status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
            raise
        else:
            run.status = "FINISHED"
        finally:
            self._open = None

    def earlier_run(self, run_id: str, store: str) -> RunInMemory:
        found = self.runs.get(run_id)
        if found is not None and found.uri == store:
            return found
        return RunInMemory(self, run_id, store, "", "")

    @contextmanager
    def question_span(self, question_id: str, question: str) -> Iterator[None]:
        assert self._open, "a question is traced inside of a run"
        self._open.questions.append(question_id)
        yield

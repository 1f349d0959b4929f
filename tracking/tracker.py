"""The interface of a tracking store, and MLflow behind it; tests use a store in memory."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Unpack

from .run_settings import RunSettings
from .store import open_store

if TYPE_CHECKING:
    import dspy

    from .run import TrackedRun


class TrackerRun(Protocol):
    """An open run. Errors of its store are `CopeError`. See `TrackedRun` for the methods."""

    @property
    def id(self) -> str: ...

    @property
    def uri(self) -> str: ...

    def log_metrics(
        self, values: Mapping[str, float | int | None], step: int | None = None
    ) -> None: ...

    def log_artifact(self, path: Path, folder: str | None = None) -> None: ...

    def log_text(self, text: str, name: str) -> None: ...

    def log_table(self, rows: Sequence[Mapping[str, Any]], name: str) -> None: ...

    def set_tags(self, values: Mapping[str, str], run_id: str | None = None) -> None: ...

    def children(self) -> dict[str, str]: ...

    def log_child_run(
        self, key: str, name: str, metrics: Mapping[str, float], texts: Mapping[str, str]
    ) -> str: ...

    def end_children(self) -> None: ...

    def register_prompt(
        self,
        name: str,
        messages: Sequence[Mapping[str, str]],
        description: str,
        tags: Mapping[str, str],
    ) -> str: ...

    def log_model(
        self,
        program: "dspy.Module",
        inputs: Mapping[str, str],
        example: Mapping[str, Any],
        prompts: Sequence[str] = (),
    ) -> str: ...


class Tracker(Protocol):
    """A tracking system. The parameter `store` is a store's address; None is the default store."""

    def check(self, store: str | None = None) -> str:
        """Return the store's address.

        Raises:
            CopeError: when the store cannot be used.
        """
        ...

    def open(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, Any],
        **settings: Unpack[RunSettings],
    ) -> AbstractContextManager[TrackerRun]:
        """Open a run; see `tracked_run`."""
        ...

    def earlier_run(self, run_id: str, store: str) -> TrackerRun:
        """Return a run that has ended, to log more to it."""
        ...

    def question_span(self, question_id: str, question: str) -> AbstractContextManager[None]:
        """Trace one question; see `question_span`."""
        ...


class MlflowTracker:
    """Tracks runs in MLflow, which is imported when it is needed."""

    def check(self, store: str | None = None) -> str:
        return open_store(store)

    def open(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, Any],
        **settings: Unpack[RunSettings],
    ) -> "AbstractContextManager[TrackedRun]":
        from .run import tracked_run

        return tracked_run(experiment, name, params, **settings)

    def earlier_run(self, run_id: str, store: str) -> "TrackedRun":
        from .run import TrackedRun

        return TrackedRun(run_id, "", open_store(store))

    def question_span(self, question_id: str, question: str) -> AbstractContextManager[None]:
        from .run import question_span

        return question_span(question_id, question)

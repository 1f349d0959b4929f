"""What every tracking store keeps to: MLflow, and the one in memory that stands for it in tests of commands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.tracking import STORE, TrackerInMemory

from cope.errors import CopeError
from cope.tracking import MlflowTracker, Tracker

GONE = "0" * 31 + "f"
"""A run that no store has."""


@dataclass(frozen=True)
class Contamination:
    """Hold what a store says of a run."""

    status: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    files: set[str]


@dataclass(frozen=True)
class Kept:
    """Hold a tracker, the address of its store, and how to look at a run and at its questions."""

    tracker: Tracker
    store: str
    look: Callable[[str], Contamination]
    questions: Callable[[Any], list[str]]

    def open(self, name: str, run_id: str | None = None, **more: Any) -> Any:
        given: dict[str, Any] = {"params": {}, "traces": False}
        given |= more
        return self.tracker.open("cope-contract", name, run_id=run_id, store=self.store, **given)


def _in_memory() -> Kept:
    tracker = TrackerInMemory()

    def look(run_id: str) -> Contamination:
        run = tracker.runs[run_id]
        return Contamination(
            run.status, run.params, run.metric_values, run.tag_values, set(run.files)
        )

    return Kept(tracker, STORE, look, lambda run: run.questions)


def _in_mlflow(store: str) -> Kept:
    def look(run_id: str) -> Contamination:
        import mlflow

        client = mlflow.MlflowClient(store)
        run = client.get_run(run_id)
        files = {file.path for file in client.list_artifacts(run_id)}
        return Contamination(
            run.info.status, run.data.params, run.data.metrics, run.data.tags, files
        )

    def questions(run: Any) -> list[str]:
        import mlflow

        found = mlflow.search_traces(
            run_id=run.id, return_type="list", locations=[run.experiment_id]
        )
        return sorted(trace.info.tags["question_id"] for trace in found)

    return Kept(MlflowTracker(), store, look, questions)


@pytest.fixture(params=["memory", pytest.param("mlflow", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "memory":
        return _in_memory()
    return _in_mlflow(request.getfixturevalue("mlflow_store"))


def test_a_run_keeps_first_params_newest_figures_and_files_over_attempts(
    kept: Kept, tmp_path: Path
):
    file = tmp_path / "records.jsonl"
    file.write_text("{}\n")
    with kept.open("run", params={"seed": 0}, tags={"folder": "x"}) as run:
        run.log_metrics({"accuracy": 0.5, "usd": None})
        run.log_artifact(file)
        run.log_artifact(file, "inside")
        run.log_text("a table", "table.txt")
    with kept.open("run", run.id, params={"seed": 1, "more": 2}, tags={"folder": "y"}) as again:
        again.log_metrics({"accuracy": 0.75}, step=3)
        again.set_tags({"outcome": "good"})
    assert (again.id, again.uri) == (run.id, kept.store)
    found = kept.look(run.id)
    assert found.status == "FINISHED"
    assert found.params == {"seed": "0", "more": "2"}
    assert found.metrics == {"accuracy": 0.75}
    assert (found.tags["folder"], found.tags["outcome"]) == ("y", "good")
    assert {name.split("/")[0] for name in found.files} == {"records.jsonl", "inside", "table.txt"}


def test_a_run_that_is_gone_is_made_again(kept: Kept):
    with kept.open("gone", GONE) as run:
        assert run.id != GONE


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt, "KILLED"), (ZeroDivisionError, "FAILED")]
)
def test_how_a_run_ends_is_kept(kept: Kept, error: type[BaseException], status: str):
    with pytest.raises(error), kept.open("ends") as run:
        raise error()
    assert kept.look(run.id).status == status


def test_runs_inside_a_run_are_found_again_when_they_are_finished(kept: Kept):
    with kept.open("children") as run:
        made = run.log_child_run("abc", "candidate 0", {"accuracy": 0.5}, {"prompts.txt": "Solve."})
        run.set_tags({"outcome": "start"}, made)
    with kept.open("children", run.id) as again:
        assert again.children() == {"abc": made}
        again.end_children()
    found = kept.look(made)
    assert (found.status, found.metrics, found.files) == (
        "FINISHED",
        {"accuracy": 0.5},
        {"prompts.txt"},
    )
    assert found.tags["outcome"] == "start"


def test_a_table_is_a_file_that_is_replaced(kept: Kept):
    with kept.open("table") as run:
        run.log_table([{"number": 0}], "candidates.json")
        run.log_table([{"number": 0}, {"number": 1}], "candidates.json")
    assert kept.look(run.id).files == {"candidates.json"}


def test_a_prompt_gets_a_version_when_it_changes(kept: Kept):
    first, second = ([{"role": "system", "content": text}] for text in ("Solve.", "Think."))
    with kept.open("prompts") as run:
        made = [
            run.register_prompt("cope-contract-prompt", m, "gepa", {})
            for m in (first, first, second)
        ]
    assert made == [f"prompts:/cope-contract-prompt/{version}" for version in (1, 1, 2)]


def test_each_question_is_traced_once(kept: Kept):
    with kept.open("traces", traces=True) as run:
        for name in ("q0", "q1"):
            with kept.tracker.question_span(name, "What?"):
                pass
    assert kept.questions(run) == ["q0", "q1"]


def test_an_earlier_run_takes_a_file_and_stays_as_it_ended(kept: Kept, tmp_path: Path):
    with kept.open("earlier") as run:
        pass
    page = tmp_path / "report.html"
    page.write_text("<p>")
    kept.tracker.earlier_run(run.id, kept.store).log_artifact(page)
    found = kept.look(run.id)
    assert (found.status, found.files) == ("FINISHED", {"report.html"})


def test_what_a_store_refuses_is_one_line(kept: Kept, tmp_path: Path):
    assert kept.tracker.check(kept.store) == kept.store
    gone = kept.tracker.earlier_run(GONE, kept.store)
    with kept.open("refuses") as run:
        for refused in (
            lambda: gone.log_metrics({"accuracy": 1.0}),
            lambda: gone.log_text("x", "x.txt"),
            lambda: gone.log_artifact(tmp_path),
            lambda: run.log_artifact(tmp_path / "missing"),
        ):
            with pytest.raises(CopeError, match="^the tracking store .* failed: ") as raised:
                refused()
            assert "\n" not in str(raised.value)

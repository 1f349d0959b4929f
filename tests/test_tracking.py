"""One MLflow run an evaluation, opened again on resume; one trace a question, its rounds inside."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cope import Cascade, tracking
from cope.errors import CopeError
from cope.tracking import store_file, store_uri


@pytest.fixture
def store(mlflow_store: str) -> str:
    return mlflow_store


@pytest.mark.slow
def test_a_run_holds_parameters_figures_and_artifacts_and_resumes_when_opened_again(
    store: str, tmp_path: Path
):
    import mlflow

    (tmp_path / "records.jsonl").write_text("{}\n")
    with tracking.tracked_run(
        "cope-test", "cope", {"seed": 0, "preset": "cope"}, tags={"folder": "x"}, store=store
    ) as run:
        run.log_metrics({"accuracy": 0.5, "usd": None})
        run.log_artifact(tmp_path / "records.jsonl")
        run.log_text("a table", "table.txt")
    with tracking.tracked_run(
        "cope-test", "cope", {"seed": 0, "preset": "cope", "more": 1}, run_id=run.id, store=store
    ) as again:
        again.log_metrics({"accuracy": 0.75})
    assert again.id == run.id
    found = mlflow.get_run(run.id)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"seed": "0", "preset": "cope", "more": "1"}
    assert found.data.metrics == {"accuracy": 0.75}, (
        "what is not known is left out, never logged as 0"
    )
    assert found.data.tags["folder"] == "x"
    assert {f.path for f in mlflow.MlflowClient().list_artifacts(run.id)} == {
        "records.jsonl",
        "table.txt",
    }


@pytest.mark.slow
def test_each_question_is_one_trace_with_its_rounds_inside(
    store: str, scripted: Callable[..., Any]
):
    import mlflow

    program = Cascade("answer-cascade", scripted(lambda ask: f"Answer: {ask.seed}").team)
    with tracking.tracked_run("cope-test", "traces", {}, store=store) as run:
        for name in ("q0", "q1"):
            with tracking.question_span(name, "What?"):
                program(question="What?")
    traces = mlflow.search_traces(run_id=run.id, return_type="list", locations=[run.experiment_id])
    assert sorted(t.info.tags["question_id"] for t in traces) == ["q0", "q1"]
    names = [span.name for span in traces[0].data.spans]
    assert names.count("question") == 1
    assert names.count("Cascade.forward") == 1
    assert names.count("CascadeRound.forward") == 3
    assert names.count("Reasoner.forward") == 17, "eight, eight and one: no vote could settle it"


@pytest.mark.slow
def test_a_failure_is_a_failed_run(store: str):
    import mlflow

    with (
        pytest.raises(ZeroDivisionError),
        tracking.tracked_run("cope-test", "fails", {}, store=store) as run,
    ):
        _ = 1 / 0
    assert mlflow.get_run(run.id).info.status == "FAILED"


@pytest.mark.slow
def test_a_run_that_is_gone_is_made_again(store: str):
    with tracking.tracked_run("cope-test", "gone", {}, run_id="0" * 32, store=store) as run:
        assert run.id != "0" * 32


@pytest.mark.parametrize(
    "store", ["sqlite:////nowhere/at/all/mlflow.db", "sqlite:////proc/mlflow.db"]
)
def test_a_store_that_cannot_be_written_is_one_line(store: str):
    with pytest.raises(CopeError, match="cannot (write|use) the tracking store") as raised:
        tracking.open_store(store)
    assert "\n" not in str(raised.value)
    assert "--no-track" in str(raised.value)


def test_the_store_is_the_given_one_else_the_environments_else_a_file_here(
    monkeypatch: pytest.MonkeyPatch,
):
    assert store_uri() == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert store_uri() == "http://localhost:5000"
    assert store_uri("sqlite:///other.db") == "sqlite:///other.db"
    assert store_file("http://localhost:5000") is None
    assert os.fspath(store_file("sqlite:////tmp/a.db") or "") == "/tmp/a.db"


@pytest.mark.slow
def test_two_processes_that_make_an_experiment_at_once_share_it(
    store: str, monkeypatch: pytest.MonkeyPatch
):
    """The other one makes it after this one has found none."""
    import mlflow

    find = mlflow.get_experiment_by_name
    looks: list[str] = []

    def late(name: str) -> object:
        if name != "cope-race" or looks:
            return find(name)
        looks.append(name)
        mlflow.create_experiment(name)
        return None

    monkeypatch.setattr(mlflow, "get_experiment_by_name", late)
    with tracking.tracked_run("cope-race", "cope", {}, store=store) as run:
        assert looks and run.experiment_id == find("cope-race").experiment_id

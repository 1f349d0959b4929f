"""What a compile needs of MLflow: runs inside its run, tables, prompts in the registry."""

import logging
import time
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError, Team, tracking
from cope.models import ScriptedEngine
from cope.tracking import prompt_template


def client() -> Any:
    import mlflow

    return mlflow.MlflowClient()


@pytest.mark.slow
def test_runs_inside_a_run_are_ended_and_found_again(mlflow_store: str):
    with tracking.tracked_run(
        "cope-compile-test", "children", {}, store=mlflow_store, traces=False
    ) as run:
        made = run.log_child_run("abc", "candidate 0", {"accuracy": 0.5}, {"prompts.txt": "Solve."})
        run.set_tags({"outcome": "start"}, made)
    with tracking.tracked_run(
        "cope-compile-test", "children", {}, run_id=run.id, store=mlflow_store, traces=False
    ) as again:
        assert again.children() == {"abc": made}
    found = client().get_run(made)
    assert found.info.status == "FINISHED" and found.data.metrics == {"accuracy": 0.5}
    assert found.data.tags["mlflow.parentRunId"] == run.id and found.data.tags["outcome"] == "start"
    assert [file.path for file in client().list_artifacts(made)] == ["prompts.txt"]


@pytest.mark.slow
def test_a_run_inside_that_a_kill_left_open_is_written_whole_or_ended(mlflow_store: str):
    def begun(run: tracking.TrackedRun, key: str) -> str:
        """As an attempt leaves it that is killed in the middle."""
        return (
            client()
            .create_run(run.experiment_id, tags={"mlflow.parentRunId": run.id, "cope.key": key})
            .info.run_id
        )

    with tracking.tracked_run(
        "cope-compile-test", "killed", {}, store=mlflow_store, traces=False
    ) as run:
        met, lost = begun(run, "met again"), begun(run, "never met again")
        assert run.children() == {}, "what is not finished is not there"
        assert (
            run.log_child_run(
                "met again", "candidate 1", {"accuracy": 0.5}, {"prompts.txt": "Solve."}
            )
            == met
        )
        run.end_children()
        assert run.children() == {"met again": met}
    assert client().get_run(met).data.metrics == {"accuracy": 0.5}
    assert [client().get_run(one).info.status for one in (met, lost)] == ["FINISHED", "KILLED"]


@pytest.mark.slow
def test_a_table_is_replaced_when_it_is_logged_again(mlflow_store: str):
    with tracking.tracked_run(
        "cope-compile-test", "table", {}, store=mlflow_store, traces=False
    ) as run:
        run.log_table([{"number": 0, "why": "é"}], "candidates.json")
        run.log_table([{"number": 0, "why": "é"}, {"number": 1, "why": None}], "candidates.json")
    table = client().load_table(run.experiment_id, "candidates.json", [run.id]).fillna("none")
    assert table.to_dict("records") == [{"number": 0, "why": "é"}, {"number": 1, "why": "none"}]


@pytest.mark.slow
def test_a_compile_is_not_traced(mlflow_store: str):
    import mlflow

    with tracking.tracked_run(
        "cope-compile-test", "quiet", {}, store=mlflow_store, traces=False
    ) as run:
        fixed = ScriptedEngine(lambda *_: "So.\nAnswer: 7")
        Cascade("small", Team(fixed, fixed, cache=False))(question="?")
    assert len(mlflow.search_traces(locations=[run.experiment_id], return_type="list")) == 0
    assert not any("mlflow" in type(callback).__module__ for callback in dspy.settings.callbacks)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("{x} and {}", "{x} and {}"),
        ("{{x}}", "{ {x} }"),
        ("{{{x}}}", "{ { {x} } }"),
        ("{% if x %}", "{ % if x %}"),
        (r"\frac{1}{{2}}", r"\frac{1}{ {2} }"),
    ],
)
def test_braces_of_a_prompt_are_no_variables(text: str, kept: str):
    from mlflow.entities.model_registry import PromptVersion

    messages = prompt_template([{"role": "user", "content": f"{text} <q>"}], {"question": "<q>"})
    assert messages == [{"role": "user", "content": f"{kept} {{{{question}}}}"}]
    prompt = PromptVersion("x", 1, messages)
    assert prompt.variables == {"question"}
    assert prompt.format(question="What?") == [{"role": "user", "content": f"{kept} What?"}]


@pytest.mark.slow
def test_a_prompt_gets_a_version_only_when_it_changes(mlflow_store: str):
    from mlflow import genai

    first, second = (
        [{"role": "system", "content": text}] for text in ("Solve {{question}}.", "Think.")
    )
    with tracking.tracked_run(
        "cope-compile-test", "prompts", {}, store=mlflow_store, traces=False
    ) as run:
        addresses = [
            run.register_prompt("cope-my task/ü", m, "gepa", {"tier": "small"})
            for m in (first, first, second)
        ]
    assert addresses == [
        "prompts:/cope-my-task-/1",
        "prompts:/cope-my-task-/1",
        "prompts:/cope-my-task-/2",
    ]
    prompt = genai.load_prompt("prompts:/cope-my-task-/1")
    assert prompt.template == first and prompt.commit_message == "gepa"
    assert prompt.tags == {"tier": "small", "run": run.id}


@pytest.mark.slow
def test_what_a_store_refuses_is_one_line(mlflow_store: str):
    tracking.open_store(mlflow_store)
    gone = tracking.TrackedRun("0" * 32, "0", mlflow_store)
    program = Cascade("small", Team(ScriptedEngine(lambda *_: ""), ScriptedEngine(lambda *_: "")))
    for refused in (
        lambda: gone.log_metrics({"accuracy": 1.0}),
        lambda: gone.log_text("x", "x.txt"),
        lambda: gone.log_artifact(Path("/nowhere/at/all")),
        lambda: gone.log_model(program, {"question": "string"}, {"question": "?"}),
    ):
        with pytest.raises(CopeError, match="^the tracking store sqlite:.* failed: ") as raised:
            refused()
        assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_a_run_that_cannot_be_ended_costs_nobody_the_work(
    mlflow_store: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    import mlflow

    end = mlflow.end_run

    def fails(*args: Any) -> None:
        end(*args)
        raise mlflow.MlflowException("the disk is full\nat some place")

    monkeypatch.setattr(mlflow, "end_run", fails)
    with (
        caplog.at_level(logging.WARNING, "cope.tracking.run"),
        tracking.tracked_run(
            "cope-compile-test", "end", {}, store=mlflow_store, traces=False
        ) as run,
    ):
        work = 6 * 7
    assert work == 42
    assert caplog.messages == [
        f"the tracking store {mlflow_store} did not end run {run.id}: the disk is full"
    ]


@pytest.mark.slow
def test_a_server_that_is_not_there_is_one_line_and_soon(monkeypatch: pytest.MonkeyPatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    started, before = time.monotonic(), mlflow.get_tracking_uri()
    try:
        with pytest.raises(
            CopeError,
            match=r"^no MLflow server answers at http://127\.0\.0\.1:9: .* or use --no-track$",
        ):
            tracking.open_store("http://127.0.0.1:9")
    finally:
        mlflow.set_tracking_uri(before)
    assert time.monotonic() - started < 30

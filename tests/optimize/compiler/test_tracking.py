"""A compile in MLflow, as `test_tracked_compile` has it in memory: runs inside a run, figures, prompts and models."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.compile_world import VAL
from support.tracked_compiles import SETTINGS, Tier, compilation

from cope import CopeError
from cope.optimize import Compilation, CompileResult
from cope.optimize.compiler.tracking import (
    METADATA_FILE,
    compile_provenance,
    run_tracked,
    tracked_compile,
)

pytestmark = pytest.mark.slow


@dataclass
class Made:
    """A tracked compile, and how often its models had been asked when it was told to MLflow."""

    compilation: Compilation
    outcome: CompileResult
    run: str
    store: str
    asked: int


def tracked_run(folder: Path, store: str, **more: Any) -> Made:
    prepared = compilation(folder, **more)
    try:
        with tracked_compile(prepared, SETTINGS, store) as log:
            made = prepared.run()
            made = compile_provenance(made, SETTINGS)
            asked = Tier.asked
            log(made)
    finally:
        prepared.close()
    return Made(prepared, made, made.provenance["mlflow"], store, Tier.asked - asked)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, mlflow_store: str) -> Made:
    return tracked_run(tmp_path_factory.mktemp("compile"), mlflow_store)


def client() -> Any:
    import mlflow

    return mlflow.MlflowClient()


def run_of(made: Made) -> Any:
    return client().get_run(made.run)


def children(run: Any) -> list[Any]:
    inside = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    return client().search_runs([run.info.experiment_id], inside)


def history(run_id: str, name: str) -> list[tuple[int, float]]:
    return [(entry.step, entry.value) for entry in client().get_metric_history(run_id, name)]


def text(made: Made, name: str) -> str:
    return Path(client().download_artifacts(made.run, name)).read_text(encoding="utf-8")


def test_one_run_with_a_run_inside_for_each_candidate_and_no_orphans(made: Made):
    run = run_of(made)
    assert run.info.status == "FINISHED"
    assert client().get_experiment(run.info.experiment_id).name == "cope-compile-twice"
    inside = {child.data.tags["cope.key"]: child for child in children(run)}
    assert inside.keys() == {
        c.id
        for c in made.outcome.candidates
        if c.has_all(made.compilation.session.candidates.val_keys)
    }
    everything = client().search_runs([run.info.experiment_id])
    assert {r.data.tags.get("mlflow.parentRunId", r.info.run_id) for r in everything} == {made.run}
    assert {r.info.status for r in everything} == {"FINISHED"}
    (saved,) = (child for child in inside.values() if child.data.tags["saved"] == "true")
    assert saved.data.metrics["accuracy"] == made.outcome.after.accuracy and saved.data.metrics[
        "questions"
    ] == len(VAL)
    prompts = Path(client().download_artifacts(saved.info.run_id, "prompts.txt")).read_text()
    assert prompts == text(made, "prompts/after.txt")


def test_parameters_and_what_it_cost_and_gained(made: Made):
    data, outcome = run_of(made).data, made.outcome
    assert data.params["optimizer"] == "bootstrap-random-search" and data.params["only"] == "all"
    assert data.params["model.small"] == "one"
    assert "model.proposer" not in data.params and "proposer" not in outcome.provenance["models"], (
        "nobody proposed"
    )
    assert data.params["split.val"] == f"{len(VAL)} questions, fingerprint v1"
    spent, gain = outcome.usage, outcome.gain
    wanted = {
        "compile_calls": spent.calls,
        "compile_tokens": spent.tokens,
        "compile_seconds": spent.machine_seconds,
        "budget_calls": 500,
        "val_before": outcome.before.accuracy,
        "val_after": outcome.after.accuracy,
        "gain": gain[0],
        "gain_low": gain[1],
        "gain_high": gain[2],
    }
    assert wanted.items() <= data.metrics.items() and gain[0] > 0
    assert "compile_usd" not in data.metrics, "a price that is not known is left out"


def test_scores_over_time_by_the_calls_made_so_far(made: Made):
    scores, best = history(made.run, "candidate_accuracy"), history(made.run, "best_accuracy")
    assert len(scores) == len(children(run_of(made))) > 2
    steps, values = zip(*best, strict=True)
    assert steps == tuple(step for step, _ in scores) == tuple(sorted(steps))
    assert 0 < steps[0] < steps[-1] <= made.outcome.usage.calls
    assert values == tuple(max(value for _, value in scores[: n + 1]) for n in range(len(scores)))
    assert values[-1] == made.outcome.after.accuracy


def test_the_table_of_proposals(made: Made):
    table = client().load_table(run_of(made).info.experiment_id, "candidates.json", [made.run])
    assert list(table["number"]) == list(range(len(made.outcome.candidates)))
    assert table["outcome"][0] == "start" and {"accepted", "rejected"} <= set(table["outcome"])
    (saved,) = table[table["saved"]].to_dict("records")
    assert saved["outcome"] == "accepted" and saved["accuracy"] == made.outcome.after.accuracy
    assert saved["instructions"].keys() == made.outcome.candidates[0].state.keys()
    assert set(table["run"].dropna()) == {child.info.run_id for child in children(run_of(made))}


def test_prompts_difference_and_program(made: Made):
    before, after, diff = (
        text(made, f"prompts/{name}.txt") for name in ("before", "after", "diff")
    )
    assert "demonstration 1 of " in after and "demonstration 1 of " not in before
    assert "demonstration added, 1 of " in diff and "\x1b" not in diff
    program = json.loads(text(made, "program.json"))
    assert program["compiled"]["mlflow"] == made.run and program["compiled"]["scores"]["after"]
    assert {**program, "compiled": None} == {**made.outcome.program.dump_state(), "compiled": None}


def test_prompts_in_the_registry(made: Made):
    from mlflow import genai

    prompt = genai.load_prompt("cope-twice-cope-round_1-reasoner")
    assert prompt.variables == {"question", "goal"} and prompt.tags["run"] == made.run
    tier = made.outcome.program.team["small"]
    predict = made.outcome.program.round_1.reasoner.predict
    given = {"question": "What is 9 + 9?", "goal": "Think."}
    assert prompt.format(**given) == tier.adapter.format(predict.signature, predict.demos, given)
    assert len(prompt.template) == 2 + 2 * len(predict.demos) > 2


def test_the_program_as_a_model(made: Made):
    from mlflow.dspy import load_model

    assert made.asked == 0, "logging it asks nothing: that would be outside of the budget"
    back: Any = load_model(f"runs:/{made.run}/program")
    assert back.dump_state() == made.outcome.program.dump_state()
    assert back(question="What is 9 + 9?").answer == "18"


def test_a_resumed_compile_logs_to_its_run_and_nothing_twice(made: Made):
    before = [history(made.run, "candidate_accuracy"), len(children(run_of(made)))]
    asked = Tier.asked
    again = tracked_run(made.compilation.folder, made.store)
    assert again.run == made.run and Tier.asked == asked
    assert [history(made.run, "candidate_accuracy"), len(children(run_of(made)))] == before


def test_a_kill_leaves_no_run_open_and_none_twice(tmp_path: Path, mlflow_store: str):
    """Killed when the run of a candidate is made and not yet written, and when it is written and not yet ended."""
    here = Path(__file__).parent
    ran = subprocess.run(
        [sys.executable, str(here / "_killed_tracking.py"), str(tmp_path), mlflow_store],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(here.parents[1])},
    )
    found = json.loads(ran.stdout)
    assert found["status"] == "FINISHED" and len(found["inside"]) > 1
    assert len({child["key"] for child in found["inside"]}) == len(found["inside"])
    for child in found["inside"]:
        assert (
            child["status"] == "FINISHED" and child["outcome"] and child["files"] == ["prompts.txt"]
        )
        assert "accuracy" in child["metrics"]


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt, "KILLED"), (CopeError, "FAILED")]
)
def test_how_a_run_ends_that_did_not_come_to_its_end(
    error: type[BaseException], status: str, tmp_path: Path, mlflow_store: str
):
    prepared = compilation(tmp_path, "bootstrap-few-shot", "small")

    def ended() -> None:
        with tracked_compile(prepared, SETTINGS | {"task": "ended"}, mlflow_store):
            prepared.run()
            raise error()

    with pytest.raises(error):
        ended()
    run = client().get_run(json.loads((tmp_path / METADATA_FILE).read_text())["mlflow_run"])
    assert run.info.status == status
    assert run.data.metrics["compile_calls"] == prepared.session.guard.used.calls > 0
    assert {child.info.status for child in children(run)} == {"FINISHED"}
    with tracked_compile(prepared, SETTINGS | {"task": "ended"}, mlflow_store):
        pass
    assert client().get_run(run.info.run_id).info.status == "FINISHED"
    prepared.close()


def test_a_compile_from_python_makes_the_same_run(tmp_path: Path, mlflow_store: str):
    from mlflow.dspy import load_model

    prepared = compilation(tmp_path, "copro", "plan-then-solve", only=["small"], seed=3)
    made = run_tracked(prepared, "python", store=mlflow_store)
    prepared.close()
    run = client().get_run(made.provenance["mlflow"])
    assert run.info.status == "FINISHED"
    assert client().get_experiment(run.info.experiment_id).name == "cope-compile-python"
    team, rows = prepared.program.team, prepared.splits
    assert {
        "optimizer": "copro",
        "model.small": team["small"].model,
        "model.proposer": prepared.proposer.model,
        "split.val": f"{len(VAL)} questions, fingerprint {rows.fingerprint('val')}",
        "adapter": "lean",
        "seed": "3",
        "only": ", ".join(prepared.trainable),
        "predictors": ", ".join(prepared.trainable),
    }.items() <= run.data.params.items()
    assert run.data.metrics["val_after"] == made.after.accuracy and len(children(run)) > 1
    assert {file.path for file in client().list_artifacts(made.provenance["mlflow"])} >= {
        "candidates.json",
        "program.json",
    }
    back: Any = load_model(f"runs:/{made.provenance['mlflow']}/program")
    assert back.dump_state() == made.program.dump_state()
    compiled = json.loads(made.save(tmp_path / "mine.json").read_text())["compiled"]
    assert (
        compiled["task"] == "python"
        and compiled["mlflow"] == run.info.run_id
        and compiled["adapter"] == "lean"
    )

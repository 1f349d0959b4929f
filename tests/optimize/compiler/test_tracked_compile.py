"""A compile in a tracking store in memory: its run, the runs inside, and how it ends. MLflow's own is in the slow tests."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.compile_world import VAL
from support.tracked_compiles import SETTINGS, Tier, compilation
from support.tracking import RunInMemory, TrackerInMemory

from cope import CopeError
from cope.optimize import Compilation, CompileResult
from cope.optimize.compiler import tracking
from cope.optimize.compiler.tracking import (
    METADATA_FILE,
    compile_provenance,
    mlflow_params,
    run_tracked,
    tracked_compile,
)


@dataclass
class Made:
    """A tracked compile, and how often its models were asked while it was logged."""

    compilation: Compilation
    outcome: CompileResult
    run: RunInMemory
    asked: int

    @property
    def inside(self) -> list[RunInMemory]:
        return self.run.tracker.inside(self.run.id)

    def text(self, name: str) -> str:
        return self.run.files[name].decode()


def tracked_run(folder: Path, tracker: TrackerInMemory) -> Made:
    prepared = compilation(folder)
    try:
        with tracked_compile(prepared, SETTINGS, tracker=tracker) as log:
            made = compile_provenance(prepared.run(), SETTINGS)
            asked = Tier.asked
            log(made)
    finally:
        prepared.close()
    return Made(prepared, made, tracker.runs[made.provenance["mlflow"]], Tier.asked - asked)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return tracked_run(tmp_path_factory.mktemp("compile"), TrackerInMemory())


@pytest.mark.slow
def test_one_run_with_a_run_inside_for_each_candidate_and_no_orphans(made: Made):
    assert made.run.status == "FINISHED" and made.run.experiment == "cope-compile-twice"
    keys = made.compilation.session.candidates.val_keys
    validated = [c.id for c in made.outcome.candidates if c.has_all(keys)]
    assert sorted(str(child.key) for child in made.inside) == sorted(validated)
    assert len(made.run.tracker.runs) == 1 + len(validated) > 3
    assert {child.status for child in made.inside} == {"FINISHED"}
    (saved,) = (child for child in made.inside if child.tag_values.get("saved") == "true")
    assert saved.metric_values["accuracy"] == made.outcome.after.accuracy
    assert saved.metric_values["questions"] == len(VAL)
    assert saved.files["prompts.txt"].decode() == made.text("prompts/after.txt")


@pytest.mark.slow
def test_parameters_and_what_it_cost_and_gained(made: Made):
    params, outcome = made.run.params, made.outcome
    assert params["optimizer"] == "bootstrap-random-search" and params["only"] == "all"
    assert params["model.small"] == "one" and "model.proposer" not in params, "nobody proposed"
    assert params["split.val"] == f"{len(VAL)} questions, fingerprint v1"
    used, gain = outcome.usage, outcome.gain
    wanted = {
        "compile_calls": used.calls,
        "compile_tokens": used.tokens,
        "compile_seconds": used.machine_seconds,
        "budget_calls": 500,
        "val_before": outcome.before.accuracy,
        "val_after": outcome.after.accuracy,
        "gain": gain[0],
        "gain_low": gain[1],
        "gain_high": gain[2],
    }
    assert wanted.items() <= made.run.metric_values.items() and gain[0] > 0
    assert "compile_usd" not in made.run.metric_values, "an unknown price is left out"


def test_the_proposer_is_noted_where_there_is_one(tmp_path: Path):
    prepared = compilation(tmp_path, "copro", "small")
    made = prepared.run()
    prepared.close()
    assert mlflow_params(prepared, SETTINGS)["model.proposer"] == "third"
    assert made.provenance["models"]["proposer"] == prepared.proposer.model
    noted = compile_provenance(made, SETTINGS).provenance["models"]
    assert noted == {"small": "one", "large": "other", "proposer": "third"}


@pytest.mark.slow
def test_scores_over_time_by_the_calls_made_so_far(made: Made):
    scores, best = made.run.steps["candidate_accuracy"], made.run.steps["best_accuracy"]
    assert len(scores) == len(made.inside) > 2
    steps = [step for step, _ in scores]
    assert [step for step, _ in best] == steps == sorted(steps)
    assert 0 < steps[0] < steps[-1] <= made.outcome.usage.calls
    highest = 0.0
    for (_, score), (_, value) in zip(scores, best, strict=True):
        highest = max(highest, score)
        assert value == highest
    assert highest == made.outcome.after.accuracy


@pytest.mark.slow
def test_the_table_of_proposals(made: Made):
    rows = json.loads(made.text("candidates.json"))
    assert [row["number"] for row in rows] == list(range(len(made.outcome.candidates)))
    outcomes = [row["outcome"] for row in rows]
    assert outcomes[0] == "start" and {"accepted", "rejected"} <= set(outcomes)
    (saved,) = (row for row in rows if row["saved"])
    assert saved["outcome"] == "accepted" and saved["accuracy"] == made.outcome.after.accuracy
    assert saved["instructions"].keys() == made.outcome.candidates[0].state.keys()
    assert {row["run"] for row in rows if row["run"]} == {child.id for child in made.inside}


@pytest.mark.slow
def test_prompts_difference_and_program(made: Made):
    before, after, diff = (made.text(f"prompts/{n}.txt") for n in ("before", "after", "diff"))
    assert "demonstration 1 of " in after and "demonstration 1 of " not in before
    assert "demonstration added, 1 of " in diff and "\x1b" not in diff
    program = json.loads(made.text("program.json"))
    about = program.pop("compiled")
    assert about["mlflow"] == made.run.id and about["scores"]["after"]
    state = made.outcome.program.dump_state()
    state.pop("compiled", None)
    assert program == json.loads(json.dumps(state))


def test_prompts_and_the_program_as_a_model_without_a_call(made: Made):
    assert made.asked == 0, "a call to log it would be outside of the budget"
    (model,) = made.run.models
    assert model.dump_state() == made.outcome.program.dump_state()
    (messages,) = made.run.tracker.prompts["cope-twice-cope-round_1-reasoner"]
    demos = made.outcome.program.round_1.reasoner.predict.demos
    assert len(messages) == 2 + 2 * len(demos) > 2


@pytest.mark.slow
def test_a_resumed_compile_logs_to_its_run_and_nothing_twice(made: Made):
    before = [list(made.run.steps["candidate_accuracy"]), len(made.inside)]
    asked = Tier.asked
    again = tracked_run(made.compilation.folder, made.run.tracker)
    assert again.run is made.run and Tier.asked == asked
    assert [made.run.steps["candidate_accuracy"], len(made.inside)] == before


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt, "KILLED"), (CopeError, "FAILED")]
)
def test_how_a_run_ends_that_did_not_come_to_its_end(
    error: type[BaseException], status: str, tmp_path: Path
):
    prepared, tracker = compilation(tmp_path, "bootstrap-few-shot", "small"), TrackerInMemory()

    def ended() -> None:
        with tracked_compile(prepared, SETTINGS, tracker=tracker):
            prepared.run()
            raise error()

    with pytest.raises(error):
        ended()
    run = tracker.runs[json.loads((tmp_path / METADATA_FILE).read_text())["mlflow_run"]]
    assert run.status == status
    assert run.metric_values["compile_calls"] == prepared.session.guard.used.calls > 0
    assert {child.status for child in tracker.inside(run.id)} == {"FINISHED"}
    with tracked_compile(prepared, SETTINGS, tracker=tracker):
        pass
    assert run.status == "FINISHED"
    prepared.close()


@pytest.mark.slow
def test_a_compile_from_python_makes_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tracker = TrackerInMemory()
    monkeypatch.setattr(tracking, "MlflowTracker", lambda: tracker)
    prepared = compilation(tmp_path, "copro", "plan-then-solve", only=["small"], seed=3)
    made = run_tracked(prepared, "python")
    prepared.close()
    run = tracker.runs[made.provenance["mlflow"]]
    assert run.status == "FINISHED" and run.experiment == "cope-compile-python"
    wanted: dict[str, Any] = {
        "optimizer": "copro",
        "model.small": prepared.program.team["small"].model,
        "model.proposer": prepared.proposer.model,
        "split.val": f"{len(VAL)} questions, fingerprint {prepared.splits.fingerprint('val')}",
        "adapter": "lean",
        "seed": "3",
        "only": ", ".join(prepared.trainable),
        "predictors": ", ".join(prepared.trainable),
    }
    assert wanted.items() <= run.params.items()
    assert run.metric_values["val_after"] == made.after.accuracy
    assert len(tracker.inside(run.id)) > 1 and {"candidates.json", "program.json"} <= set(run.files)
    compiled = json.loads(made.save(tmp_path / "mine.json").read_text())["compiled"]
    assert (compiled["task"], compiled["mlflow"]) == ("python", run.id)

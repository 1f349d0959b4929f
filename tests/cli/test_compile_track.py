"""A compile in MLflow: one run with a run inside for each candidate, what it came to, and how it goes on or ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from compile_scripts import PROPOSAL, TRAIN, VAL, preset, reply, score
from compile_scripts import rows as worded

from cope import Cascade, CopeError, Team
from cope.cli import compile as compile_command
from cope.cli import compile_log, options
from cope.cli.app import app
from cope.cli.compile_log import CompileLog
from cope.cli.compile_prompts import prompts_text, templates
from cope.cli.compile_proposals import proposals
from cope.cli.compile_track import NOTES, provenance, tracked_compile
from cope.models import ScriptedEngine
from cope.optimize import Budget, Compilation, Compiled, split
from cope.optimize.candidates import Candidates
from cope.tracking import TrackedRun


class Tier(ScriptedEngine):
    """A scripted tier that a model of MLflow's can hold; `asked` counts for all copies."""

    asked = 0

    def __init__(self, tier: str) -> None:
        super().__init__(self._say)
        self.tier = tier

    def _say(self, messages: Any, request: Any) -> str:
        Tier.asked += 1
        return reply(self.tier, messages, request)

    def __reduce__(self) -> Any:
        return Tier, (self.tier,)


def compilation(folder: Path, optimizer: str = "bootstrap-random-search", name: str = "cope", **more: Any):
    program = Cascade(preset(name), Team(Tier("small"), Tier("large"), cache=False))
    more = {"proposer": ScriptedEngine(lambda *_: PROPOSAL), "demos": 2, "budget": Budget(calls=500), **more}
    return Compilation(program, split(TRAIN, VAL), score, optimizer, folder=folder, **more)


SETTINGS: dict[str, Any] = {
    "task": "twice", "optimizer": "bootstrap-random-search", "only": [], "preset": "cope", "demos": 2,
    "models": {"small": "one", "large": "other"}, "reflection_lm": "third", "splits": {"train": "t1", "val": "v1"},
}  # fmt: skip


@dataclass
class Made:
    """A tracked compile, and how often its models had been asked when it was told to MLflow."""

    compilation: Compilation
    outcome: Compiled
    run: str
    store: str
    asked: int


def tracked_run(folder: Path, store: str, **more: Any) -> Made:
    prepared = compilation(folder, **more)
    try:
        with tracked_compile(prepared, SETTINGS, {"no_track": False, "store": store}) as log:
            made = prepared.run()
            made = provenance(made, prepared, SETTINGS, prepared.estimate())
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
        c.id for c in made.outcome.candidates if c.covers(made.compilation.session.candidates.valkeys)
    }
    everything = client().search_runs([run.info.experiment_id])
    assert {r.data.tags.get("mlflow.parentRunId", r.info.run_id) for r in everything} == {made.run}
    assert {r.info.status for r in everything} == {"FINISHED"}
    (saved,) = (child for child in inside.values() if child.data.tags["saved"] == "true")
    assert saved.data.metrics["accuracy"] == made.outcome.after.accuracy and saved.data.metrics["questions"] == len(VAL)
    prompts = Path(client().download_artifacts(saved.info.run_id, "prompts.txt")).read_text()
    assert prompts == text(made, "prompts/after.txt")


def test_parameters_and_what_it_cost_beside_what_it_gained(made: Made):
    data, outcome = run_of(made).data, made.outcome
    assert data.params["optimizer"] == "bootstrap-random-search" and data.params["only"] == "all"
    assert data.params["model.small"] == "one" and data.params["model.proposer"] == "third"
    assert data.params["split.val"] == f"{len(VAL)} questions, fingerprint v1"
    spent, gain = outcome.spent, outcome.gain
    wanted = {
        "compile_calls": spent.calls, "compile_tokens": spent.tokens, "compile_seconds": spent.seconds, "budget_calls": 500,
        "val_before": outcome.before.accuracy, "val_after": outcome.after.accuracy,
        "gain": gain[0], "gain_low": gain[1], "gain_high": gain[2],
    }  # fmt: skip
    assert wanted.items() <= data.metrics.items() and gain[0] > 0
    assert "compile_usd" not in data.metrics, "a price that is not known is left out"


def test_scores_over_time_by_the_calls_made_so_far(made: Made):
    scores, best = history(made.run, "candidate_accuracy"), history(made.run, "best_accuracy")
    assert len(scores) == len(children(run_of(made))) > 2
    steps, values = zip(*best, strict=True)
    assert steps == tuple(step for step, _ in scores) == tuple(sorted(steps))
    assert 0 < steps[0] < steps[-1] <= made.outcome.spent.calls
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
    before, after, diff = (text(made, f"prompts/{name}.txt") for name in ("before", "after", "diff"))
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


def test_a_compile_that_goes_on_goes_on_in_its_run_and_logs_nothing_twice(made: Made):
    before = [history(made.run, "candidate_accuracy"), len(children(run_of(made)))]
    asked = Tier.asked
    again = tracked_run(made.compilation.folder, made.store)
    assert again.run == made.run and Tier.asked == asked
    assert [history(made.run, "candidate_accuracy"), len(children(run_of(made)))] == before


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, "KILLED"), (CopeError, "FAILED")])
def test_how_a_run_ends_that_did_not_come_to_its_end(
    error: type[BaseException], status: str, tmp_path: Path, mlflow_store: str
):
    prepared = compilation(tmp_path, "bootstrap-few-shot", "small")
    options = {"no_track": False, "store": mlflow_store}

    def ended() -> None:
        with tracked_compile(prepared, SETTINGS | {"task": "ended"}, options):
            prepared.run()
            raise error()

    with pytest.raises(error):
        ended()
    run = client().get_run(json.loads((tmp_path / NOTES).read_text())["mlflow_run"])
    assert run.info.status == status
    assert run.data.metrics["compile_calls"] == prepared.session.purse.spent.calls > 0
    assert {child.info.status for child in children(run)} == {"FINISHED"}
    with tracked_compile(prepared, SETTINGS | {"task": "ended"}, options):
        pass
    assert client().get_run(run.info.run_id).info.status == "FINISHED"
    prepared.close()


def test_without_tracking_nothing_is_noted(tmp_path: Path):
    prepared = compilation(tmp_path, "bootstrap-few-shot", "small")
    with tracked_compile(prepared, SETTINGS, {"no_track": True, "store": "sqlite:////nowhere/at/all.db"}) as log:
        made = prepared.run()
        log(made)
    prepared.close()
    assert not (tmp_path / NOTES).exists() and "mlflow" not in made.provenance


class Run:
    """Stands for an open run, and keeps what it is told; `broken` refuses everything."""

    id = "run-7"

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.figures: list[tuple[dict[str, float], int | None]] = []
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.made: list[str] = []

    def _told(self) -> None:
        if self.broken:
            raise CopeError("the tracking store failed: the disk is full")

    def children(self) -> dict[str, str]:
        return {}

    def metrics(self, values: dict[str, float], step: int | None = None) -> None:
        self._told()
        self.figures.append((dict(values), step))

    def child(self, key: str, *_: Any) -> str:
        self.made.append(key)
        return f"child of {key}"

    def table(self, rows: list[dict[str, Any]], name: str) -> None:
        self.tables[name] = rows

    def tags(self, *_: Any) -> None:
        self._told()

    text = artifact = tags

    def prompt(self, *_: Any) -> str:
        self._told()
        return "prompts:/x/1"

    def model(self, *_: Any) -> str:
        self._told()
        return "models:/x"

    def values(self, name: str) -> list[float]:
        return [figures[name] for figures, _ in self.figures if name in figures]


@contextmanager
def logged(folder: Path, run: Run, known: dict[str, int] | None = None, **more: Any) -> Iterator[tuple[Any, Any]]:
    """A compile that is told to a stand-in, and the log."""
    prepared = compilation(folder, **more)
    log = CompileLog(run, prepared, SETTINGS, known if known is not None else {}, lambda steps: None)
    prepared.session.watchers.append(log.scored)
    try:
        yield prepared.run(), log
    finally:
        log.close()
        prepared.close()


def test_a_store_that_fails_is_told_and_costs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with logged(tmp_path, Run(broken=True)) as (made, log):
        log.outcome(made)
    assert made.improved and made.provenance["mlflow"] == "run-7"
    line = "warning: the tracking store failed: the disk is full; the compile went on, and MLflow has not all of it\n"
    assert capsys.readouterr().err == line


def test_of_many_candidates_the_first_and_the_saved_one_have_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compile_log, "MOST_CHILDREN", 1)
    run = Run()
    with logged(tmp_path, run) as (made, log):
        assert len(run.made) == 1 < len(run.values("candidate_accuracy"))
        log.outcome(made)
    rows = {row["number"]: row for row in run.tables["candidates.json"]}
    (saved,) = (row for row in rows.values() if row["saved"])
    assert run.made == [rows[0]["id"], saved["id"]]


def test_a_surrogate_has_scores_and_a_table_of_its_own(tmp_path: Path):
    run = Run()
    with logged(tmp_path, run, only=("round:1",), surrogate=True) as (made, log):
        log.outcome(made)
    assert len(run.values("surrogate_accuracy")) > 1
    assert len(run.values("candidate_accuracy")) == len(run.made) == len(run.tables["candidates.json"])
    assert len(run.tables["candidates-surrogate.json"]) > 1


def test_what_was_accepted_and_what_was_not_and_why():
    board = Candidates(["q1", "q2"])
    scores = {"a": (1, 0), "b": (1, 1), "c": (1, 1), "d": (0, 0), "e": (1,), "f": ()}
    for name, values in scores.items():
        board.see(name, {"round_1.reasoner.predict": {"instructions": f"Do {name}.", "demos": []}}, 10)
        for key, value in zip(("q1", "q2"), values, strict=False):
            board.score(name, key, value, 5, 50)
    board["f"].refused = "a prompt is too long"
    rows = {row["id"]: row for row in proposals(board, lambda value, used: value, "c")}
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "a": "start", "b": "accepted", "c": "accepted", "d": "rejected", "e": "rejected", "f": "refused",
    }  # fmt: skip
    assert rows["b"]["why"] == "better than all before it: 0.500 -> 1.000"
    assert rows["c"]["why"] == "worth the same as the best before it, 1.000, with fewer tokens" and rows["c"]["saved"]
    assert rows["d"]["why"] == "0.000 on validation, and 1.000 was known"
    assert rows["e"]["why"] == "given up after 1 of 2 validation questions"
    assert rows["f"]["why"] == "a prompt is too long" and rows["f"]["accuracy"] is None
    assert rows["b"]["instructions"] == {"round_1.reasoner.predict": "Do b."} and rows["b"]["tokens"] == 50


def test_prompts_of_peers_and_chosen_demonstrations_are_told():
    from cope.optimize.student import state_of, take

    program = Cascade(preset("small"), Team(Tier("small"), Tier("large")))
    state = state_of(program)
    name = "round_1.reasoner.predict"
    near = {"k": 1, "demos": [{"question": "What is 1 + 1?", "answer": "2"}, {"question": "And 2?", "answer": "4"}]}
    take(program, {name: state[name] | {"neighbours": near}, f"peer_2.{name}": state[name] | {"instructions": "Peer."}})
    told = prompts_text(state_of(program))
    assert "shown the 1 nearest of 2" in told and "answer: 4" in told and "\nPeer." in told.replace("  ", "")
    parts = {part: (messages, tags) for part, messages, tags in templates(program)}
    assert parts.keys() == {"round_1-reasoner", "peer_2-round_1-reasoner"}
    assert parts["round_1-reasoner"][1]["neighbours"] == "1 of 2"
    assert parts["peer_2-round_1-reasoner"][0][0]["content"].startswith("Peer.")


# As a user types it


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compile_command, "prepare", lambda *args, **kwargs: None)

    def team(given: Any) -> Team:
        options.make_team(given)
        return Team(Tier("small"), Tier("large"), cache=False)

    monkeypatch.setattr(compile_command, "make_team", team)
    rows = [{"question": example.question, "answer": example.answer} for example in worded(range(18))]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def cope(*words: str) -> Any:
    usual = ("compile", "jsonl", "--data", "q.jsonl", "--preset", "small", "--optimizer", "bootstrap-few-shot", "--yes")
    return CliRunner().invoke(app, [*usual, "--reflection-lm", "local/smollm2-135m", *words])


def test_a_store_that_cannot_be_written_is_told_before_a_model_is_asked(here: Path):
    asked = Tier.asked
    result = cope("--store", "sqlite:////nowhere/at/all/mlflow.db")
    assert result.exit_code == 1 and Tier.asked == asked
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert "cannot write the tracking store /nowhere/at/all/mlflow.db" in line and "--no-track" in line


def test_the_run_is_told_and_is_in_the_file_and_a_fresh_compile_has_another(here: Path, mlflow_store: str):
    runs = []
    for words in ((), ("--resume",), ("--fresh",)):
        result = cope("--store", mlflow_store, "--json", *words)
        assert result.exit_code == 0, result.output
        assert "warning" not in result.stderr
        runs.append(json.loads(result.stdout)["mlflow"])
        assert json.loads((here / "jsonl-small.json").read_text())["compiled"]["mlflow"] == runs[-1]
    assert runs[0] == runs[1] != runs[2]


def test_the_stand_in_has_the_real_ones_methods():
    assert all(
        hasattr(TrackedRun, name) for name in vars(Run) if not name.startswith("_") and name not in ("id", "values")
    )

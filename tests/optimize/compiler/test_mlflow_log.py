"""What is logged of a compile, in a store in memory, and what the command says of it."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import commands
from support.commands import give_team, give_tracker
from support.compile_world import preset, rows as worded
from support.tracked_compiles import SETTINGS, Tier, compilation
from support.tracking import STORE, RunInMemory, TrackerInMemory

from cope import Team
from cope.optimize.compiler import mlflow_log
from cope.optimize.compiler.candidates import CandidatePool, proposal_rows
from cope.optimize.compiler.mlflow_log import CompileTracker
from cope.optimize.compiler.prompts import prompts_text, templates
from cope.optimize.compiler.store import METADATA_FILE


def run_in_memory(broken: bool = False) -> RunInMemory:
    """A run of a store in memory; one that is broken is not in its store."""
    tracker = TrackerInMemory()
    run = tracker.begin("cope-compile-twice", "twice")
    if broken:
        del tracker.runs[run.id]
    return run


def keys(run: RunInMemory) -> list[str | None]:
    """The keys of the runs inside, in the order in which they were made."""
    return [child.key for child in run.tracker.inside(run.id)]


def table(run: RunInMemory, name: str) -> list[dict[str, Any]]:
    return json.loads(run.files[name])


def to_stderr(message: str) -> None:
    print(message, file=sys.stderr)


@contextmanager
def logged(
    folder: Path, run: RunInMemory, known: dict[str, int] | None = None, **more: Any
) -> Iterator[tuple[Any, Any]]:
    """A compile that is logged to a run, and the log."""
    prepared = compilation(folder, **more)
    log = CompileTracker(
        run,
        prepared,
        SETTINGS,
        known if known is not None else {},
        lambda steps: None,
        notify=to_stderr,
    )
    try:
        with closing(log), prepared.session.with_callback(log):
            yield prepared.run(), log
    finally:
        prepared.close()


@pytest.mark.slow
def test_a_store_that_fails_is_reported_and_costs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = run_in_memory(broken=True)
    with logged(tmp_path, run) as (made, log):
        log.log_outcome(made)
    assert made.improved and made.provenance["mlflow"] == run.id
    assert capsys.readouterr().err == (
        f"warning: the tracking store {STORE} failed: there is no run {run.id}; "
        "the compile continued, and MLflow lacks parts of it\n"
    )


@pytest.mark.slow  # the runs of a few candidates are tested
def test_of_many_candidates_the_first_and_the_saved_one_have_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mlflow_log, "MAX_CHILD_RUNS", 1)
    run = run_in_memory()
    with logged(tmp_path, run) as (made, log):
        assert len(keys(run)) == 1 < len(run.steps["candidate_accuracy"])
        log.log_outcome(made)
    rows = {row["number"]: row for row in table(run, "candidates.json")}
    (saved,) = (row for row in rows.values() if row["saved"])
    assert keys(run) == [rows[0]["id"], saved["id"]]


@pytest.mark.slow
def test_a_surrogate_has_scores_and_a_table_of_its_own(tmp_path: Path):
    run = run_in_memory()
    with logged(tmp_path, run, only=("round:1",), surrogate=True) as (made, log):
        log.log_outcome(made)
    assert len(run.steps["surrogate_accuracy"]) > 1
    assert (
        len(run.steps["candidate_accuracy"]) == len(keys(run)) == len(table(run, "candidates.json"))
    )
    assert len(table(run, "candidates-surrogate.json")) > 1


def test_what_was_accepted_and_what_was_not_and_why():
    board = CandidatePool(["q1", "q2"])
    scores = {"a": (1, 0), "b": (1, 1), "c": (1, 1), "d": (0, 0), "e": (1,), "f": ()}
    for name, values in scores.items():
        board.register(
            name, {"round_1.reasoner.predict": {"instructions": f"Do {name}.", "demos": []}}, 10
        )
        for key, value in zip(("q1", "q2"), values, strict=False):
            board.add_score(name, key, value, 5, 50)
    board["f"].reject_reason = "a prompt is too long"
    rows = {row["id"]: row for row in proposal_rows(board, lambda value, used: value, "c")}
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "a": "start",
        "b": "accepted",
        "c": "accepted",
        "d": "rejected",
        "e": "rejected",
        "f": "refused",
    }
    assert rows["b"]["why"] == "better than all before it: 0.500 -> 1.000"
    assert (
        rows["c"]["why"] == "worth the same as the best before it, 1.000, with fewer tokens"
        and rows["c"]["saved"]
    )
    assert rows["d"]["why"] == "0.000 on validation, and 1.000 was known"
    assert rows["e"]["why"] == "given up after 1 of 2 validation questions"
    assert rows["f"]["why"] == "a prompt is too long" and rows["f"]["accuracy"] is None
    assert (
        rows["b"]["instructions"] == {"round_1.reasoner.predict": "Do b."}
        and rows["b"]["tokens"] == 50
    )


def test_prompts_of_peers_and_chosen_demonstrations_are_logged():
    from cope.optimize.compiler.prompts import apply_state, prompt_state
    from cope.programs.ensemble import Ensemble

    program = Ensemble(preset("small"), Team(Tier("small"), Tier("large")))
    state = prompt_state(program)
    name = "round_1.reasoner.predict"
    near = {
        "k": 1,
        "demos": [
            {"question": "What is 1 + 1?", "answer": "2"},
            {"question": "And 2?", "answer": "4"},
        ],
    }
    apply_state(
        program,
        {
            name: state[name] | {"neighbours": near},
            f"peer_2.{name}": state[name] | {"instructions": "Peer."},
        },
    )
    told = prompts_text(prompt_state(program))
    assert (
        "shown the 1 nearest of 2" in told
        and "answer: 4" in told
        and "\nPeer." in told.replace("  ", "")
    )
    parts = {part: (messages, tags) for part, messages, tags in templates(program)}
    assert parts.keys() == {"round_1-reasoner", "peer_2-round_1-reasoner"}
    assert parts["round_1-reasoner"][1]["neighbours"] == "1 of 2"
    assert parts["peer_2-round_1-reasoner"][0][0]["content"].startswith("Peer.")


# As a user types it


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    give_team(monkeypatch, lambda options: Team(Tier("small"), Tier("large"), cache=False))
    rows = [
        {"question": example.question, "answer": example.answer} for example in worded(range(18))
    ]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def cope(*words: str) -> Any:
    usual = (
        "compile",
        "jsonl",
        "--data",
        "q.jsonl",
        "--preset",
        "small",
        "--optimizer",
        "bootstrap-few-shot",
        "--yes",
    )
    return commands.cope(*[*usual, "--reflection-lm", "local/smollm2-135m", *words])


def test_a_store_that_cannot_be_written_is_an_error_before_a_model_is_asked(here: Path):
    asked = Tier.asked
    result = cope("--store", "sqlite:////nowhere/at/all/mlflow.db")
    assert result.exit_code == 1 and Tier.asked == asked
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert (
        "cannot write the tracking store /nowhere/at/all/mlflow.db" in line and "--no-track" in line
    )


@pytest.mark.slow
def test_the_run_is_printed_and_is_in_the_file_and_a_fresh_compile_has_another(
    here: Path, monkeypatch: pytest.MonkeyPatch
):
    give_tracker(monkeypatch)
    runs = []
    for words in ((), ("--resume",), ("--fresh",)):
        result = cope("--store", STORE, "--json", *words)
        assert result.exit_code == 0, result.output
        assert "warning" not in result.stderr
        runs.append(json.loads(result.stdout)["mlflow"])
        assert json.loads((here / "jsonl-small.json").read_text())["compiled"]["mlflow"] == runs[-1]
    assert runs[0] == runs[1] != runs[2]


def test_without_tracking_nothing_is_noted(here: Path):
    result = cope("--no-track", "--store", "sqlite:////nowhere/at/all.db", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["mlflow"] is None
    assert list(here.rglob("calls.jsonl")) and not list(here.rglob(METADATA_FILE))

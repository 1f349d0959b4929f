"""Signals that end a command: the work is saved, and its MLflow run is closed as killed."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, give_team, give_tracker
from support.killed_processes import lines

SCRIPT = Path(__file__).with_name("_signalled.py")
COMMANDS = {
    "eval": "eval jsonl --data q.jsonl --preset cope",
    "compile": "compile jsonl --data q.jsonl --preset small --optimizer copro --budget-calls 400 --yes",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1} for n in range(60)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_an_interrupted_run_is_closed_as_killed(
    command: str, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
):
    calls = []

    def reply(ask: Any) -> str:
        calls.append(ask)
        if len(calls) > 40:
            raise KeyboardInterrupt
        return "Answer: 1"

    made = scripted(reply)
    give_team(monkeypatch, lambda options: made.team)
    tracker = give_tracker(monkeypatch)
    result = cope(*COMMANDS[command].split())
    assert result.exit_code == 130, result.output
    assert [run.status for run in tracker.runs.values() if run.parent is None] == ["KILLED"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "sent"),
    [
        ("eval", [signal.SIGINT]),
        ("eval", [signal.SIGTERM]),
        ("eval", [signal.SIGHUP, signal.SIGTERM, signal.SIGHUP]),
        ("compile", [signal.SIGTERM]),
    ],
)
def test_a_signal_saves_the_work_and_closes_the_mlflow_run_as_killed(
    command: str, sent: list[signal.Signals], here: Path
):
    import mlflow

    words = [sys.executable, str(SCRIPT), *COMMANDS[command].split()]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        stuck = threading.Timer(120, process.kill)
        stuck.start()
        while lines(here / "asked") < 30 and process.poll() is None:
            time.sleep(0.01)
        for number in sent:
            process.send_signal(number)
        said = process.communicate()[1].decode()
        stuck.cancel()
    assert process.returncode == 130, said
    by = "Ctrl-C" if sent[0] == signal.SIGINT else sent[0].name
    assert said.endswith(f"stopped by {by}\n") and "Traceback" not in said
    client = mlflow.MlflowClient(f"sqlite:///{here / 'mlflow.db'}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    runs = client.search_runs(experiments, "tags.folder LIKE '%'")
    assert [run.info.status for run in runs] == ["KILLED"]
    saved = list((here / ".cope").glob("*/*/calls.jsonl"))
    assert lines(saved[0]) > 0

"""An evaluation from its options to its document, without the command line."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.tracking import STORE, TrackerInMemory

from cope.errors import CopeError
from cope.eval import QuestionResult, task_by_name
from cope.eval.recording.live import RecordRequest, record_task
from cope.eval.recording.rematch import open_recording
from cope.eval.replay.run import evaluate_on_recording
from cope.eval.run.callbacks import RunCallbacks
from cope.eval.run.live import EvaluationRequest, run_evaluation
from cope.eval.run.options import DataOptions, RunOptions
from cope.models import ScriptedEngine, Team
from cope.programs.options import ProgramOptions, TeamOptions


class Caller:
    """Keeps what a run tells its caller."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.started: list[tuple[int, int, int]] = []
        self.results: list[QuestionResult] = []
        self.lines: list[str] = []

    @contextmanager
    def start(
        self, questions: int, earlier: Sequence[QuestionResult], stages: int
    ) -> Iterator[Callable[[QuestionResult], None]]:
        self.started.append((questions, len(earlier), stages))
        yield self.results.append

    def callbacks(self) -> RunCallbacks:
        return RunCallbacks(
            lambda team, tiers: self.loaded.extend(tiers), self.start, self.lines.append
        )


def answer_four(*_: Any) -> str:
    return "So.\nAnswer: 4"


@pytest.fixture
def data(tmp_path: Path) -> DataOptions:
    rows = [{"question": f"What is {n} + 2?", "answer": str(n + 2)} for n in (1, 2)]
    file = tmp_path / "q.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return DataOptions(data=str(file))


@pytest.fixture
def request_(tmp_path: Path, data: DataOptions) -> EvaluationRequest:
    team = Team(ScriptedEngine(answer_four), ScriptedEngine(answer_four), cache=False)
    return EvaluationRequest(
        task_by_name("jsonl"),
        team,
        TeamOptions(),
        ProgramOptions(preset="small"),
        data,
        RunOptions(tmp_path / "runs"),
        TrackerInMemory(),
        judge_tiers=("judge",),
    )


def test_an_evaluation_has_a_document_and_resumes(request_: EvaluationRequest):
    caller = Caller()
    made = run_evaluation(request_, caller.callbacks())
    document = made.document()
    assert (document["accuracy"], document["task"], document["preset"]) == (0.5, "jsonl", "small")
    assert document["mlflow"] == {"run": made.made.run and made.made.run.id, "store": STORE}
    assert (document["stopped"], document["failed"]) == (None, [])
    assert (caller.loaded, caller.started) == (["small", "judge"], [(2, 0, 1)])
    assert len(caller.results) == 2
    made.require_complete()
    again = Caller()
    assert run_evaluation(request_, again.callbacks()).document()["accuracy"] == 0.5
    assert (again.started, again.results) == ([(2, 2, 1)], [])


def test_only_a_cascade_ranks_among_the_questions_of_a_record(request_: EvaluationRequest):
    request = replace(request_, system="self-verification", ranks_from="r.parquet")
    with pytest.raises(CopeError, match="self-verification"):
        run_evaluation(request, Caller().callbacks())


def test_a_record_is_made_and_replayed(
    request_: EvaluationRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    caller = Caller()
    request = RecordRequest(
        request_.task,
        request_.team,
        request_.team_options,
        request_.program_options,
        request_.data_options,
        request_.run_options,
        also=("none",),
    )
    made = record_task(request, caller.callbacks())
    assert made.file == Path("jsonl-small.parquet") and made.file.is_file()
    assert (caller.loaded, caller.started) == (["small"], [(2, 0, 1)])
    made.require_complete()
    recording = open_recording(made.file, task="jsonl")
    found = evaluate_on_recording(
        recording, request.program_options, {}, caller.lines.append, limit=1
    )
    assert found.document["n"] == 1
    with pytest.raises(CopeError, match="is a record of jsonl, not of gsm8k"):
        open_recording(made.file, task="gsm8k")


def test_a_record_overwrites_nothing_else(request_: EvaluationRequest, tmp_path: Path):
    other = tmp_path / "other.parquet"
    other.write_text("mine")
    request = RecordRequest(
        request_.task,
        request_.team,
        request_.team_options,
        request_.program_options,
        request_.data_options,
        request_.run_options,
        output=other,
    )
    caller = Caller()
    with pytest.raises(CopeError, match="is there and is no record"):
        record_task(request, caller.callbacks())
    assert caller.started == [] and other.read_text() == "mine"

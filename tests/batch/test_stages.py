"""A table that is answered stage by stage: equal answers, shards, limits, errors, resuming."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.table_runs import TEXT, Answering, World

from cope import Cascade, CopeError, Team, load_preset
from cope.batch.job import TableJob
from cope.batch.stages.job import BatchCallbacks, batch_document, run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import file_table
from cope.models import Price, ScriptedEngine
from cope.models.concurrency import favors_throughput


class StagedWorld(World):
    """A table whose even numbers the first round does not agree on.

    Attributes:
        folder: the output of batches.
    """

    def __init__(self, folder: Path, rows: list[dict[str, str]], **options: Any) -> None:
        super().__init__(folder, Disagreeing(**options), rows)
        self.folder = folder / "batch"

    def batch_job(self, **options: Any) -> TableJob:
        options = {"mapping": TEXT, "folder": str(self.folder), "shard_rows": 3} | options
        return TableJob(
            file_table(self.input), self.models.cascade, BatchOptions(**options), "text"
        )

    def batch(self, callbacks: BatchCallbacks | None = None, **options: Any) -> Any:
        return run_batch(self.batch_job(**options), callbacks)

    def answers(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder).to_pylist()


class Disagreeing(Answering):
    """The samples of the small model agree on odd numbers only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        small = ScriptedEngine(self._disagree)
        large = ScriptedEngine(self._answer)
        prices = {"small": Price(1, 2), "large": Price(10, 20)}
        team = Team(small, large, cache=False, prices=prices)
        preset = load_preset("cope").with_overrides(samples=3)
        self.cascade = Cascade(preset, team, answer_kind="text", early_stop="none")

    def _disagree(self, messages: list[dict[str, str]], request: Any) -> str:
        text = self._answer(messages, request)
        number = int(text.rpartition(" ")[2]) if text.rpartition(" ")[2].isdigit() else 1
        return text if number % 2 else f"{text}{(request.config.seed or 0) % 7}"


@pytest.fixture
def staged(tmp_path: Path, rows: list[dict[str, str]]) -> StagedWorld:
    return StagedWorld(tmp_path, rows)


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_batch_gives_the_answers_of_a_run(staged: StagedWorld):
    staged.write([*({"text": f"What is {n}?"} for n in range(1, 8)), {"text": " "}])
    staged.output = staged.output.with_suffix(".parquet")
    staged.run()
    asked = sorted(staged.asked())
    report = staged.batch()
    assert timeless(staged.answers()) == timeless(pq.read_table(staged.output).to_pylist())
    assert sorted(staged.asked()) == asked
    assert {row["round"] for row in staged.answers()} == {1, 3, None}
    assert [stage.rows for stage in report.stages] == [7, 3, 3]
    assert report.files == 3 and report.open == 0 and report.totals.refused == 1


@pytest.mark.slow
def test_a_finished_batch_asks_nothing_again(staged: StagedWorld):
    first = batch_document(staged.batch_job(), staged.batch())
    answers, _ = staged.answers(), staged.asked()
    again = batch_document(staged.batch_job(), staged.batch())
    assert not staged.asked() and staged.answers() == answers
    assert again == first and first["stages"][0]["calls"] > 0


@pytest.mark.slow
def test_other_settings_are_refused_until_again(staged: StagedWorld):
    staged.batch()
    with pytest.raises(CopeError, match="made with other settings .shard_rows: 3, now 4"):
        staged.batch(shard_rows=4)
    staged.asked()
    staged.batch(shard_rows=4, again=True)
    assert staged.asked() and len(staged.answers()) == 7


@pytest.mark.slow
def test_a_batch_that_asked_nothing_may_be_begun_with_other_settings(staged: StagedWorld):
    def refuse(tiers: Any) -> None:
        raise CopeError("a key is missing")

    with pytest.raises(CopeError, match="a key is missing"):
        staged.batch(BatchCallbacks(load_models=refuse))
    assert staged.batch(shard_rows=2).totals.answered
    with pytest.raises(CopeError, match="made with other settings"):
        staged.batch()


def test_an_unknown_runner_leaves_no_folder(staged: StagedWorld):
    with pytest.raises(CopeError, match="no runner is named 'locl'"):
        staged.batch(runner="locl")
    assert not staged.folder.exists()


def test_a_lost_shard_is_asked_again_and_alone(staged: StagedWorld):
    staged.batch()
    answers, _ = timeless(staged.answers()), staged.asked()
    (staged.folder / "_batch" / "stage-1" / "00001.parquet").unlink()
    staged.batch()
    assert {question[:10] for question in staged.asked()} == {
        f"What is {n}?"[:10] for n in (4, 5, 6)
    }
    assert timeless(staged.answers()) == answers


def test_the_limit_leaves_every_row_in_a_known_state(staged: StagedWorld):
    whole = staged.batch().stages[0].usage.usd
    staged.asked()
    stopped = staged.batch(budget=whole * 0.6, again=True)
    assert "stops stage 1" in (stopped.stop_reason or "")
    assert stopped.open + stopped.totals.answered == 7 and stopped.open
    for row in staged.answers():
        assert (row["answer"] is None) == (row["error"] is not None)
    stopped = staged.batch(budget=whole * 1.05)
    assert "stops stage" in (stopped.stop_reason or "") and 0 < stopped.open < 7
    errors = [row["error"] for row in staged.answers() if row["answer"] is None]
    assert len(errors) == stopped.open and all("the same command continues" in e for e in errors)
    done = staged.batch(budget=whole * 100)
    assert done.open == 0 and done.stop_reason is None


@pytest.mark.slow
def test_an_error_of_a_row_is_in_its_column_and_asked_again_on_request(staged: StagedWorld):
    staged.models.failing = {"2", "5"}
    report = staged.batch()
    assert report.totals.failed == 2
    errors = {row["id"]: row["error"] for row in staged.answers() if row["error"]}
    assert set(errors) == {"r2", "r5"} and "does not fit" in errors["r2"]
    staged.models.failing = set()
    staged.asked()
    staged.batch()
    assert not staged.asked()
    assert staged.batch(retry_errors=True).totals.failed == 0
    assert not [row["error"] for row in staged.answers() if row["error"]]


def test_equal_questions_share_their_calls(staged: StagedWorld):
    staged.write([{"text": "What is 3?"}] * 2 + [{"text": "What is 5?"}])
    report = staged.batch()
    assert len(staged.asked()) == 2 * 6
    stage = report.stages[0]
    assert (stage.usage.calls, stage.shared) == (3 * 6, 6)
    assert stage.shared_usd == pytest.approx(stage.usage.usd / 3, rel=0.1)


@pytest.mark.slow
def test_the_calls_of_finished_rows_are_forgotten_unless_they_are_shared(
    staged: StagedWorld, tmp_path: Path
):
    staged.batch()
    assert not list((staged.folder / "_batch" / "calls").rglob("calls.json"))
    staged.batch(again=True, calls=str(tmp_path / "shared"))
    staged.asked()
    other = staged.batch(calls=str(tmp_path / "shared"), folder=str(tmp_path / "other"))
    assert not staged.asked(), "the other run pays for nothing"
    assert other.stages[0].shared == other.stages[0].usage.calls


@pytest.mark.slow
def test_a_batch_in_memory_of_another_store(staged: StagedWorld):
    folder = f"memory://{staged.folder.name}-{id(staged)}"
    staged.batch(folder=folder)
    assert staged.asked()
    assert staged.batch(folder=folder).totals.answered == 7
    assert not staged.asked()


def test_without_a_cascade_or_a_folder_nothing_begins(staged: StagedWorld):
    job = staged.batch_job()
    with pytest.raises(CopeError, match="needs BatchOptions with a folder"):
        run_batch(replace(job, options=replace(job.options, folder="")))
    with pytest.raises(CopeError, match="no runner is named 'locl': did you mean local"):
        staged.batch(runner="locl")


@pytest.mark.slow
def test_the_models_of_a_stage_are_loaded_when_it_asks_them(staged: StagedWorld):
    events: list[Any] = []
    callbacks = BatchCallbacks(
        on_stage=lambda totals, left: events.append((totals.stage, left)),
        load_models=lambda tiers: events.append(tuple(tiers)),
    )
    staged.batch(callbacks)
    assert events == [(1, 7), ("small",), (2, 3), ("large",), (3, 3)]
    events.clear()
    staged.batch(callbacks)
    assert not events, "a finished batch loads nothing"


@pytest.mark.slow
def test_rows_are_asked_for_the_fewest_calls(staged: StagedWorld):
    favors: set[bool] = set()
    reply = staged.models.reply

    def noting(question: str) -> str:
        favors.add(favors_throughput())
        return reply(question)

    staged.models.reply = noting
    staged.batch()
    assert favors == {True}

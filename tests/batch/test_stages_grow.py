"""A batch that is resumed with another limit or another table: what is asked, kept and written."""

import itertools
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.sweeps import mostly_slow, sweep
from support.table_runs import TEXT, Answering, World

from cope import CopeError
from cope.batch.job import TableJob
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.stages.output import open_rows
from cope.batch.stages.rows import ANSWERED, FAILED, OPEN, REFUSED, RowOutcome, RowRequest
from cope.batch.stages.state import BatchState
from cope.batch.tables import file_table
from cope.util.storage import Storage

ROWS = [{"id": f"r{n}", "text": f"What is {n}?"} for n in range(1, 9)]


class Batch(World):
    """A batch of a table in shards of three rows, one call for each row."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Answering(), ROWS)
        self.folder = folder / "batch"

    def answer(self, **options: Any) -> list[int]:
        """Answer the table, and return the numbers of the rows that were asked."""
        options = {"mapping": TEXT, "folder": str(self.folder), "shard_rows": 3} | options
        job = TableJob(file_table(self.input), self.models.cascade, BatchOptions(**options), "text")
        self.report = run_batch(job)
        return sorted(int(question.split()[2].rstrip("?")) for question in self.asked())

    @property
    def answers(self) -> list[str]:
        return pq.read_table(self.folder).column("answer").to_pylist()


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    return Batch(tmp_path)


def numbers(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


LIMITS = list(itertools.product([1, 2, 3, 4, 8, None], repeat=2))


@pytest.mark.parametrize("limits", mostly_slow(LIMITS, (2, None), (4, 1), (3, 4)))
def test_another_limit_asks_only_the_rows_that_are_new(
    batch: Batch, limits: tuple[int | None, int | None]
):
    first, second = limits
    assert batch.answer(limit=first) == numbers(1, first or 8)
    new = batch.answer(limit=second)
    assert new == numbers((first or 8) + 1, second or 8)
    assert batch.answers == [str(n) for n in numbers(1, second or 8)]
    report = batch.report
    assert report.rows == report.totals.answered == report.stages[0].rows == (second or 8)
    assert report.shards == report.files == -(-(second or 8) // 3)
    assert batch.answer() == numbers(max(first or 8, second or 8) + 1, 8)
    assert batch.answers == [str(n) for n in numbers(1, 8)]


@sweep("size", [2, 3, 5], every=3)
def test_a_table_that_grew_asks_its_new_rows_and_one_that_shrank_none(batch: Batch, size: int):
    batch.write(ROWS[:size])
    batch.answer()
    batch.write([*ROWS[:-1], {"id": "empty", "text": " "}])
    assert batch.answer() == numbers(size + 1, 7) and not batch.answer()
    assert batch.answers == [*(str(n) for n in numbers(1, 7)), None]
    assert batch.report.totals.refused == 1
    batch.write(ROWS[:size])
    assert not batch.answer()
    assert batch.answers == [str(n) for n in numbers(1, size)]


def test_other_cells_beside_the_question_are_written_anew(batch: Batch):
    batch.answer(limit=5)
    batch.write([row | {"id": "new", "more": "x"} for row in ROWS])
    assert batch.answer(limit=6) == [6]
    table = pq.read_table(batch.folder)
    assert table.column("id").to_pylist() == ["new"] * 6 and "more" in table.column_names
    renamed = batch.input.with_name("renamed.jsonl")
    batch.input = batch.input.rename(renamed)
    assert batch.answer() == [7, 8]


@sweep("row", [1, 3, 4], every=3)
def test_another_question_is_refused_and_nothing_is_lost(batch: Batch, row: int):
    batch.answer(limit=4)
    changed = list(ROWS)
    changed[row - 1] = {"id": "x", "text": "What is 90?"}
    batch.write(changed)
    message = rf"^row {row} of in.jsonl has another question than in .*/batch, .* --again$"
    for _ in range(2):
        with pytest.raises(CopeError, match=message):
            batch.answer()
    assert not batch.asked()
    batch.write(ROWS)
    assert batch.answer() == [5, 6, 7, 8]
    batch.write(changed)
    assert 90 in batch.answer(again=True)


def test_a_changed_row_that_was_never_asked_is_new(batch: Batch):
    batch.answer(limit=4)
    batch.write([*ROWS[:4], {"text": "What is 90?"}])
    assert batch.answer() == [90]


def test_growth_that_was_killed_is_made_whole(batch: Batch, monkeypatch: pytest.MonkeyPatch):
    batch.answer(limit=2)

    def killed(state: BatchState, settings: Any) -> None:
        saves.append(settings)
        if len(saves) == 2:
            raise KeyboardInterrupt

    saves: list[Any] = []
    batch.write([*ROWS, {"text": " "}])
    with monkeypatch.context() as patch:
        patch.setattr(BatchState, "_save", killed)
        with pytest.raises(KeyboardInterrupt):
            batch.answer()
    assert batch.answer() == numbers(3, 8)
    assert batch.report.totals.refused == 1 and not batch.answer()


@pytest.mark.parametrize("retry", [False, True])
def test_open_rows_are_counted_without_their_questions(tmp_path: Path, retry: bool):
    """Over states that a killed batch, a limit or a retry may leave, in three stages."""
    chance = random.Random(retry)
    for attempt in range(12):
        state = BatchState(Storage(tmp_path / str(attempt)), 3, retry)
        requests = [RowRequest(row, {"question": f"q{row}"}) for row in numbers(1, 9)]
        with state.open({}, again=False):
            state.split([(requests, [])], chance.randint(5, 9), 9)
            for stage in range(4):
                asked = [row for row in numbers(1, 9) if chance.random() < 0.7]
                states = [REFUSED] if stage == 0 else [ANSWERED, OPEN, OPEN, FAILED]
                share = asked[:2] if stage == 0 else asked
                outcomes = [RowOutcome(row, chance.choice(states), record={}) for row in share]
                state.add(stage, 0, outcomes)
            for stage in (1, 2, 3):
                done = {outcome.row for outcome in state.outcomes(stage, 0)}
                rows = [one.request.row for one in open_rows(state.rows(0, stage - 1))]
                assert state.count_open(stage, 0) == len([row for row in rows if row not in done])

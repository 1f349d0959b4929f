"""A stage asks a later sample of a row only when the earlier ones have not settled it."""

import asyncio
import random
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.sweeps import sweep

from cope import Cascade, Team
from cope.batch.job import TableJob
from cope.batch.stages import worker
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import records_table
from cope.models import ScriptedEngine

ROWS = [f"What is {number}?" for number in range(16)]


async def reply(messages: Any, request: Any) -> str:
    """Answer questions of different difficulty, after a time that differs between samples."""
    text, seed = messages[-1]["content"], request.config.seed or 0
    for _ in range(3 + seed % 5):
        await asyncio.sleep(0)
    easy, draw = random.Random(text).random(), random.Random(f"{text} {seed}")
    return f"so\nAnswer: {0 if draw.random() < easy**0.5 else draw.randrange(9)}"


def answers_and_calls(folder: Path, slots: int, early_stop: str = "exact") -> tuple[Any, int]:
    engine = ScriptedEngine(reply)
    team = Team(engine, engine, cache=False, limits={"small": slots, "large": slots})
    cascade = Cascade("answer-cascade", team, answer_kind="text", early_stop=early_stop)
    columns = ("answer", "round")
    options = BatchOptions(folder=str(folder), columns=columns)
    report = run_batch(TableJob(records_table(ROWS), cascade, options, "text"))
    calls = sum(stage.usage.calls for stage in report.stages)
    return pq.read_table(folder).to_pylist(), calls


@sweep("slots", [4, 6], every=2)
def test_a_batch_gives_the_same_answers_for_fewer_calls(
    tmp_path: Path, slots: int, monkeypatch: pytest.MonkeyPatch
):
    answers, calls = answers_and_calls(tmp_path / "batch", slots)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "favoring_throughput", nullcontext)
        usual, usual_calls = answers_and_calls(tmp_path / "usual", slots)
    assert answers == usual
    assert calls < 0.85 * usual_calls, "rows settle with fewer samples"


@pytest.mark.slow
def test_all_samples_are_asked_where_nothing_stops_early(tmp_path: Path):
    answers, calls = answers_and_calls(tmp_path, 6, early_stop="none")
    rounds = [row["round"] for row in answers]
    assert calls == 8 * len(rounds) + 8 * sum(n > 1 for n in rounds) + sum(n > 2 for n in rounds)

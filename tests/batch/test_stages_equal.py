"""A batch answers as a run does: all kinds of plans, signatures, choices, gates before the rounds, damaged state."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.recordings import team_of
from support.sweeps import mostly_slow

from cope import Cascade, CopeError, load_preset
from cope.batch import BatchOptions, run_batch
from cope.batch.job import TableJob, answer_table
from cope.batch.options import TableOptions
from cope.batch.runners.base import RUNNERS
from cope.batch.stages.rows import RowOutcome, RowRequest, ShardResponse
from cope.batch.stages.state import BatchState
from cope.batch.tables import file_table, frame_table, records_table
from cope.eval.tasks.columns import ColumnMapping
from cope.models import Price
from cope.programs.sampling import derive_seed
from cope.util.storage import Storage

PRICES = {"small": Price(1, 2), "large": Price(10, 20)}
NUMBERS = [{"id": n, "text": f"What is {n} + 1?"} for n in range(6)]
CHOICES = [{"text": f"Is {n} even?", "yes": "yes", "no": "no"} for n in range(5)]
TICKETS = [{"ticket": f"ticket {n}", "customer": ["a", "b"][n % 2]} for n in range(5)]


def unsure(ask: Any) -> str:
    """Small models agree on some questions only; their plans and answers depend on all they saw."""
    number = int(re.findall(r"\d+", ask.user)[0])
    draw = derive_seed(ask.tier, ask.user, ask.seed, ask.role)
    if ask.role == "plan":
        return "" if draw % 5 == 0 else f"Plan {draw % 9}."
    if ask.tier == "large":
        return f"Because.\nAnswer: {number + draw % 2}"
    return f"So.\nAnswer: {number + draw % (1 + number % 4)}"


def letters(ask: Any) -> str:
    draw = derive_seed(ask.user, ask.seed)
    return "Plan." if ask.role == "plan" else f"So.\nAnswer: {'ABC'[draw % 3]}"


def both(rows: Any, folder: Path, reply: Any, options: dict[str, Any], **cascade: Any) -> Any:
    """Return the rows of a run and of a batch, without their durations."""
    table = records_table(rows) if isinstance(rows, list) else frame_table(rows)
    made = []
    kind = options.pop("kind", "text")
    for output in ("run", "batch"):
        preset = cascade.get("preset", "cope")
        others = {name: value for name, value in cascade.items() if name != "preset"}
        few = load_preset(preset).with_overrides(samples=3)
        system = Cascade(few, team_of(reply, prices=PRICES), early_stop="none", **others)
        if output == "run":
            chosen = TableOptions(folder / "run.parquet", **options)
            answer_table(TableJob(table, system, chosen, kind))
            found = pq.read_table(folder / "run.parquet")
        else:
            chosen = BatchOptions(folder=str(folder / "batch"), shard_rows=2, **options)
            run_batch(TableJob(table, system, chosen, kind))
            found = pq.read_table(folder / "batch")
        made.append([{k: v for k, v in row.items() if k != "seconds"} for row in found.to_pylist()])
    return made


PRESETS = "cope cope-hint cope-diagnosis cope-two-large self-consistency plan-then-solve"


@pytest.mark.slow
@pytest.mark.parametrize("preset", [*PRESETS.split(), "answer-cascade"])
def test_every_preset_answers_as_in_a_run(preset: str, tmp_path: Path):
    ran, batched = both(
        NUMBERS,
        tmp_path,
        unsure,
        {"mapping": ColumnMapping(question="text")},
        preset=preset,
        answer_kind="text",
        seed=3,
    )
    assert batched == ran and len(ran) == 6


@pytest.mark.slow
def test_choices_and_signatures_answer_as_in_a_run(tmp_path: Path):
    mapping = ColumnMapping(question="text", choices="yes,no")
    ran, batched = both(
        CHOICES,
        tmp_path,
        letters,
        {"mapping": mapping, "kind": "choice"},
        answer_kind="choice",
    )
    assert batched == ran and {row["answer"] for row in ran} <= {"yes", "no", None}
    assert all((row["answer"] is None) == (row["error"] is not None) for row in ran)


@pytest.mark.slow
def test_a_signature_of_ones_own_answers_as_in_a_run(tmp_path: Path):
    (tmp_path / "s").mkdir()
    rows = [*TICKETS, {"ticket": "ticket 9"}]
    ran, batched = both(rows, tmp_path / "s", unsure, {}, signature="ticket, customer -> team")
    assert batched == ran
    assert [row["error"] for row in ran][-1] == "the row has no customer"


@pytest.fixture
def batch(tmp_path: Path) -> Any:
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in NUMBERS))

    def run(**options: Any) -> Any:
        team = team_of(unsure, prices=PRICES)
        few = load_preset("cope").with_overrides(samples=3)
        cascade = Cascade(few, team, answer_kind="text", early_stop="none")
        mapping = ColumnMapping(question="text")
        chosen = BatchOptions(
            folder=str(tmp_path / "out"), shard_rows=2, mapping=mapping, **options
        )
        return run_batch(TableJob(file_table(tmp_path / "in.jsonl"), cascade, chosen, "text"))

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", ["inputs/00001.parquet", "stage-1/00001.parquet", "run.json"])
@pytest.mark.parametrize("damage", [b"", b"PAR1", b"{", b"[1]"])
def test_a_damaged_file_of_the_state_is_one_line_with_a_remedy(
    batch: Any, tmp_path: Path, name: str, damage: bytes
):
    batch()
    (tmp_path / "out" / "_batch" / name).write_bytes(damage)
    with pytest.raises(CopeError, match="damaged|was not made by this command"):
        batch()
    batch(again=True)


@pytest.mark.slow
def test_a_shard_whose_inputs_are_gone_is_one_line(batch: Any, tmp_path: Path):
    batch()
    (tmp_path / "out" / "_batch" / "inputs" / "00002.parquet").unlink()
    with pytest.raises(CopeError, match="is missing: start with --again"):
        batch()


@pytest.mark.slow
def test_other_columns_are_written_again_without_a_call(batch: Any, tmp_path: Path):
    batch()
    report = batch(columns=("answer",))
    assert list(report.names) == ["answer", "error"]
    assert pq.read_table(tmp_path / "out").column_names == ["id", "text", "answer", "error"]


def test_files_of_another_program_are_not_written_over(batch: Any, tmp_path: Path):
    mine = tmp_path / "out" / "part-00000-abc.parquet"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(CopeError, match="part-00000-abc.parquet is there and was not made by this"):
        batch()
    assert mine.read_bytes() == b"mine"


@pytest.mark.slow
def test_a_state_without_its_settings_is_not_used(batch: Any, tmp_path: Path):
    batch()
    for file in (tmp_path / "out").glob("part-*"):
        file.unlink()
    (tmp_path / "out" / "_batch" / "run.json").unlink()
    assert batch(limit=2).rows == 2
    assert len(pq.read_table(tmp_path / "out").to_pylist()) == 2


@pytest.mark.parametrize("seed", mostly_slow(range(4), 1))
def test_any_shard_of_any_stage_may_be_asked_again(batch: Any, tmp_path: Path, seed: int):
    def answers() -> list[dict[str, Any]]:
        rows = pq.read_table(tmp_path / "out").to_pylist()
        return [{name: row[name] for name in row if name != "seconds"} for row in rows]

    batch()
    whole = answers()
    draw = random.Random(seed)
    for file in sorted((tmp_path / "out" / "_batch").glob("stage-[123]/*")):
        if draw.random() < 0.5:
            file.unlink()
    batch()
    assert answers() == whole


def test_an_answered_row_keeps_its_answer_when_a_later_stage_is_still_there(tmp_path: Path):
    state = BatchState(Storage(tmp_path), 2)
    state.split([([RowRequest(1, {"question": "q"})], [])], 1, 3)
    state.add(2, 0, [RowOutcome(1, "answered", attempts="later")])
    state.add(1, 0, [RowOutcome(1, "answered", attempts="first")])
    assert [one.attempts for one in state.rows(0)[1].outcomes] == ["first"]


class Wrong:
    """A runner that answers a row that it was not asked."""

    def __init__(self, context: Any) -> None:
        """Take what a runner is given."""

    async def run_stage(self, requests: Any) -> Any:
        for request in requests:
            yield ShardResponse(request.stage, request.shard, [RowOutcome(99, "open")])


def test_a_runner_that_answers_another_row_is_named(batch: Any):
    RUNNERS.register("wrong", Wrong)
    try:
        with pytest.raises(
            CopeError, match="the runner wrong answered row 99 of shard 0, which it"
        ):
            batch(runner="wrong")
    finally:
        RUNNERS.unregister("wrong")

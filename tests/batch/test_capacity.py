"""Plans of large batches: the arithmetic by hand, and the figures of a record by its own rows."""

import json
import math
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pyarrow.parquet as pq
import pytest
from support import commands
from support.recordings import recorder, recording, team_of, unsure

from cope import CopeError
from cope.batch import capacity
from cope.batch.capacity import (
    StageLoad,
    TierLoad,
    TierSpeed,
    capacity_document,
    capacity_tables,
    plan_stages,
    stage_loads,
)
from cope.eval import Replay
from cope.models import Price

FIRST = StageLoad(1, "small solves", 1.0, (1.0, 1.0), {"small": TierLoad(16, 1600, 400, 0.0)})
LAST = StageLoad(
    2,
    "large plans, small solves",
    0.25,
    (0.2, 0.3),
    {"large": TierLoad(1, 100, 50, 0.001), "small": TierLoad(8, 800, 200, math.nan)},
)


def test_the_arithmetic_by_hand():
    speeds = {"small": TierSpeed(None, 1000.0), "large": TierSpeed(10_000.0, 100.0)}
    first, last = plan_stages([FIRST, LAST], 1e6, speeds)
    assert (first.rows, first.calls, first.read, first.written) == (1e6, 16e6, 1.6e9, 4e8)
    assert first.hours == pytest.approx(4e8 / 1000 / 3600) and first.usd == 0
    assert (last.rows, last.calls) == (250_000, 250_000 * 9)
    large_hours = (250_000 * 100 / 10_000 + 250_000 * 50 / 100) / 3600
    assert last.hours == pytest.approx(large_hours + 250_000 * 200 / 1000 / 3600)
    assert math.isnan(last.usd)
    more = plan_stages([FIRST, LAST], 1e9, speeds)
    assert more[1].hours == pytest.approx(1000 * last.hours)


def test_a_batch_service_takes_its_hours_whatever_the_number():
    speeds = {"small": TierSpeed(written=1000.0), "large": TierSpeed.parse("24h")}
    for rows in (1e6, 1e9):
        hours = plan_stages([LAST], rows, speeds)[0].hours
        assert hours == pytest.approx(24 + rows * 0.25 * 200 / 1000 / 3600)


@pytest.mark.parametrize(
    "text", ["", "fast", "0", "-1", "nan", "inf", "1/0", "1/2/3", "h", "0h", "/5"]
)
def test_a_speed_that_is_none_is_one_line(text: str):
    with pytest.raises(CopeError, match="is not understood: write the tokens a second"):
        TierSpeed.parse(text)


def test_a_tier_without_a_speed_is_named():
    with pytest.raises(CopeError, match="the speed of tier large is not known: give --tier large="):
        plan_stages([FIRST, LAST], 1e6, {"small": TierSpeed(written=1.0)})
    with pytest.raises(
        CopeError, match="small, large is not .*: give --tier small=TOKENS --tier large="
    ):
        plan_stages([FIRST, LAST], 1e6, {})


@pytest.mark.parametrize(
    ("name", "hint"), [("smal", "did you mean small"), ("x", "there are small")]
)
def test_a_speed_of_a_tier_that_is_not_asked_is_one_line(name: str, hint: str):
    speed = TierSpeed(written=1.0)
    with pytest.raises(CopeError, match=f"--tier {name}: no stage asks it: {hint}"):
        plan_stages([FIRST], 1e6, {"small": speed, name: speed})


@pytest.mark.parametrize("rows", [0, -5, math.nan, math.inf])
def test_no_rows_are_one_line(rows: float):
    with pytest.raises(CopeError, match="rows cannot be planned: give a number above 0"):
        plan_stages([FIRST], rows, {"small": TierSpeed(written=1.0)})


def test_what_a_record_does_not_know_is_unknown(monkeypatch: pytest.MonkeyPatch):
    """A record that was imported has no tokens."""
    load = StageLoad(1, "small solves", 1.0, (1.0, 1.0), {"small": TierLoad(1, *[math.nan] * 3)})
    monkeypatch.setattr(capacity, "stage_loads", lambda replay: [load])
    document = capacity_document(MagicMock(), {"small": "100"}, [10])
    (plan,) = document["plans"]
    for one in (plan, *plan["stages"]):
        assert {one[key] for key in ("read_tokens", "written_tokens", "usd", "hours")} == {None}
    shown = str(capacity_tables(document)[1])
    assert "nan" not in shown and shown.count("unknown") == 9


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("capacity")
    team = team_of(unsure, prices={"small": Price(1, 2), "large": Price(10, 20)})
    recording(recorder(team, "cope"), folder, 5)
    return folder / "r.parquet"


def test_the_loads_are_those_of_the_rows_of_the_record(record: Path):
    replay = Replay(record)
    loads = stage_loads(replay)
    rounds = replay.outcomes().round
    rows = pq.read_table(record).to_pylist()
    for load in loads:
        asked = {
            key
            for key, last in zip(replay.recording.keys, rounds, strict=True)
            if last >= load.stage
        }
        assert load.share == len(asked) / 5
        here = [one for one in rows if one["round"] == load.stage and one["key"] in asked]
        for name, columns in (
            ("calls", ("calls",)),
            ("read", ("prompt_tokens",)),
            ("written", ("completion_tokens",)),
            ("usd", ("usd",)),
        ):
            total = sum(
                one[f"{role}_{column}"] or 0
                for one in here
                for role in ("plan", "reason")
                for column in columns
            )
            mean = sum(getattr(tier, name) for tier in load.tiers.values())
            assert mean * len(asked) == pytest.approx(total)


def plan(*words: str) -> Any:
    return commands.cope("plan-capacity", *words)


def test_the_command_prints_three_sizes_or_those_that_are_named(record: Path):
    speeds = ("--tier", "small=40000/2500", "--tier", "large=500")
    result = plan(str(record), *speeds)
    assert result.exit_code == 0, result.output
    for text in ("1,000,000 rows of cope", "1,000,000,000 rows", "of time", "small plans"):
        assert text in result.stdout
    document = json.loads(plan(str(record), *speeds, "--rows", "1e5", "--json").stdout)
    (made,) = document["plans"]
    assert made["rows"] == 1e5 and made["usd"] > 0
    assert made["hours"] == pytest.approx(sum(stage["hours"] for stage in made["stages"]))
    assert sum(stage["share_of_time"] for stage in made["stages"]) == pytest.approx(1)
    result = plan(str(record), "--tier", "small=2500")
    assert result.exit_code == 1 and "give --tier large=" in result.stderr

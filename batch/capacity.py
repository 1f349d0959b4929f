"""What a batch of many rows takes: rows, tokens, money and hours by stage, from a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import CopeError, suggest_names
from ..eval.replay.replay import Replay
from ..stats.intervals import none_if_nan, wilson
from ..util.result_table import ResultTable
from ..util.text import format_duration, format_usd
from .tier_speed import TierSpeed

DEFAULT_ROWS = (1_000_000, 100_000_000, 1_000_000_000)


@dataclass(frozen=True)
class TierLoad:
    """What one row that a stage asks takes of a tier, in the mean; NaN is unknown.

    Attributes:
        calls: requests.
        read: tokens of prompts.
        written: tokens of completions.
        usd: money.
    """

    calls: float
    read: float
    written: float
    usd: float


@dataclass(frozen=True)
class StageLoad:
    """What a stage takes of each row.

    Attributes:
        stage: the stage, from 1.
        label: which tier does what.
        share: the share of all rows that the stage asks.
        bounds: the interval of the share, at 95%.
        tiers: the load of each tier that it asks.
    """

    stage: int
    label: str
    share: float
    bounds: tuple[float, float]
    tiers: Mapping[str, TierLoad]


@dataclass(frozen=True)
class StagePlan:
    """What a stage takes of a number of rows.

    Attributes:
        load: what it takes of each row.
        rows: the rows that it asks.
        calls: requests.
        read: tokens of prompts.
        written: tokens of completions.
        usd: money; NaN when a price is unknown.
        hours: time, with the tiers of the stage one after the other.
    """

    load: StageLoad
    rows: float
    calls: float
    read: float
    written: float
    usd: float
    hours: float


def stage_loads(replay: Replay) -> list[StageLoad]:
    """Return what each stage takes of a row, from the questions of a record.

    All samples of a round are counted: an early stop takes at most as much.

    Raises:
        CopeError: when the record holds no question with all its calls.
    """
    outcomes = replay.outcomes()
    known = outcomes.known
    questions = int(known.sum())
    if not questions:
        raise CopeError(f"{replay.recording.name} holds no question with all calls of the program")
    loads = []
    for place, stage in enumerate(replay.preset.stages):
        asks = known & (outcomes.round > place)
        asked = int(asks.sum())
        tiers: dict[str, TierLoad] = {}
        for tier in stage.tiers:
            values = {}
            for field in ("calls", "prompt_tokens", "plan_tokens", "answer_tokens", "usd"):
                column = replay.usage(field, tier)[:, place][asks]
                values[field] = float(column.mean()) if asked else 0.0
            written = values["plan_tokens"] + values["answer_tokens"]
            tiers[tier] = TierLoad(values["calls"], values["prompt_tokens"], written, values["usd"])
        bounds = wilson(asked, questions)
        share = asked / questions
        loads.append(StageLoad(stage.number, stage.label, share, bounds, tiers))
    return loads


def plan_stages(
    loads: Sequence[StageLoad], rows: float, speeds: Mapping[str, TierSpeed]
) -> list[StagePlan]:
    """Return what each stage takes of a number of rows.

    Args:
        loads: what each stage takes of a row.
        rows: the number of rows.
        speeds: the speed of each tier.

    Raises:
        CopeError: for a tier without a speed, a speed without a tier, or no row.
    """
    _check_speeds(loads, speeds)
    if not 0 < rows < np.inf:
        raise CopeError(f"{rows:g} rows cannot be planned: give a number above 0, as in 1e8")
    plans = []
    for load in loads:
        asked = rows * load.share
        calls = read = written = usd = hours = 0.0
        for tier, one in load.tiers.items():
            calls += asked * one.calls
            read += asked * one.read
            written += asked * one.written
            usd += asked * one.usd
            hours += speeds[tier].hours_of(asked * one.read, asked * one.written)
        plans.append(StagePlan(load, asked, calls, read, written, usd, hours))
    return plans


def _check_speeds(loads: Sequence[StageLoad], speeds: Mapping[str, TierSpeed]) -> None:
    """Raise an error unless each tier of the stages, and no other one, has a speed.

    Raises:
        CopeError: with the tiers.
    """
    tiers: list[str] = []
    for load in loads:
        tiers += [tier for tier in load.tiers if tier not in tiers]
    for tier in speeds:
        if tier not in tiers:
            raise CopeError(f"--tier {tier}: no stage asks it: {suggest_names(tier, tiers)}")
    missing = [tier for tier in tiers if tier not in speeds]
    if missing:
        options = " ".join(f"--tier {tier}=TOKENS" for tier in missing)
        raise CopeError(
            f"the speed of tier {', '.join(missing)} is not known: give {options}, the tokens that "
            "it writes in a second with all requests in flight"
        )


def capacity_document(
    replay: Replay, tiers: Mapping[str, str], rows: Sequence[float] = ()
) -> dict[str, Any]:
    """Return the plans for several numbers of rows as plain data.

    Args:
        replay: the program on a record.
        tiers: the speed of each tier, see `TierSpeed.parse`.
        rows: the numbers of rows; empty for `DEFAULT_ROWS`.

    Raises:
        CopeError: for a speed that is not understood or missing, or for no row.
    """
    speeds = {tier: TierSpeed.parse(speed) for tier, speed in tiers.items()}
    loads = stage_loads(replay)
    document: dict[str, Any] = {"record": str(replay.recording.name)}
    document["preset"] = replay.preset.name
    document["questions"] = int(replay.outcomes().known.sum())
    document["speeds"] = {tier: dict(vars(speed)) for tier, speed in speeds.items()}
    document["plans"] = []
    for count in rows or DEFAULT_ROWS:
        plans = plan_stages(loads, count, speeds)
        hours = sum(plan.hours for plan in plans)
        document["plans"].append(
            {
                "rows": count,
                "calls": sum(plan.calls for plan in plans),
                "read_tokens": none_if_nan(sum(plan.read for plan in plans)),
                "written_tokens": none_if_nan(sum(plan.written for plan in plans)),
                "usd": none_if_nan(sum(plan.usd for plan in plans)),
                "hours": none_if_nan(hours),
                "stages": [_stage_document(plan, hours) for plan in plans],
            }
        )
    return document


def _stage_document(plan: StagePlan, hours: float) -> dict[str, Any]:
    load = plan.load
    return {
        "stage": load.stage,
        "label": load.label,
        "share_of_rows": load.share,
        "share_bounds": list(load.bounds),
        "rows": plan.rows,
        "calls": plan.calls,
        "read_tokens": none_if_nan(plan.read),
        "written_tokens": none_if_nan(plan.written),
        "usd": none_if_nan(plan.usd),
        "hours": none_if_nan(plan.hours),
        "share_of_time": none_if_nan(plan.hours / hours if hours else 0.0),
    }


def capacity_tables(document: Mapping[str, Any]) -> list[str | ResultTable]:
    """Return a heading and a table for each number of rows."""
    tables: list[str | ResultTable] = []
    for plan in document["plans"]:
        columns = ["stage", "rows", "of all", "calls", "read", "written", "cost", "time", "of time"]
        table = ResultTable(columns, left=["stage"])
        for stage in plan["stages"]:
            low, high = stage["share_bounds"]
            time = stage["share_of_time"]
            table.add_row(
                f"{stage['stage']} {stage['label']}",
                *_amounts(stage, f"{low:.0%} to {high:.0%}"),
                "unknown" if time is None else f"{time:.0%}",
            )
        table.add_row("all", *_amounts(plan, ""), "100%")
        tables += [f"\n{plan['rows']:,.0f} rows of {document['preset']}, at most", table]
    return tables


def _amounts(plan: Mapping[str, Any], share: str) -> tuple[str, ...]:
    usd = "unknown" if plan["usd"] is None else format_usd(plan["usd"])
    return (
        short_count(plan["rows"]),
        share,
        short_count(plan["calls"]),
        _count(plan["read_tokens"]),
        _count(plan["written_tokens"]),
        usd,
        "unknown" if plan["hours"] is None else format_duration(plan["hours"] * 3600),
    )


def _count(count: float | None) -> str:
    return "unknown" if count is None else short_count(count)


def short_count(count: float) -> str:
    """Return a count with three digits and its unit.

    >>> short_count(950), short_count(1_234_000), short_count(2.5e9)
    ('950', '1.23M', '2.5G')
    """
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:.3g}"

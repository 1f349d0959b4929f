"""benchmarks/plans.py writes presets that load, and prints what a comparison found."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from cope.programs.preset import load_preset


def load(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.parametrize("code", [True, False])
def test_plans_writes_presets_that_load(code: bool, tmp_path: Path) -> None:
    plans = load("plans")
    kinds = plans.KINDS | {kind: {} for kind in plans.COMPILED_KINDS}
    if code:
        kinds = kinds | plans.CODE_KINDS
    for kind, settings in kinds.items():
        seconds = plans.second_rounds(kind, settings)
        files = [plans.write_preset(tmp_path, name, seconds[name], code) for name in seconds]
        again, large, planned = [load_preset(file).rounds[1] for file in files]
        assert planned.plan == kind and again.plan is None and large.reasoner == "large"
        assert again.samples == planned.samples, "as many chances with a plan and without"
        assert (planned.planner is None) == (kind in plans.UNPLANNED)
        first = load_preset(files[0]).rounds[0]
        assert first.samples == (1 if code else 3)
        assert again.temperature != first.temperature, "the same call again is no other sample"


@pytest.mark.parametrize("limit", [[], ["--limit", "9"], ["--limit=9"]])
def test_a_compile_takes_no_limit(limit: list[str]) -> None:
    team = ["--weights", "w", *limit, "--x"]
    assert load("plans").compile_options(team) == ["--weights", "w", "--x"]


def test_plans_prints_what_a_comparison_found() -> None:
    document = {
        "systems": {
            "plan-hint": {
                "accuracy": 0.5,
                "interval": [0.4, 0.6],
                "costs": {"large-tokens": 20.0},
            }
        },
        "comparisons": [
            {
                "system": "plan-hint",
                "difference": {"value": 0.02, "low": -0.01, "high": 0.05},
            }
        ],
        "plans": {"plan-hint": {"share": 0.25}},
        "envelope": {"systems": {"plan-hint": {"gain": {"value": -0.1, "low": -0.2, "high": 0.0}}}},
    }
    row = load("plans").system_row(document, "plan-hint")
    assert len(row) == len(load("plans").HEADER)
    assert row[1:] == [
        "50.0%",
        "40.0 to 60.0",
        "+2.0",
        "-1.0 to +5.0",
        20.0,
        "25%",
        "-10.0",
        "-20.0 to +0.0",
    ]

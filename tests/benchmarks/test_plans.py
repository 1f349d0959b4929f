"""benchmarks/plans.py writes presets that load, and prints what a comparison found."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from cope.programs.preset import load_preset

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import their neighbours, as they do when they are run."""
    monkeypatch.syspath_prepend(str(FOLDER))


def load(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.parametrize("code", [True, False])
def test_plans_writes_presets_that_load(code: bool, tmp_path: Path) -> None:
    plans = load("plans")
    kinds = plans.KINDS | plans.CODE_KINDS
    for kind, settings in kinds.items():
        file = plans.write_preset(tmp_path, kind, plans.plan_round(kind, settings), code)
        assert load_preset(file).rounds[1].plan == kind
    again = load_preset(plans.write_preset(tmp_path, "again", {"reasoner": "small"}, code))
    assert again.rounds[1].plan is None
    assert again.rounds[0].samples == (1 if code else 3)
    first, second = again.rounds
    assert second.temperature != first.temperature, "the same call again would be no other sample"


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

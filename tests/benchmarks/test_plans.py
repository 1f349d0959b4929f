"""benchmarks/plans.py writes presets that load, and prints what a comparison found."""

import json
import sys
from pathlib import Path

import pytest
from support.benchmarks import load

from cope.programs.preset import load_preset


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


@pytest.mark.parametrize("name", ["--limit", "--questions"])
@pytest.mark.parametrize("given", [[], ["{}", "9"], ["{}=9"]])
def test_a_compile_takes_no_option_of_comparisons_alone(
    name: str, given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans, asked = load("plans"), []
    words = [word.format(name) for word in given]
    monkeypatch.setattr(sys, "argv", ["plans.py", "mbpp", "--weights", "w", *words, "--x"])
    monkeypatch.setattr(plans, "cope", lambda arguments: asked.append(arguments) or "{}")
    options, team = plans._options()
    options.compile = ""
    plans.compiled(options, team, tmp_path / "plan-blueprint.toml", "blueprint")
    plans.compare(options, team, [tmp_path / "again.toml"])
    compile_words, compare_words = asked
    assert team == ["--weights", "w", "--x"] and compile_words[-3:] == team
    assert not [word for word in compile_words if name in word]
    assert (compare_words[-7:-5] == [name, "9"]) == bool(given)


@pytest.mark.parametrize(("after", "compared"), [(0.5, True), (0.4, False)])
def test_a_kind_is_compared_where_its_compile_found_a_plan(
    after: float,
    compared: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plans, commands = load("plans"), []

    def cope(words: list[str]) -> str:
        commands.append(words[0])
        if words[0] == "compile":
            scores = {"before": {"accuracy": 0.4}, "after": {"accuracy": after}}
            Path(words[words.index("-o") + 1]).write_text(
                json.dumps({"compiled": {"scores": scores}})
            )
            return ""
        system = {"accuracy": 0.5, "interval": [0.4, 0.6], "costs": {"large-tokens": 0.0}}
        names = ("again", "large-second", "plan-blueprint")
        return json.dumps(
            {
                "systems": dict.fromkeys(names, system),
                "comparisons": [],
                "plans": {},
                "envelope": {"systems": {}},
                "stopped": None,
            }
        )

    monkeypatch.setattr(plans, "cope", cope)
    words = ["mbpp", "--code", "--kinds", "blueprint", "--compile", "", "--runs", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["plans.py", *words])
    plans.main()
    assert commands == ["compile", "compare"][: 1 + compared]
    assert ("blueprint: not compared" in capsys.readouterr().out) == (not compared)


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

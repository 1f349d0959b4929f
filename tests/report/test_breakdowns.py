"""The breakdown of `cope eval --by` in the page: the same figures, for every system, with a small plot."""

import json
from pathlib import Path

import pytest
from support.report_sources import HOSTILE, run_in

from cope.errors import CopeError
from cope.eval import RunStore
from cope.eval.run.by_field import MISSING
from cope.report import open_source, report_data
from cope.report.page import json_for_script
from cope.report.plots.breakdown import has_plot
from cope.report.plots.gallery import plots_for


def give_fields(folder: Path, **values: list[str]) -> None:
    """Save the values of fields with a run, in the order of its results."""
    file = folder / "run.json"
    notes = json.loads(file.read_text())
    keys = sorted(RunStore.read(folder).results)
    notes["values_by_field"] = {
        field: dict(zip(keys, given, strict=False)) for field, given in values.items()
    }
    file.write_text(json.dumps(notes))


def test_each_value_has_its_figures_and_a_plot(tmp_path: Path):
    folder = run_in(tmp_path, "small", 6)
    give_fields(folder, level=["2", "10", "2", "2", "10", MISSING], **{HOSTILE: ["a"] * 6})
    figures = report_data(open_source(folder))
    (system,) = figures["systems"]
    level, odd = system["by"]
    assert level["field"] == "level" and odd["field"] == HOSTILE
    assert [(row["value"], row["n"]) for row in level["values"]] == [
        ("2", 3),
        ("10", 2),
        (MISSING, 1),
    ]
    results = RunStore.read(folder).results
    keys = sorted(results)
    right = [results[keys[place]].score for place in (0, 2, 3)]
    first = level["values"][0]
    assert first["accuracy"] == pytest.approx(sum(map(float, right)) / 3)
    assert first["interval"][0] < first["accuracy"] < first["interval"][1] or right in (
        [1] * 3,
        [0] * 3,
    )
    assert first["shares"] == [1.0] and first["total"]["calls"] == 3
    assert sum(row["total"]["calls"] for row in level["values"]) == system["total"]["calls"]
    assert has_plot(level) and not has_plot(odd), "one value is no plot"
    plots = {plot.name: plot for plot in plots_for(figures)}
    assert "by-0-0" in plots and "by-0-1" not in plots
    assert "2: " in plots["by-0-0"].caption and "Accuracy by level" in plots["by-0-0"].caption
    assert "<script" not in json_for_script(figures)


def test_the_runs_of_a_comparison_share_the_values(tmp_path: Path):
    folders = [run_in(tmp_path, preset, 4) for preset in ("small", "large")]
    give_fields(folders[0], level=["a", "b", "a", "b"])
    figures = report_data(open_source(tmp_path))
    found = [[row["n"] for row in system["by"][0]["values"]] for system in figures["systems"]]
    assert found == [[2, 2], [2, 2]]


def test_a_run_without_a_breakdown_has_none(tmp_path: Path):
    folder = run_in(tmp_path, "small", 2)
    assert report_data(open_source(folder))["systems"][0]["by"] == []
    notes = json.loads((folder / "run.json").read_text())
    for damaged in ([1], {"level": 3}, {"level": {"k": 1}}):
        (folder / "run.json").write_text(json.dumps(notes | {"values_by_field": damaged}))
        with pytest.raises(CopeError, match=r"run\.json has a damaged values_by_field"):
            open_source(folder)

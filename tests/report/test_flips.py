"""The flips, the envelope and the repeats of a report."""

import json
from pathlib import Path

import pytest
from support.imported_recordings import imported
from support.report_sources import run_in

from cope.eval import RunStore
from cope.report import open_source, render_page, report_data
from cope.report.details import question_index
from cope.report.flips import flip_figures


def test_every_flip_is_a_question_of_the_page_that_the_filter_by_outcome_finds_too(tmp_path: Path):
    imported(tmp_path, 60)
    source = open_source(tmp_path / "r.parquet")
    rows = question_index(source)["rows"]
    large = [system.name for system in source.systems].index("large")
    for place, system in enumerate(source.systems):
        found = flip_figures(source, system)
        if place == large:
            assert found is None
            continue
        assert found is not None and found["against"] == "large"
        everything, *parts = found["parts"]
        for kind, ours, theirs in (("helped", 1, 0), ("harmed", 0, 1)):
            chosen = [
                row[0] for row in rows if (row[3][place][1], row[3][large][1]) == (ours, theirs)
            ]
            assert sorted(everything[kind]) == sorted(chosen)
            by_round = [one for part in parts for one in part[kind]]
            assert sorted(by_round) == sorted(everything[kind])


def test_fields_that_a_run_was_broken_down_by_have_their_flips(tmp_path: Path):
    run_in(tmp_path, "large", count=6)
    folder = run_in(tmp_path, "cope", count=6)
    keys = list(RunStore.read(folder).results)
    values = {key: "easy" if place < 2 else "hard" for place, key in enumerate(keys)}
    notes = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(notes | {"values_by_field": {"level": values}}))
    source = open_source(folder)
    found = flip_figures(source, source.systems[0])
    assert found is not None
    named = {part["name"]: part["questions"] for part in found["parts"] if part["part"] == "level"}
    assert named == {"easy": 2, "hard": 4}


@pytest.mark.slow
def test_the_page_has_the_flips_and_the_envelope(tmp_path: Path):
    imported(tmp_path, 60)
    source = open_source(tmp_path / "r.parquet")
    figures = report_data(source)
    assert figures["systems"][0]["flips"]["parts"][0]["questions"] == 60
    assert figures["envelope"]["by"] == figures["measures"][0]["name"]
    assert set(figures["envelope"]["systems"]) == {one.name for one in source.systems}
    page = "".join(render_page(source, figures))
    assert 'id="flips-section"' in page and "startFlips();" in page and "envelope-line" in page


def test_the_seeds_of_a_run_are_combined_from_their_folders(tmp_path: Path):
    first, second = run_in(tmp_path, "small", seed=0), run_in(tmp_path, "small", seed=1)
    notes = json.loads((first / "run.json").read_text())
    notes["repeats"] = [first.name, second.name, "gone"]
    (first / "run.json").write_text(json.dumps(notes))
    figures = report_data(open_source(first))
    assert figures["systems"][0]["repeats"]["seeds"] == [0, 1]
    assert report_data(open_source(second))["systems"][0]["repeats"] is None


def test_the_seeds_of_a_comparison_are_combined_by_system(tmp_path: Path):
    for seed, name in ((0, "a"), (1, "b")):
        folder = run_in(tmp_path / name, "small", seed=seed)
        document = {"folders": {"mine": folder.name}, "repeats": {"folders": ["a", "../b"]}}
        (tmp_path / name / "comparison.json").write_text(json.dumps(document))
    (found,) = report_data(open_source(tmp_path / "a"))["systems"]
    assert found["name"] == "mine" and found["repeats"]["seeds"] == [0, 1]

"""`cope compare --replay` on a record of published samples: matched cost, calibrations, and what cannot be answered."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.imported_recordings import imported
from support.pictures import write_empty_pictures
from support.record_command import cope, done

from cope.eval import Recording


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    write_empty_pictures(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return imported(tmp_path, 120)


def told(*words: str) -> dict[str, Any]:
    return json.loads(done("compare", "--replay", "r.parquet", *words, "--json").stdout)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """Return the document and the text of one comparison, which several tests read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("compared"))
        imported(Path(), 120)
        text = done("compare", "--replay", "r.parquet", "--margin", "1").stdout
        return told("--margin", "1"), " ".join(text.split())


@pytest.mark.slow
def test_votes_are_tried_with_the_recorded_number_and_the_lines_start_there(
    record: Recording, compared: tuple[dict[str, Any], str]
):
    made, text = compared
    assert list(made["systems"]) == ["imported", "large", "self-consistency, 4 samples", "small"]
    assert made["beside"]["large-calls"]["imported"]["start"] == "self-consistency, 4 samples"
    assert made["bootstrap_seed"] == record.seed
    same, less = made["matched"]
    assert (same["below"], less["below"], same["questions"]) == (0.0, 0.01, 120)
    assert "does best at that cost: self-consistency, 4 samples." in text
    assert (
        "of what large alone takes, imported needs" in text
        and "for at most 1.0 points less (measured" in text
    )
    assert told("--limit", "60")["matched"][0]["questions"] == 60


@pytest.mark.slow
def test_the_text_says_whether_the_margin_holds(compared: tuple[dict[str, Any], str]):
    made, text = compared
    tests = [pair["margin_test"] for pair in made["comparisons"]]
    assert {test["margin"] for test in tests} == {0.01} and len(tests) == 3
    for test in tests:
        assert f"{test['text']}." in text and "within 1 point (95%)" in text


@pytest.mark.slow
def test_flips_have_their_ids_and_the_envelope_its_line(compared: tuple[dict[str, Any], str]):
    made, text = compared
    for pair, flips in zip(made["comparisons"], made["flips"], strict=True):
        assert (pair["gained"], pair["lost"]) == (len(flips["helped"]), len(flips["harmed"]))
        assert pair["system"] == flips["system"] and flips["by_field"] == {}
    assert set(made["flips"][0]["by_round"]) == {"1", "2"}
    assert made["envelope"]["systems"]["imported"]["text"] in text
    assert "flips against large" in text


def test_flips_of_an_imported_record_are_broken_down_by_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    record = imported(tmp_path, 40, group="topic", topic=lambda n: f"{n % 3}")
    (flips, *_) = told("--by-field", "group")["flips"]
    assert list(flips["by_field"]) == sorted(set(record.groups), key=str)
    refused = cope("compare", "--replay", "r.parquet", "--by-field", "level")
    assert refused.exit_code == 1 and "no question has this field" in refused.stderr


@pytest.mark.slow
def test_a_calibrated_cascade_is_compared_on_questions_that_it_was_not_chosen_on(
    record: Recording, tmp_path: Path
):
    done("calibrate", "r.parquet", "--harm", "0.3", "-o", "c.json")
    made = told("--calibration", "c.json")
    held = json.loads((tmp_path / "c.json").read_text())["rows"]["test"]
    assert (
        {one["n"] for one in made["systems"].values()}
        == {len(held)}
        == {made["calibration"]["questions"]}
    )
    assert "imported, calibrated" in made["systems"] and made["calibration"]["new"] is False
    text = " ".join(
        done("compare", "--replay", "r.parquet", "--calibration", "c.json").stdout.split()
    )
    assert (
        f"All systems are compared on the {len(held)} questions that served only to test its setting"
        in text
    )
    whole = json.loads((tmp_path / "c.json").read_text())["held_out"]["chosen"]["accuracy"]
    assert made["systems"]["imported, calibrated"]["accuracy"] == pytest.approx(whole)


@pytest.mark.slow
def test_where_large_alone_was_chosen_it_replaces_the_cascade(record: Recording):
    done("calibrate", "r.parquet", "--harm", "0.001", "-o", "c.json")
    made = told("--calibration", "c.json")
    one, large = (made["systems"][name] for name in ("imported, calibrated", "large"))
    assert one == large and made["calibration"]["setting"] is None


def test_a_calibration_is_for_replays_and_for_its_own_record(record: Recording):
    refused = cope("compare", "gsm8k", "--calibration", "c.json")
    assert refused.exit_code == 2 and "--calibration is for --replay" in refused.output
    lost = cope("compare", "--replay", "r.parquet", "--calibration", "none.json")
    assert lost.exit_code == 1 and "cannot read the calibration none.json" in lost.stderr


def test_an_evaluation_of_what_the_record_lacks_fails_with_the_reason(record: Recording):
    result = cope("eval", "--replay", "r.parquet", "--preset", "answer-cascade")
    assert result.exit_code == 1 and not result.stdout
    assert "r.parquet cannot answer for answer-cascade: round 1:" in result.stderr

"""`--presets all` and `abc` on a record: what it can answer, and what it lacks."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done

from cope.eval import Recording, import_samples, write_recording
from cope.eval.replay.systems import replay_system
from cope.programs import SYSTEMS, preset_names

# For each question the answers of two small models and the large one; 7 is right.
ROWS = [("7", "7.0", "1"), ("7", "8", "7"), ("3", "3", "7"), ("x", None, "7")]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    monkeypatch.chdir(tmp_path)
    return written(tmp_path, {"small": "a", "mid": "b", "large": "l"})


def written(where: Path, models: dict[str, str]) -> Recording:
    lines = []
    for number, answers in enumerate(ROWS):
        samples = {name: [{"answer": one}] for name, one in zip("abl", answers, strict=True)}
        row = {"id": f"q{number}", "question": f"Q{number}?", "gold": "7", "samples": samples}
        lines.append(json.dumps(row) + "\n")
    (where / "s.jsonl").write_text("".join(lines))
    thresholds = (0.75,) * (len(models) - 1)
    made = import_samples(where / "s.jsonl", models, thresholds=thresholds)
    write_recording(where / "r.parquet", made.manifest, made.rows)
    return Recording.open(where / "r.parquet")


def test_abc_on_a_record_by_hand(record: Recording):
    """Both agree on the first (right) and the third (wrong); the large model answers the others."""
    name, replayed, _ = replay_system(record, "abc")
    assert name == "abc"
    assert [one.answer for one in replayed.results] == ["7", "7", "3", "7"]
    assert [one.score for one in replayed.results] == [1.0, 1.0, 0.0, 1.0]
    assert [one.round for one in replayed.results] == [1, 2, 1, 2]
    assert [one.rounds[0]["confidence"] for one in replayed.results] == [1.0, 0.5, 1.0, 0.5]
    calls = [sum(row["calls"] for row in one.usage) for one in replayed.results]
    assert calls == [2, 3, 2, 3]


def test_theta_of_a_file(record: Recording, tmp_path: Path):
    (tmp_path / "mild.toml").write_text('system = "abc"\ntheta = 0.4\n')
    name, replayed, _ = replay_system(record, "mild.toml")
    assert name == "mild" and [one.round for one in replayed.results] == [1, 1, 1, 1]


def test_all_names_what_the_record_lacks(record: Recording):
    made = json.loads(done("compare", "--replay", "r.parquet", "--presets", "all", "--json").stdout)
    assert {"small", "mid", "large", "abc", "imported"} <= set(made["systems"])
    left_out = made["left_out"]
    compared = {name.partition(",")[0] for name in made["systems"]}
    assert {*preset_names(), *SYSTEMS} <= compared | set(left_out), "nothing is skipped silently"
    assert not compared & set(left_out)
    assert "log-probabilities" in left_out["cisc"] or "samples" in left_out["cisc"]
    assert "cope train knn-router" in left_out["knn-router"]
    text = done("compare", "--replay", "r.parquet", "--presets", "all").stdout
    assert "left out: mot-verify, mot-vote, self-verification: 'SYSTEM' is a system" in text


def test_named_systems_on_a_record(record: Recording, tmp_path: Path):
    made: Any = json.loads(
        done(
            "compare", "--replay", "r.parquet", "--presets", "large", "--systems", "abc", "--json"
        ).stdout
    )
    assert made["systems"]["abc"]["accuracy"] == 0.75 and "left_out" not in made
    failed = cope("compare", "--replay", "r.parquet", "--systems", "mot-vote")
    assert failed.exit_code == 1 and "is a system" in failed.stderr
    written(tmp_path, {"small": "a", "large": "l"})
    one = cope("compare", "--replay", "r.parquet", "--systems", "abc")
    assert one.exit_code == 1 and "several small models" in one.stderr

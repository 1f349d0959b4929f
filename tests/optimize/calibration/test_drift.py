"""Drift of traffic from its calibration: recorded, calibrated, served again, and changed."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope
from support.sweeps import sweep

from cope import Cascade, Team
from cope.errors import CopeError
from cope.eval import Recorder, Recording, ShortAnswerTask
from cope.eval.recording.schema import RecordingManifest
from cope.eval.recording.traffic import program_line
from cope.models import ScriptedEngine
from cope.optimize.calibration import CalibrationTarget, Certificate, calibrate, certify
from cope.optimize.calibration.drift import find_drift
from cope.optimize.calibration.reference import REFERENCE
from cope.programs.confidence.early_stopping import NONE
from cope.programs.preset import Preset
from cope.programs.preset_round import Round

VOTES = 4


def recorder(threshold: float = 1.0) -> Recorder:
    engine = ScriptedEngine(lambda messages, request: "Answer: 1")
    team = Team(engine, engine, cache=False)
    rounds = (
        Round(reasoner="small", samples=VOTES, temperature=1.0, threshold=threshold),
        Round(reasoner="large"),
    )
    preset = Preset(name="two", rounds=rounds)
    programs = {"two": preset, "large": "large"}
    return Recorder(
        {
            name: Cascade(one, team, early_stop=NONE).with_answer_kind("number")
            for name, one in programs.items()
        }
    )


@cache
def served_manifest(threshold: float) -> RecordingManifest:
    return recorder(threshold).manifest(ShortAnswerTask("served"), [])


def sample(program: str, round_: int, number: int, vote: int) -> dict[str, Any]:
    return {
        "preset": program,
        "round": round_,
        "sample": number,
        "confidence": "votes",
        "answer": str(vote),
        "vote": vote,
        "vote_doubtful": False,
        "plan_calls": 0,
        "reason_calls": 1,
        "reason_usd": 1.0 if round_ == 2 or program == "large" else 0.01,
        "reason_completion_tokens": 5,
    }


def write_traffic(
    file: Path,
    requests: int,
    *,
    easy: float = 0.8,
    wrong: float = 0.02,
    audit: float = 1.0,
    seed: int = 0,
    certificate: Path | None = None,
    threshold: float = 1.0,
) -> None:
    """Write the record of a server: a share of the questions is easy, a share of those is wrong."""
    rng = random.Random(seed)
    manifest = served_manifest(threshold)
    line = program_line(manifest, certificate and str(certificate))
    lines: list[dict[str, Any]] = [dict(line)]
    for number in range(requests):
        name, question = f"req_{seed}_{number}", f"Question {seed} {number}"
        is_easy, is_wrong = rng.random() < easy, rng.random() < wrong
        votes = [1] * VOTES if is_easy else [1, 2, 3, 4]
        last = 9 if is_wrong and is_easy else 1
        answer = 1 if is_easy else last
        round_, confidence = (1, 1.0) if is_easy else (2, 1.0)
        first = {
            "round": 1,
            "confidence": 1.0 if is_easy else 0.25,
            "accepted": is_easy,
            "asked": 4,
        }
        served = {"kind": "served", "program": line["program"], "id": name, "time": number}
        served |= {"question": question, "answer": str(answer), "round": round_, "usd": None}
        lines.append(served | {"confidence": confidence, "rounds": [first], "seconds": 1.0})
        if rng.random() >= audit:
            continue
        rows = [sample("two", 1, index, vote) for index, vote in enumerate(votes)]
        rows += [sample("two", 2, 0, last), sample("large", 1, 0, last)]
        about = {"key": name, "id": name, "question": question}
        audited = {"kind": "audit", "program": line["program"], "id": name, "time": number}
        audited |= {"answer": str(last), "agrees": answer == last, "usd": None}
        lines.append(audited | {"rows": [about | row for row in rows]})
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a certificate of the same record by the name of its loss."""
    folder = tmp_path_factory.mktemp("drift")
    record = folder / "first.jsonl"
    write_traffic(record, 300, seed=1)
    target = CalibrationTarget(harm=0.05, loss="disagreement", sequence="monotone")
    made = certify(calibrate(Recording.open(record), target))
    assert made.setting is not None
    files = {}
    for loss in ("disagreement", "harm"):
        files[loss] = folder / f"{loss}.json"
        made.aim["loss"] = loss
        made.save(files[loss])
    return files


@pytest.fixture
def certificate(certificates: dict[str, Path]) -> Path:
    return certificates["disagreement"]


def drifted(file: Path, certificate: Path, **options: Any) -> list[str]:
    report = find_drift(file, certificate, **options)
    assert report.drifted == any(finding.drifted for finding in report.findings)
    return [finding.name for finding in report.findings if finding.drifted]


def test_the_certificate_knows_what_its_questions_looked_like(certificate: Path) -> None:
    known = json.loads(certificate.read_text())["more"][REFERENCE]
    assert sum(known["rounds"]) == known["compared"] == 300
    assert set(known["confidence"]) == {"0.250", "1.000"}
    assert 0 < known["disagreed"] < 15


@pytest.mark.parametrize("seeds", [4, pytest.param(10, marks=pytest.mark.slow)])
def test_traffic_like_the_tested_questions_has_not_drifted(
    tmp_path: Path, certificate: Path, seeds: int
) -> None:
    alarms = 0
    for seed in range(2, 2 + seeds):
        write_traffic(tmp_path / "t.jsonl", 400, audit=0.5, seed=seed)
        alarms += bool(drifted(tmp_path / "t.jsonl", certificate))
    assert alarms <= seeds // 4


@sweep(
    ("change", "expected"),
    [
        ({"easy": 0.5}, ["rounds", "confidence"]),
        ({"easy": 0.5, "audit": 0.0}, ["rounds"]),
        ({"wrong": 0.3}, ["disagreement"]),
        ({"easy": 0.4, "wrong": 0.4}, ["rounds", "confidence", "disagreement"]),
    ],
    every=3,
)
@pytest.mark.parametrize("loss", ["disagreement", "harm"])
def test_a_change_is_named(
    tmp_path: Path,
    certificates: dict[str, Path],
    change: dict[str, Any],
    expected: list[str],
    loss: str,
) -> None:
    file = tmp_path / "t.jsonl"
    write_traffic(file, 400, seed=20, **change)
    assert drifted(file, certificates[loss]) == expected


def test_only_the_last_requests_count_on_request(tmp_path: Path, certificate: Path) -> None:
    file, later = tmp_path / "t.jsonl", tmp_path / "later.jsonl"
    write_traffic(file, 3000, seed=21, audit=0.0)
    write_traffic(later, 100, seed=22, easy=0.2, audit=0.0)
    with file.open("a") as opened:
        opened.writelines(later.read_text().splitlines(keepends=True)[1:])
    assert drifted(file, certificate, last=100) == ["rounds"]


def test_a_calibration_of_an_earlier_version_knows_its_rounds(
    tmp_path: Path, certificate: Path
) -> None:
    plain = json.loads(certificate.read_text())
    del plain["more"][REFERENCE], plain["digest"], plain["format"]
    old = tmp_path / "old.json"
    Certificate(**plain).save(old)
    write_traffic(tmp_path / "t.jsonl", 400, seed=23, easy=0.4)
    report = find_drift(tmp_path / "t.jsonl", old)
    assert [finding.name for finding in report.findings if finding.drifted] == ["rounds"]
    assert "earlier version" in report.findings[1].text and report.findings[1].p is None


def test_the_command_says_each_finding_and_exits_with_1(tmp_path: Path, certificate: Path) -> None:
    steady, changed = tmp_path / "steady.jsonl", tmp_path / "changed.jsonl"
    write_traffic(steady, 400, seed=24, certificate=certificate)  # as it was served
    write_traffic(changed, 400, seed=25, wrong=0.4)
    result = cope("drift", str(steady))
    assert result.exit_code == 0 and result.stdout.count("no drift, p =") == 3
    result = cope("drift", str(changed), "--certificate", str(certificate), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["drifted"] and [one["name"] for one in document["findings"]] == [
        "rounds",
        "confidence",
        "disagreement",
    ]
    assert "5.0% are guaranteed at most" in document["findings"][2]["text"]


def test_drift_needs_the_calibration_of_the_program(tmp_path: Path, certificate: Path) -> None:
    file = tmp_path / "t.jsonl"
    write_traffic(file, 5, seed=26)
    with pytest.raises(CopeError, match="--certificate"):
        find_drift(file)
    text = file.read_text().replace("engine/ScriptedEngine-small", "other")
    file.write_text(text)
    with pytest.raises(CopeError, match="its small model is"):
        find_drift(file, certificate)
    write_traffic(file, 5, seed=26, threshold=0.5)
    with pytest.raises(CopeError, match="other thresholds"):
        find_drift(file, certificate)
    write_traffic(file, 0, seed=27)
    with pytest.raises(CopeError, match="no request"):
        find_drift(file, certificate)

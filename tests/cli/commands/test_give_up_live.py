"""`give_up` from a record to a live run: commands leave the rounds that a replay leaves, and come to the same."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, give_team
from support.recordings import recorder, recording
from support.sweeps import sweep

from cope import Preset

QUESTIONS = 12
PRICES = ("--price", "small=1/1", "--price", "large=2/2")
PRESET = """
[[rounds]]
reasoner = "small"
samples = 5
temperature = 1.0
threshold = 0.6
give_up = "cost"

[[rounds]]
reasoner = "large"
"""


def half_sure(ask: Any) -> str:
    """The small tier's samples agree on every other question only; the large tier is right."""
    number = int(re.search(r"What is (\d+)", ask.user)[1])  # type: ignore[index]
    right = ask.tier == "large" or number % 2 == 0
    return f"So.\nAnswer: {number + 1 if right else 1000 + ask.seed % 100_000}"


@pytest.fixture
def calibrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> Any:
    """A record of twelve questions, its calibration, and the same models and questions for a live run."""
    monkeypatch.chdir(tmp_path)
    Path("left.toml").write_text(PRESET)
    rounds = [
        {
            "reasoner": "small",
            "samples": 5,
            "temperature": 1.0,
            "threshold": 0.6,
            "give_up": "cost",
        },
        {"reasoner": "large"},
    ]
    made = scripted(half_sure)
    give_team(monkeypatch, lambda options: made.team)
    preset = Preset.model_validate({"name": "left", "rounds": rounds})
    recording(recorder(made.team, preset, "large"), tmp_path, QUESTIONS)
    words = ("--harm", "0.3", "--delta", "0.5", "--minimize", "large-calls")
    words = (*words, "--sequence", "monotone", "-o", "c.json")
    result = cope("calibrate", "r.parquet", *words, *PRICES)
    assert result.exit_code == 0, result.output
    rows = [
        {"id": f"q{n}", "question": f"What is {n} + 1?", "answer": n + 1} for n in range(QUESTIONS)
    ]
    Path("q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


@pytest.mark.slow
def test_a_live_run_comes_to_what_the_replay_comes_to(calibrated: Any):
    common = ("--preset", "left.toml", "--calibration", "c.json", "--json")
    live = ("eval", "jsonl", "--data", "q.jsonl", "--match", "math", "--no-track", *common)
    ran = cope(*live)
    replayed = cope("eval", "--replay", "r.parquet", *common)
    assert ran.exit_code == 0 and replayed.exit_code == 0, ran.output + replayed.output
    one, other = json.loads(ran.stdout), json.loads(replayed.stdout)
    assert one["give_up"]["rounds"] == other["give_up"]["rounds"] > 0
    assert one["accuracy"] == other["accuracy"]
    for mine, theirs in zip(one["rounds"], other["rounds"], strict=True):
        assert mine["answered"] == theirs["answered"] and mine["reached"] == theirs["reached"]
    (folder,) = Path(".cope/eval").glob("*left*")
    left = [json.loads(line)["rounds"][0] for line in (folder / "records.jsonl").open()]
    assert sum("undrawn" in record for record in left) == one["give_up"]["rounds"]


@sweep(
    "words",
    [
        ("eval", "jsonl", "--data", "q.jsonl", "--no-track"),
        ("ask", "What is 3 + 1?"),
        ("compare", "jsonl", "--data", "q.jsonl", "--no-track", "--presets", "left.toml,large"),
    ],
    every=3,
)
def test_a_live_command_without_counts_asks_nothing(calibrated: Any, words: tuple[str, ...]):
    calibrated.small.requests.clear()
    if words[0] != "compare":
        words = (*words, "--preset", "left.toml")
    result = cope(*words)
    assert result.exit_code == 1 and "rounds.1.give_up needs how often" in result.stderr
    assert not calibrated.small.requests


@pytest.mark.slow
def test_ask_says_why_a_round_is_left_and_compare_takes_the_calibration(calibrated: Any):
    said = []
    for number in range(QUESTIONS):
        words = ("ask", f"What is {number} + 1?", "--match", "math", "--calibration", "c.json")
        said.append(cope(*words, "--preset", "left.toml").stderr)
    assert any("samples are not worth their cost" in text for text in said)
    assert all("which the guarantee says nothing about" in text for text in said)
    result = cope("compare", "--replay", "r.parquet", "--calibration", "c.json", *PRICES, "--json")
    assert result.exit_code == 0, result.output
    costs = {name: one["costs"] for name, one in json.loads(result.stdout)["systems"].items()}
    assert costs["left, calibrated"]["cost"] < costs["left"]["cost"]

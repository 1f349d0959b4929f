"""`--early-stop` as a user types it: every place that shows a result says by which rule."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support import commands
from support.commands import give_team
from support.recordings import recorder, recording, unsure

from cope import load_preset

QUESTION = "What is 3 + 1?"


def cope(*words: str) -> Result:
    return commands.cope(*words)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Any:
    """Small samples that all agree, one after the other; four questions; a record of the same."""
    monkeypatch.chdir(tmp_path)
    made = scripted(
        lambda ask: "Plan." if ask.role == "plan" else "Answer: 4",
        lambda request: 0.01,
        limits={"small": 2},
    )
    give_team(monkeypatch, lambda options: made.team)
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1} for n in range(2, 6)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


def test_ask_says_the_rule_and_asks_less(models: Any):
    words = ("ask", QUESTION, "--preset", "answer-cascade", "--json")
    told = {
        rule: json.loads(cope(*words, "--early-stop", rule).stdout)
        for rule in ("none", "exact", "esc")
    }
    assert {rule: document["early_stop"] for rule, document in told.items()} == {
        rule: rule for rule in told
    }
    asked = {rule: document["rounds"][0]["asked"] for rule, document in told.items()}
    assert asked["none"] == 8 and asked["esc"] == 4 and 6 <= asked["exact"] <= 8
    shown = cope(*words[:-1], "--early-stop", "esc")
    assert "accepted 4: 100% of the 4 drawn agree, 75% are enough (stopped by esc)" in shown.stderr


def test_eval_says_the_rule_and_keeps_its_runs_apart(models: Any):
    words = ("eval", "jsonl", "--data", "q.jsonl", "--no-track", "--preset", "answer-cascade")
    result = cope(*words, "--early-stop", "esc")
    assert result.exit_code == 0, result.output
    assert "calls were stopped early: by esc, which may decide otherwise" in result.stdout
    assert "their votes could change nothing" in cope(*words).stdout
    assert json.loads(cope(*words, "--json").stdout)["early_stop"] == "exact"
    kept = [
        json.loads(path.read_text())["settings"]["early_stop"]
        for path in Path(".cope/eval").glob("*/run.json")
    ]
    assert sorted(kept) == ["esc", "exact"]
    lines = [
        json.loads(line)
        for path in Path(".cope/eval").glob("*/records.jsonl")
        for line in path.open()
    ]
    assert {line["rounds"][0]["early_stop"] for line in lines} == {"esc", "exact"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("ask", QUESTION, "--task", "code", "--early-stop", "esc", "--unsafe-code"),
            "is for votes, and a program",
        ),
        (
            ("ask", QUESTION, "--early-stop", "sometimes"),
            "'sometimes' is not one of 'none', 'exact'",
        ),
        (("eval", "--replay", "r.parquet", "--early-stop", "esc"), "--stop-report"),
        (("record", "jsonl", "--early-stop", "exact"), "No such option"),
        (("compile", "jsonl", "--early-stop", "exact"), "No such option"),
    ],
)
def test_where_it_does_not_suit_it_is_refused(models: Any, words: tuple[str, ...], said: str):
    result = cope(*words)
    assert result.exit_code and said in result.stderr, result.output


@pytest.mark.slow
def test_a_calibration_is_refused_to_a_rule_that_may_decide_otherwise(
    tmp_path: Path, models: Any, scripted: Any
):
    recording(
        recorder(scripted(unsure).team, load_preset("cope").with_overrides(samples=3), "large"),
        tmp_path,
        14,
    )
    assert (
        cope("calibrate", "r.parquet", "--harm", "0.9", "--delta", "0.5", "-o", "c.json").exit_code
        == 0
    )
    for rule in ("exact", "none"):
        assert cope("ask", QUESTION, "--calibration", "c.json", "--early-stop", rule).exit_code == 0
    result = cope("ask", QUESTION, "--calibration", "c.json", "--early-stop", "esc")
    assert result.exit_code == 1
    assert (
        "does not fit: it was made with --early-stop exact, and esc may decide otherwise"
        in result.stderr
    )

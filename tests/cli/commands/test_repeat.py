"""`--repeat` of `cope eval` and `cope compare`: a run for each seed, and what they say together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import give_team, give_tracker
from support.compare_command import COMPARE, DATA, told, write_inputs
from support.pictures import write_empty_pictures
from support.record_command import cope, done
from support.tracking import STORE

from cope.models import Price

SMALL = ("--preset", "small")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Any:
    """Scripted models; large is right, small is wrong at first and right in repeats of question 3."""
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    write_empty_pictures(monkeypatch)
    seen: dict[int, int] = {}

    def answer(ask: Any) -> str:
        number = int(ask.user.split("What is ")[1].split(" ")[0])
        if ask.tier == "small" and number == 3:
            seen[number] = seen.get(number, 0) + 1
            return "Answer: 0" if seen[number] == 1 else "Answer: 4"
        return f"Answer: {number + 1}" if ask.tier == "large" or number < 6 else "Answer: 0"

    made = scripted(answer, prices={"large": Price(1, 2), "small": Price(1, 1)})
    give_team(monkeypatch, lambda options: made.team)
    return made


def test_eval_makes_a_run_for_each_seed_and_combines_them(models: Any):
    words = ("eval", *DATA, "--no-track", *SMALL, "--repeat", "3")
    made = told(*words)
    repeats = made["repeats"]
    assert repeats["seeds"] == [0, 1, 2]
    assert repeats["accuracies"] == [5 / 8, 6 / 8, 6 / 8]
    assert repeats["pass_hat"]["3"] == 5 / 8 and len(repeats["unstable_ids"]) == 1
    assert made["accuracy"] == 5 / 8, "the figures above are those of the first seed"
    folders = {file.parent.name for file in Path(".cope/eval").glob("*/records.jsonl")}
    notes = json.loads((Path(made["folder"]) / "run.json").read_text())
    assert set(notes["repeats"]) == folders and len(folders) == 3
    asked = len(models.asks)
    assert told(*words)["repeats"] == repeats and len(models.asks) == asked, "nothing twice"
    text = " ".join(done(*words).stdout.split())
    assert f"{repeats['text']}." in text


def test_one_seed_more_asks_only_its_questions(models: Any):
    told("eval", *DATA, "--no-track", *SMALL, "--repeat", "2")
    asked = len(models.asks)
    made = told("eval", *DATA, "--no-track", *SMALL, "--repeat", "3")
    assert len(models.asks) == asked + 8 and made["repeats"]["seeds"] == [0, 1, 2]
    assert "repeats" not in told("eval", *DATA, "--no-track", *SMALL)


def test_a_budget_is_for_all_seeds_together(models: Any):
    whole = told("eval", *DATA, "--no-track", *SMALL)["total"]["usd"]
    budget = str(1.5 * whole)
    result = cope("eval", *DATA, "--no-track", *SMALL, "--repeat", "3", "--budget", budget)
    assert result.exit_code == 1 and "budget" in result.stderr
    found = [
        len(file.read_text().splitlines()) for file in Path(".cope/eval").glob("*/records.jsonl")
    ]
    assert sum(found) < 16, found


def test_the_first_mlflow_run_has_the_figures_of_all(models: Any, monkeypatch: pytest.MonkeyPatch):
    tracker = give_tracker(monkeypatch)
    made = told("eval", *DATA, *SMALL, "--repeat", "2", "--store", STORE)
    run = tracker.runs[made["mlflow"]["run"]]
    assert run.metric_values["repeats.pass_all"] == 5 / 8 and len(tracker.runs) == 2


@pytest.mark.slow
def test_compare_repeats_every_system_and_compares_their_means(models: Any):
    words = (*COMPARE, "--presets", "small,large", "--repeat", "2")
    made = told(*words)
    repeats = made["repeats"]
    assert repeats["seeds"] == [0, 1] and len(repeats["folders"]) == 2
    assert repeats["systems"]["small"]["unstable"] == 1 / 8
    assert repeats["systems"]["large"]["pass_hat"] == {"1": 1.0, "2": 1.0}
    (pair,) = repeats["comparisons"]
    assert pair["difference"]["value"] == pytest.approx(-2.5 / 8)
    stored = json.loads((Path(made["folder"]) / "comparison.json").read_text())
    assert stored["repeats"] == repeats
    asked = len(models.asks)
    text = " ".join(done(*words).stdout.split())
    assert len(models.asks) == asked
    for line in repeats["lines"]:
        assert line in text


def test_a_record_is_not_asked_again():
    refused = cope("compare", "--replay", "r.parquet", "--repeat", "2")
    assert refused.exit_code == 2 and "leave out --replay" in refused.output
    refused = cope("eval", "--replay", "r.parquet", "--repeat", "2")
    assert refused.exit_code == 2 and "leave out --replay" in refused.output

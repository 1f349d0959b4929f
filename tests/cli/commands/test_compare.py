"""`cope compare` as a user types it: live, resumed, and from a record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import give_tracker
from support.pictures import write_empty_pictures
from support.record_command import cope, done, scripted_commands
from support.tracking import STORE

from cope.programs import Cascade
from cope.util.files import read_jsonl

DATA = ("jsonl", "--data", "q.jsonl")
COMPARE = ("compare", *DATA, "--no-track")
FIGURES = ("systems", "against", "by", "groups", "comparisons", "beside", "price_ratio_of")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1, "book": n // 2} for n in range(8)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "my.toml").write_text('name = "small"\n[[rounds]]\nreasoner = "small"\n')
    return tmp_path


@pytest.fixture
def models(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> Any:
    """Scripted models behind every name; only the test of the table looks at pictures."""
    if "the_table" not in request.node.name:
        write_empty_pictures(monkeypatch)
    return scripted_commands(monkeypatch, scripted)


def told(*words: str) -> dict[str, Any]:
    return json.loads(done(*words, "--json").stdout)


def untimed(value: Any) -> Any:
    """Without what the clock says."""
    if isinstance(value, dict):
        return {name: untimed(inner) for name, inner in value.items() if name != "seconds"}
    return [untimed(inner) for inner in value] if isinstance(value, list) else value


def records(folder: Path) -> dict[str, Any]:
    """A run's records without what the clock says."""
    found = {}
    for line in read_jsonl(folder / "records.jsonl"):
        line["usage"] = [
            {k: v for k, v in row.items() if "seconds" not in k} for row in line["usage"]
        ]
        line["rounds"] = [
            {k: v for k, v in round_.items() if k != "seconds"} for round_ in line["rounds"]
        ]
        found[line["key"]] = {**line, "seconds": None}
    return found


def test_every_system_has_the_outcome_and_the_cost_of_an_evaluation_of_its_own(
    here: Path, models: Any
):
    made = told(*COMPARE, "--early-stop", "none", "--presets", "cope,answer-cascade,small,large")
    asked = len(models.asks)
    alone = {
        name: json.loads(
            done(
                "eval", *DATA, "--no-track", "--early-stop", "none", "--preset", name, "--json"
            ).stdout
        )
        for name in made["systems"]
    }
    place = here / made["folder"]
    for name, run in alone.items():
        assert records(place / made["folders"][name]) == records(here / run["folder"]), name
        assert made["systems"][name]["accuracy"] == run["accuracy"]
    apart = len(models.asks) - asked
    assert asked == made["calls"]["made"] and apart == asked + made["calls"]["shared"]
    assert made["calls"]["by_system"]["small"]["made"] == 8, (
        "no other system asks small once and greedily"
    )


def test_calls_that_two_systems_share_are_asked_once_and_count_for_both(here: Path, models: Any):
    rounds = '[[rounds]]\nreasoner = "small"\nsamples = 4\ntemperature = 0.8\nthreshold = {}\n[[rounds]]\nreasoner = "large"\n'
    for name, threshold in (("loose", 0.5), ("strict", 1.0)):
        (here / f"{name}.toml").write_text(f'name = "{name}"\n' + rounds.format(threshold))
    made = told(
        *COMPARE,
        "--early-stop",
        "none",
        "--presets",
        "strict.toml,loose.toml,small",
        "--against",
        "strict",
    )
    calls = made["calls"]["by_system"]
    assert calls["loose"]["made"] == 0, "strict asks all that loose asks"
    assert (
        len(models.asks)
        == made["calls"]["made"]
        == calls["strict"]["made"] + calls["small"]["made"]
    )
    counted = {
        name: sum(
            row["calls"]
            for record in records(here / made["folder"] / made["folders"][name]).values()
            for row in record["usage"]
        )
        for name in ("strict", "loose")
    }
    assert counted == {"strict": calls["strict"]["made"], "loose": calls["loose"]["shared"]}
    assert counted["loose"] > 8 * 4, "some questions went on to the large tier"
    again = told(
        *COMPARE,
        "--early-stop",
        "none",
        "--presets",
        "strict.toml,loose.toml,small",
        "--against",
        "strict",
    )
    assert again == made, "what was shared is known after a restart too"


def test_the_same_command_goes_on_and_one_more_system_asks_only_its_own(here: Path, models: Any):
    first = told(*COMPARE, "--presets", "small,large", "--limit", "4")
    asked = len(models.asks)
    result = done(*COMPARE, "--presets", "small,large")
    assert len(models.asks) == 2 * asked and "4 of 8 questions are done already" in result.stderr
    more = told(*COMPARE, "--presets", "plan-then-solve,small,large")
    assert len(models.asks) == 2 * asked + 16 and more["folder"] == first["folder"]
    again = told(*COMPARE, "--presets", "plan-then-solve,small,large")
    assert len(models.asks) == 2 * asked + 16 and again == more
    assert json.loads((here / more["folder"] / "comparison.json").read_text()) == more


def test_a_comparison_that_was_stopped_in_the_middle_comes_to_the_same(
    here: Path, models: Any, monkeypatch: pytest.MonkeyPatch
):
    whole = told(
        *COMPARE,
        "--runs",
        "whole",
        "--presets",
        "answer-cascade,small,large",
        "--early-stop",
        "none",
    )
    asked = len(models.asks)
    left = 30
    script = models.small.script

    def failing(messages: Any, request: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return script(messages, request)

    monkeypatch.setattr(models.small, "script", failing)
    words = (*COMPARE, "--presets", "answer-cascade,small,large", "--early-stop", "none")
    assert cope(*words).exit_code != 0
    monkeypatch.setattr(models.small, "script", script)
    resumed = told(*words)
    assert untimed({n: resumed[n] for n in FIGURES}) == untimed({n: whole[n] for n in FIGURES})
    assert len(models.asks) - asked <= asked + 16, "what was finished before was asked again"


def test_a_replay_gives_the_figures_of_a_live_comparison(here: Path, models: Any):
    done("record", *DATA, "--also", "large", "--also", "small", "--group", "book")
    live = told(
        *COMPARE, "--early-stop", "none", "--presets", "cope,large,small", "--group", "book"
    )
    asked = len(models.asks)
    again = told("compare", "--replay", "jsonl-cope.parquet")
    assert len(models.asks) == asked
    assert untimed({n: again[n] for n in FIGURES}) == untimed({n: live[n] for n in FIGURES})
    assert live["groups"] == again["groups"] == 4 and list(again["systems"]) == [
        "cope",
        "large",
        "small",
    ]


def test_the_table_fits_a_hundred_columns_and_ends_in_sentences(here: Path, models: Any):
    result = done(*COMPARE, "--price", "small=1/1")
    assert max(len(line) for line in result.stdout.splitlines()) <= 100
    text = " ".join(result.stdout.split())
    for words in (
        "beside large",
        "share of large's",
        "random sends each question",
        "cheaper than large, by price small : large",
        "small and large:",
        "of large's large-tier tokens",
        "calls were made",
    ):
        assert words in text, result.stdout
    place = next(Path(".cope/compare").iterdir())
    assert (place / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert "random escalation" in (place / "comparison.svg").read_text()
    assert "all figures in" in result.stderr and "small (3 of 4)" in result.stderr


def test_programs_stand_beside_presets_under_their_files_names(here: Path, models: Any):
    Cascade("answer-cascade", models.team).save(here / "mine.json")
    made = told(
        *COMPARE, "--presets", "small,large", "--programs", "mine.json", "--against", "mine"
    )
    assert list(made["systems"]) == ["small", "large", "mine"] and made["against"] == "mine"
    assert [pair["system"] for pair in made["comparisons"]] == ["small", "large"]
    done("record", *DATA, "--preset", "answer-cascade")
    again = told(
        "compare",
        "--replay",
        "jsonl-answer-cascade.parquet",
        "--presets",
        "large",
        "--programs",
        "mine.json",
    )
    assert list(again["systems"]) == ["large", "mine"]


def test_questions_that_a_record_cannot_tell_are_left_out_and_said(here: Path, models: Any):
    done("record", *DATA)
    words = (
        "compare",
        "--replay",
        "jsonl-cope.parquet",
        "--samples",
        "2",
        "--presets",
        "cope,large",
    )
    made = told(*words)
    lacking = sum(made["unknown"]["cope"].values())
    assert lacking and made["comparisons"][0]["questions"] == 8 - lacking
    assert made["comparisons"][0]["left_out"] == lacking
    text = " ".join(done(*words).stdout.split())
    assert (
        f"cope: {lacking} questions are not in its figures: round 2: another plan is forwarded to it"
        in text
    )


def test_one_mlflow_run_holds_a_run_for_each_system(
    here: Path, models: Any, monkeypatch: pytest.MonkeyPatch
):
    tracker = give_tracker(monkeypatch)
    words = ("compare", *DATA, "--presets", "small,large", "--store", STORE)
    first, second = told(*words, "--limit", "4"), told(*words)
    assert first["mlflow"]["run"] == second["mlflow"]["run"]
    run = tracker.runs[second["mlflow"]["run"]]
    inside = tracker.inside(run.id)
    assert len(tracker.runs) == 1 + len(inside)
    assert sorted((one.name, one.metric_values["questions"]) for one in inside) == [
        ("large", 4),
        ("large", 8),
        ("small", 4),
        ("small", 8),
    ]
    assert run.metric_values["small.p"] == second["comparisons"][0]["p"]
    assert run.files.keys() == {
        "comparison.txt",
        "comparison.json",
        "comparison.png",
        "comparison.svg",
    }


def test_a_budget_stops_it_and_the_same_command_goes_on(here: Path, models: Any):
    words = (*COMPARE, "--presets", "large,self-plan", "--questions", "1")
    stopped = cope(*words, "--budget", "0.0006")
    assert stopped.exit_code == 1 and "budget" in stopped.stderr, stopped.output
    asked = len(models.asks)
    assert 0 < asked < 24
    done(*words, "--budget", "1")
    assert len(models.asks) == 24


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*COMPARE, "--presets", "small,larg"), "did you mean large"),
        ((*COMPARE, "--presets", "small,my.toml"), "two systems have the name 'small'"),
        ((*COMPARE, "--presets", "small"), "needs two systems or more, and here is small"),
        (
            (*COMPARE, "--presets", "small,large", "--against", "big"),
            "--against big: no such system",
        ),
        ((*COMPARE, "--presets", "small,large", "--programs", "no.json"), "no.json"),
        (
            (*COMPARE, "--presets", "small,large", "--by", "cost"),
            "--by cost: not known of small; give prices",
        ),
        (("compare", "jsonl"), "give --data FILE"),
        ((*COMPARE, "--group", "shelf"), "row 1 has no 'shelf'"),
        (("compare", "--replay", "none.parquet"), "there is no record none.parquet"),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(
    here: Path, models: Any, words: tuple[str, ...], message: str
):
    result = cope(*words)
    assert result.exit_code == 1, result.output
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert message in line and "Traceback" not in result.output
    assert not models.asks or "--by" in words, "it is said before anything is asked"


def test_a_record_without_a_tier_says_so(here: Path, models: Any):
    done("record", *DATA, "--preset", "small", "--also", "none")
    result = cope("compare", "--replay", "jsonl-small.parquet", "--presets", "small,large")
    assert result.exit_code == 1
    assert "cannot answer for large: round 1: its calls are not in the record" in result.stderr
    assert "needs two systems" in cope("compare", "--replay", "jsonl-small.parquet").stderr
    assert (
        "of jsonl, not of gsm8k"
        in cope("compare", "gsm8k", "--replay", "jsonl-small.parquet").stderr
    )
    refused = cope("compare", "--replay", "jsonl-small.parquet", "--seed", "0")
    assert refused.exit_code == 2 and "leave out --seed" in refused.output

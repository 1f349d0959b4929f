"""`cope compare` as a user types it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import give_tracker
from support.compare_command import COMPARE, DATA, records, told, write_inputs
from support.pictures import write_empty_pictures
from support.record_command import cope, done, scripted_commands
from support.tracking import STORE

from cope.programs import Cascade, load_preset


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    return tmp_path


@pytest.fixture
def models(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> Any:
    """Scripted models behind every name; only the slow test looks at pictures."""
    if request.node.get_closest_marker("slow") is None:
        write_empty_pictures(monkeypatch)
    return scripted_commands(monkeypatch, scripted)


@pytest.mark.slow
def test_every_system_has_the_outcome_and_the_cost_of_an_evaluation_of_its_own(
    here: Path, models: Any
):
    made = told(
        *COMPARE,
        "--early-stop",
        "none",
        "--limit",
        "4",
        "--samples",
        "3",
        "--presets",
        "cope,answer-cascade,small,large",
    )
    asked = len(models.asks)
    alone = {
        name: json.loads(
            done(
                "eval",
                *DATA,
                "--no-track",
                "--early-stop",
                "none",
                "--limit",
                "4",
                "--samples",
                "3",
                "--preset",
                name,
                "--json",
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
    assert made["calls"]["by_system"]["small"]["made"] == 4, (
        "no other system asks small once and greedily"
    )


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_table_fits_a_hundred_columns_and_ends_in_sentences(here: Path, models: Any):
    result = done(*COMPARE, "--samples", "3", "--price", "small=1/1")
    assert max(len(line) for line in result.stdout.splitlines()) <= 100
    text = " ".join(result.stdout.split())
    for words in (
        "minus large",
        "share of large's",
        "random sends each question",
        "cheaper than large, by price small : large",
        "small and large:",
        "of large's large-tier tokens",
        "calls were made",
    ):
        assert words in text, result.stdout
    assert "all figures in" in result.stderr and "small (3 of 4)" in result.stderr


@pytest.mark.slow
def test_the_picture_of_a_comparison_is_drawn_in_two_formats(here: Path, models: Any):
    place = here / told(*COMPARE, "--presets", "answer-cascade,small,large")["folder"]
    assert (place / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert "random escalation" in (place / "comparison.svg").read_text()


@pytest.mark.slow
def test_programs_are_compared_with_presets_under_their_files_names(here: Path, models: Any):
    preset = load_preset("answer-cascade").with_overrides(samples=3)
    Cascade(preset, models.team).save(here / "mine.json")
    made = told(
        *COMPARE, "--presets", "small,large", "--programs", "mine.json", "--against", "mine"
    )
    assert list(made["systems"]) == ["small", "large", "mine"] and made["against"] == "mine"
    assert [pair["system"] for pair in made["comparisons"]] == ["small", "large"]
    done("record", *DATA, "--preset", "answer-cascade", "--samples", "3")
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
        ("jsonl large on q.jsonl", 4),
        ("jsonl large on q.jsonl", 8),
        ("jsonl small on q.jsonl", 4),
        ("jsonl small on q.jsonl", 8),
    ]
    assert run.metric_values["small.p"] == second["comparisons"][0]["p"]
    test = second["comparisons"][0]["margin_test"]
    assert run.metric_values["small.smallest_margin"] == test["smallest"]
    assert run.files.keys() == {
        "comparison.txt",
        "comparison.json",
        "comparison.png",
        "comparison.svg",
    }


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
        ((*COMPARE, "--group", "shelf"), "has no column 'shelf'"),
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


def test_flips_are_broken_down_by_a_field_of_the_rows(here: Path, models: Any):
    made = told(*COMPARE, "--presets", "small,large", "--limit", "6", "--by-field", "book")
    (flips,) = made["flips"]
    assert list(flips["by_field"]) == ["0", "1", "2"]
    assert [part["questions"] for part in flips["by_field"].values()] == [2, 2, 2]
    assert made["by_field"] == "book" and set(made["field_of"].values()) == {"0", "1", "2"}
    refused = cope(*COMPARE, "--presets", "small,large", "--by-field", "level")
    assert (
        refused.exit_code == 1 and "--by-field level: no question has this field" in refused.stderr
    )

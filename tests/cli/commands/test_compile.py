"""`cope compile` as a user types it: the plan, the questions it asks, what it saves, and how it goes on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.compile_command import USUAL, World, cope, error, made, write
from support.sweeps import sweep

from cope.cli.main import app
from cope.models import Price
from cope.optimize import OPTIMIZERS


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_the_plan_the_outcome_and_the_program(world: World) -> None:
    result = made("--val", "6")
    plan = [line.strip() for line in result.stderr.splitlines()]
    for start in (
        "compile small for jsonl",
        "optimizer  bootstrap-few-shot, demonstrations: the program's own right answers",
        "prompts    round 1's reasoner, small (engine/ScriptedEngine-small)",
        "questions  train 10 (",
        "estimate   11 to 22 calls, ",
        "low: 50% of the questions are met again and cost nothing, and demonstrations make answers",
        "high: every question costs what the dearest of the pilot did",
        "budget     none; 8 calls are used",
        "saved to   .cope/compile/jsonl-small-bootstrap-few-shot-",
        "best 100.0% (candidate 1 of 1)  calls 22",
    ):
        assert any(line.startswith(start) for line in plan), (start, plan)
    assert "proposer" not in result.stderr, "demonstrations are nobody's proposals"
    said = result.stdout.splitlines()
    assert "demonstration added, 1 of " in result.stdout and "+ -> reasoning: Doubling." in said
    start = next(number for number, line in enumerate(said) if line.startswith("before  "))
    before, after, gain = said[start : start + 3]
    assert "tokens a question" in before and after.startswith(
        "after   100.0% (95% interval 61.0% to 100.0%, n = 6)"
    )
    assert gain.startswith("gain    +") and gain.endswith("paired by question)")
    for line in (
        "saved    jsonl-small.json",
        "look     cope show jsonl-small.json",
        "measure  cope eval jsonl --program jsonl-small.json --data OTHER.jsonl",
    ):
        assert line in said
    assert any(line.startswith("used     22 calls, ") and "money unknown" in line for line in said)
    assert "MLflow" not in result.stdout
    shown = cope("show", "jsonl-small.json").stdout
    for text in (
        "made by the program",
        "after accuracy   100.0% (",
        "10 questions, fingerprint",
        "22 calls",
        "dspy 3.",
    ):
        assert text in shown
    assert "rows" not in shown, "fingerprints of single questions are for machines"
    beside = cope("diff", "small", "jsonl-small.json").stdout
    assert "demonstration added" in beside and "small (not compiled)" in beside


def test_a_dry_run_stops_after_the_estimate(world: World) -> None:
    result = made("--dry-run")
    assert "  estimate   " in result.stderr and result.stdout == ""
    assert world.asked == 8, "the pilot alone"
    document = json.loads(made("--dry-run", "--json").stdout)
    assert document["estimate"]["pilot"] == 8 and document["preset"] == "small"
    assert world.asked == 8, "what the pilot asked is kept"
    assert not list(Path().glob("*small.json"))


def test_it_asks_before_it_starts(world: World) -> None:
    no = cope(*USUAL, typed="n\n")
    assert (no.exit_code, no.stdout) == (1, "") and "Start? [y/N]" in no.stderr
    nobody = cope(*USUAL, typed="")
    assert nobody.exit_code == 1 and "error: not started: answer y, or say --yes" in nobody.stderr
    assert world.asked == 8 and not Path("jsonl-small.json").exists()
    yes = cope(*USUAL, "-o", "sub/mine.json", typed="y\n")
    assert yes.exit_code == 0 and Path("sub/mine.json").exists(), yes.output


def test_what_was_done_is_gone_on_with_or_forgotten_as_the_user_says(world: World) -> None:
    first, asked = made().stdout, world.asked
    line = error()
    assert (
        "an earlier compile like this one is in .cope/compile/" in line
        and "--resume" in line
        and "--fresh" in line
    )
    Path("jsonl-small.json").unlink()
    again = made("--resume")
    assert (world.asked, again.stdout) == (asked, first), "nothing is asked twice"
    assert f"{asked} calls made before are not asked again" in again.stderr
    made("--fresh")
    assert world.asked == 2 * asked


def test_an_interrupted_compile_says_how_to_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cope.optimize import Compilation

    def run(self: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Compilation, "run", run)
    result = cope(*USUAL, "--yes")
    assert result.exit_code == 130
    assert (
        "is saved in .cope/compile/jsonl-small-bootstrap-few-shot-" in result.stderr
        and "--resume" in result.stderr
    )


def test_json_is_one_document(world: World) -> None:
    document = json.loads(made("--json", "--val", "6").stdout)
    assert (document["after"]["accuracy"], document["improved"], document["mlflow"]) == (
        1.0,
        True,
        None,
    )
    before = document["before"]
    assert before["n"] == 6 and document["gain"]["mean"] == pytest.approx(1 - before["accuracy"])
    assert (document["output"], document["stopped"], document["spent"]["calls"]) == (
        "jsonl-small.json",
        None,
        22,
    )
    assert document["estimate"]["high"]["calls"] == 22


@sweep(
    ("only", "prompts"),
    [
        (
            (),
            ["round 1's reasoner, small", "round 2's reasoner, small", "round 3's reasoner, large"],
        ),
        (("small",), ["round 1's reasoner, small", "round 2's reasoner, small"]),
        (("small", "round:2"), ["round 2's reasoner, small"]),
    ],
    every=3,
)
def test_only_a_part_is_compiled(world: World, only: tuple[str, ...], prompts: list[str]) -> None:
    result = made(
        "--preset",
        "answer-cascade",
        "--dry-run",
        *(word for part in only for word in ("--only", part)),
    )
    lines = [
        line.split("  ")[-1].strip()
        for line in result.stderr.splitlines()
        if line.startswith("  prompts")
    ]
    assert [line.partition(" (")[0] for line in lines] == prompts


def test_a_budget_in_calls_is_never_passed(world: World) -> None:
    result = made("--optimizer", "bootstrap-random-search", "--budget-calls", "35")
    assert "budget     35 calls; 8 calls are used" in result.stderr and " of 35" in result.stderr
    assert world.asked <= 35


def test_a_budget_in_money_needs_prices(world: World) -> None:
    assert "a budget in USD needs prices" in error("--budget-usd", "1")
    world.settings["prices"] = {"small": Price(1, 2), "large": Price(1, 2)}
    result = made(
        "--budget-usd", "1", "--budget-minutes", "3", "--budget-tokens", "90000", "--fresh"
    )
    assert "budget     90,000 tokens, $1.00, 3 min of model time; 8 calls are used" in result.stderr
    assert "money unknown" not in result.output and " tokens, $0.00" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--optimizer", "gepaa"), "no optimizer is named 'gepaa': did you mean gepa?"),
        (("--optimizer", "bootstrap-finetune"), "trains a model's weights"),
        (("--only", "medium"), "--only medium is not understood: give one of"),
        (("--only", "large"), "--only large is not understood: give one of"),
        (
            ("--val", "2"),
            "the val split has 2 questions, and 4 are the least: give more with --val",
        ),
        (("--train", "30"), "are more than the 16 different ones there are"),
        (("--train-split", "test"), "--train-split test: the test split is kept for cope eval"),
        (("--val-split", "dev"), "--val-split dev: the rows of q.jsonl have no field split"),
        (
            ("--data", "parts.jsonl", "--val-split", "dev"),
            "parts.jsonl has no rows of split 'dev': there are",
        ),
        (
            ("-o", "q.jsonl/mine.json"),
            "cannot write the program q.jsonl/mine.json: choose another place with -o",
        ),
    ],
)
def test_what_cannot_work_is_one_line_and_asks_no_model(
    world: World, words: tuple[str, ...], message: str
) -> None:
    assert message in error(*words)
    assert world.asked == 0


def test_too_small_a_budget_is_said_before_the_pilot_where_that_is_known(world: World) -> None:
    line = error("--budget-calls", "12")
    assert (
        "12 calls are too few for one step of bootstrap-few-shot: it needs at least 21 (21 answers)"
        in line
    )
    assert (
        line.endswith("give --budget-calls 21, or smaller --train and --val") and world.asked == 0
    )
    assert error("--optimizer", "gepa", "--budget-calls", "12").endswith("give --budget-calls 22")
    line = error("--budget-tokens", "400")  # the pilot takes 256, and may
    assert re.search(r"it needs some \d+ \(21 answers\); give --budget-tokens \d+", line)
    assert world.asked == 8


def test_a_program_that_is_never_right_is_warned_of(world: World) -> None:
    assert "warning" not in made("--dry-run").stderr
    world.engines[0].script = lambda *_: "Answer: 1"
    result = made("--fresh")
    line = "warning: none of the pilot's 8 questions was answered right: an optimizer learns little"
    assert line in result.stderr and "from a pilot of 8 questions, 0 of them right" in result.stderr
    assert "no gain" in result.stdout


def test_it_says_which_candidates_no_context_holds(world: World) -> None:
    world.engines[0].context = 110  # tokens: enough for a question, too few with a demonstration
    said = made().stdout
    assert "; 1 of them refused: a prompt of round 1 has about" in said
    assert "fit small's context of 110 (give a larger --context)" in said


@pytest.mark.slow
def test_a_compile_starts_from_a_program_and_has_seen_its_questions(world: World) -> None:
    write(
        "other.jsonl",
        [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(12, 24)],
    )
    made("-o", "first.json")
    words = [word for word in USUAL if word not in ("--preset", "small")]
    result = cope(
        *words, "--yes", "--data", "other.jsonl", "--program", "first.json", "-o", "second.json"
    )
    assert result.exit_code == 0 and "no gain: no" in result.stdout, result.output
    first, second = (
        json.loads(Path(name).read_text())["compiled"] for name in ("first.json", "second.json")
    )
    for split in ("train", "val"):
        assert set(first["rows"][split]) < set(second["rows"][split])
    assert (second["start"], second["context"]) == ("first.json", 2048)
    assert len(set(second["rows"]["train"]) | set(second["rows"]["val"])) == 24


def test_the_help_names_every_optimizer() -> None:
    told = " ".join(CliRunner().invoke(app, ["compile", "--help"]).stdout.split()).replace(
        "- ", "-"
    )
    assert all(name in told for name in OPTIMIZERS)

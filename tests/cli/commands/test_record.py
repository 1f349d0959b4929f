"""`cope record`, `cope import` and `cope eval --replay` as a user types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from support.hub_datasets import give_dataset
from support.record_command import cope, done, scripted_commands

from cope.eval import Recording


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1, "book": n // 2} for n in range(4)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "my.toml").write_text('name = "cope"\n[[rounds]]\nreasoner = "small"\n')
    theirs = {
        "id": "a",
        "question": "q",
        "gold": "2",
        "samples": {"mini": [{"answer": "2"}] * 3, "big": [{"answer": "2"}]},
    }
    (tmp_path / "theirs.jsonl").write_text(json.dumps(theirs) + "\n")
    return tmp_path


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Any:
    return scripted_commands(monkeypatch, scripted)


RECORD = ("record", "jsonl", "--data", "q.jsonl", "--samples", "4")
IMPORT = ("import", "theirs.jsonl", "--small", "mini", "--large", "big")
TIMED = {"seconds", "seconds_per_question"}


def untimed(value: Any, close: bool = False) -> Any:
    """Without what the clock says; sums of money may differ in their last digit where they are `close`."""
    if isinstance(value, dict):
        return {name: untimed(inner, close) for name, inner in value.items() if name not in TIMED}
    if isinstance(value, list):
        return [untimed(inner, close) for inner in value]
    return pytest.approx(value) if close and isinstance(value, float) else value


@pytest.mark.slow
def test_a_replayed_table_is_that_of_a_live_run(here: Path, models: Any):
    made = json.loads(done(*RECORD, "--json").stdout)
    assert (made["questions"], made["task"]) == (4, "jsonl") and made[
        "file"
    ] == "jsonl-cope.parquet"
    assert [program["name"] for program in made["programs"]] == ["cope", "large"]
    for more in ((), ("--thresholds", "0.4,0.3"), ("--preset", "large")):
        live = json.loads(
            done(
                "eval",
                "jsonl",
                "--data",
                "q.jsonl",
                "--no-track",
                "--early-stop",
                "none",
                "--json",
                *(() if "large" in more else ("--samples", "4")),
                *more,
            ).stdout
        )
        asked = len(models.asks)
        again = json.loads(done("eval", "--replay", "jsonl-cope.parquet", "--json", *more).stdout)
        assert len(models.asks) == asked
        for name in (
            "n",
            "accuracy",
            "interval",
            "errors",
            "unreadable",
            "rounds",
            "tiers",
            "total",
        ):
            assert untimed(again[name]) == untimed(live[name], close=True), name
        assert again["unknown"] == {} and again["accuracy_bounds"] == [live["accuracy"]] * 2


def test_the_same_command_resumes_and_asks_nothing_twice(here: Path, models: Any):
    done(*RECORD, "--limit", "2", "--also", "none")
    asked = len(models.asks)
    assert asked == 2 * 14
    result = done(
        *RECORD, "--also", "none", "--group", "book", "-o", "all.parquet", "--thresholds", "0.9"
    )
    assert len(models.asks) == 2 * asked and "2 of 4 questions are done already" in result.stderr
    done(*RECORD, "--also", "none")
    assert len(models.asks) == 2 * asked
    record = Recording.open("all.parquet")
    assert record.groups == ["0", "0", "1", "1"] and record.preset.rounds[0].threshold == 0.9
    assert (
        "programs" not in result.stdout
        and "cope with thresholds 0.9, 0.5: accuracy" in result.stdout
    )


def test_questions_that_a_replay_cannot_tell_are_said_with_bounds(here: Path, models: Any):
    done(*RECORD)
    words = (
        "eval",
        "jsonl",
        "--replay",
        "jsonl-cope.parquet",
        "--samples",
        "2",
        "--thresholds",
        "1,1",
    )
    told = json.loads(done(*words, "--json").stdout)
    lacking = sum(told["unknown"].values())
    assert told["n"] + lacking == 4 and lacking > 0
    low, high = told["accuracy_bounds"]
    assert high - low == pytest.approx(lacking / 4)
    shown = done(*words).stdout
    assert (
        f"{lacking} questions are not in the table: round 2: another plan is forwarded to it"
        in shown
    )
    assert f"accuracy over all 4 questions is between {low:.1%} and {high:.1%}" in shown
    assert "large alone" in done("eval", "--replay", "jsonl-cope.parquet", "--limit", "2").stdout


def test_a_price_is_put_on_what_was_recorded(here: Path, models: Any):
    done(*RECORD)
    shown = json.loads(
        done("eval", "--replay", "jsonl-cope.parquet", "--price", "small=1/1", "--json").stdout
    )
    small = shown["tiers"]["small"]
    tokens = small["prompt_tokens"] + small["plan_tokens"] + small["answer_tokens"]
    assert small["usd"] == pytest.approx(tokens / 1e6) and small["unpriced"] == 0
    assert (
        json.loads(done("eval", "--replay", "jsonl-cope.parquet", "--json").stdout)["tiers"][
            "small"
        ]["usd"]
        is None
    )


def test_questions_without_answers_are_recorded_and_not_scored(here: Path, models: Any):
    rows = [{"question": f"What is {n} + 1?", **({"answer": n + 1} if n else {})} for n in range(2)]
    (here / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shown = done(*RECORD, "--json")
    assert (
        json.loads(shown.stdout)["unlabelled"] == 1
        and json.loads(shown.stdout)["programs"][0]["accuracy"] is None
    )
    record = Recording.open("jsonl-cope.parquet")
    assert record.gold == [None, "2"]
    first = record.rounds[0]
    assert [set(numpy.isnan(row)) for row in first.scores] == [{True}, {False}]
    assert first.answers[0].any(), "it is asked all the same"
    asked = len(models.asks)
    assert "1 questions have no right answer" in done(*RECORD).stdout and len(models.asks) == asked
    assert (
        "line 1: the row has no answer"
        in cope("eval", "jsonl", "--data", "q.jsonl", "--no-track").stderr
    )


def test_import_shows_what_is_unknown_and_replays(here: Path):
    shown = done("import", "theirs.jsonl", "--small", "mini", "--large", "big")
    assert (
        "unknown" in shown.stdout
        and "replay it with: cope eval --replay theirs.parquet" in shown.stderr
    )
    table = done("eval", "--replay", "theirs.parquet").stdout
    assert "accuracy 100.0%" in table and "unknown" in table and "model time unknown" in table


def test_import_takes_more_tiers_and_says_when_large_votes(here: Path):
    answers = [{"answer": "2", "variant": name} for name in ("cot", "plain")]
    row = {
        "id": "a",
        "question": "q",
        "gold": "2",
        "samples": {"mini": answers, "middle": answers, "big": answers},
    }
    (here / "theirs.jsonl").write_text(json.dumps(row) + "\n")
    made = done(*IMPORT, "--tier", "medium=middle", "--variant", "medium=plain")
    assert (
        "1 small solves" in made.stdout
        and "2 medium solves" in made.stdout
        and "3 large solves" in made.stdout
    )
    assert "imported with thresholds 0.75, 0.75" in made.stdout
    assert (
        "large has 2 variants (cot, plain): its round votes over them, and large alone is the first"
        in made.stderr
    )
    assert "take one with --variant large=cot" in made.stderr
    assert "note:" not in done(*IMPORT, "--variant", "large=cot").stderr
    for words, said in (
        (("--tier", "small=middle"), "that tier is named already"),
        (("--tier", "medium=big"), "medium and large are both 'big'"),
        (
            ("--tier", "medium=middle", "--variant", "tiny=cot"),
            "write small=NAME or medium=NAME or large=NAME",
        ),
    ):
        assert said in cope(*IMPORT, *words).stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("record", "jsonl"), "give --data FILE"),
        ((*RECORD, "--also", "larg"), "did you mean large"),
        ((*RECORD, "--also", "my.toml"), "two programs of a record have the name 'cope'"),
        ((*RECORD, "--group", "shelf"), "has no column 'shelf'"),
        (("record", "gsm8k", "--group", "book"), "give it with --data FILE"),
        (("eval", "--replay", "none.parquet"), "there is no record none.parquet"),
        (("eval", "--replay", "q.jsonl"), "q.jsonl is not a record"),
        (("import", "none.jsonl", "--small", "a", "--large", "b"), "there is no file none.jsonl"),
        (
            ("import", "theirs.jsonl", "--small", "a", "--large", "b", "--variant", "tiny=x"),
            "no tier of an import",
        ),
        (
            (
                "import",
                "theirs.jsonl",
                "--small",
                "mini",
                "--large",
                "big",
                "-o",
                "q.jsonl/r.parquet",
            ),
            "name another file with -o",
        ),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(
    here: Path, models: Any, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
):
    give_dataset(monkeypatch, lambda *args, **kwargs: [{"question": "q", "answer": "#### 1"}])
    result = cope(*words)
    assert result.exit_code == 1, result.output
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert message in line and models.asks == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            (*RECORD, "-o", "q.jsonl"),
            "q.jsonl is what this command reads: name another file with -o",
        ),
        ((*RECORD, "-o", "theirs.jsonl"), "theirs.jsonl is there and is no record"),
        ((*RECORD, "-o", "books"), "books is there and is no record"),
        ((*IMPORT, "-o", "theirs.jsonl"), "theirs.jsonl is what this command reads"),
        ((*IMPORT, "-o", "books/../theirs.jsonl"), "is what this command reads"),
        (
            (*IMPORT, "-o", "q.jsonl"),
            "q.jsonl is there and is no record: name another file with -o",
        ),
        ((*IMPORT, "-o", "books.parquet"), "books.parquet is there and is no record"),
    ],
)
def test_nothing_but_a_record_is_written_over(
    here: Path, models: Any, words: tuple[str, ...], message: str
):
    (here / "books").mkdir()
    pandas.DataFrame({"book": [1]}).to_parquet(here / "books.parquet")
    before = {file: file.read_bytes() for file in here.iterdir() if file.is_file()}
    result = cope(*words)
    assert result.exit_code == 1 and message in result.stderr, result.output
    assert models.asks == [] and all(file.read_bytes() == text for file, text in before.items())


def test_a_record_may_be_replaced_by_one(here: Path, models: Any):
    done(*IMPORT, "-o", "r.parquet")
    done(*IMPORT, "-o", "r.parquet")
    done(*RECORD, "--limit", "1", "-o", "r.parquet")
    assert not Recording.open("r.parquet").is_imported


def test_options_that_a_record_fixes_are_refused(here: Path, models: Any):
    done(*RECORD, "--limit", "1")
    for words in (("--small", "local/x"), ("--seed", "0"), ("--data", "q.jsonl")):
        result = cope("eval", "--replay", "jsonl-cope.parquet", *words)
        assert result.exit_code == 2 and f"leave out {words[0]}" in result.output
    assert (
        "of jsonl, not of gsm8k" in cope("eval", "gsm8k", "--replay", "jsonl-cope.parquet").output
    )
    assert "Missing argument 'TASK'" in cope("eval").output

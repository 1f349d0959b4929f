"""What a compiled program has met, and how it was asked, is said wherever it is measured: live, in a record, in a replay."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.compile_command import USUAL, World, cope
from support.pictures import write_empty_pictures

from cope.eval import Recording

MET = "the program was trained on 11 and chosen by 5 of the 16 questions"
NEW = "new.jsonl"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """With a program `m.json` that was compiled on the questions of `q.jsonl`, those of `new.jsonl` being others."""
    write_empty_pictures(monkeypatch)
    made = World(tmp_path, monkeypatch)
    rows = [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(30, 36)]
    Path(NEW).write_text("".join(json.dumps(row) + "\n" for row in rows))
    done(*USUAL, "--yes", "-o", "m.json")
    return made


def done(*words: str) -> Any:
    result = cope(*words)
    assert result.exit_code == 0, result.output
    return result


def recorded(data: str, *more: str) -> Any:
    return done(
        "record",
        "jsonl",
        "--data",
        data,
        "--program",
        "m.json",
        "--also",
        "none",
        "-o",
        "r.parquet",
        *more,
    )


@pytest.mark.slow
def test_a_record_and_its_replays_warn_of_questions_that_were_compiled_on(world: World):
    assert f"warning: {MET}, so their accuracy says little" in recorded("q.jsonl").stderr
    kept = Recording.open("r.parquet").manifest.settings["compiled"]
    assert {
        name: {part: len(marks) for part, marks in one["rows"].items()}
        for name, one in kept.items()
    } == {"small": {"train": 11, "val": 5}}
    asked = world.asked
    Path("m.json").unlink()  # the record tells by itself
    replayed = done("eval", "--replay", "r.parquet", "--json")
    assert f"warning: {MET}" in replayed.stderr
    assert json.loads(replayed.stdout)["seen"] == {"train": 11, "val": 5, "questions": 16}
    few = done("eval", "--replay", "r.parquet", "--limit", "3", "--json")
    assert json.loads(few.stdout)["seen"]["questions"] == 3 and "of the 3 questions" in few.stderr
    assert world.asked == asked


@pytest.mark.slow
def test_new_questions_and_programs_as_they_are_give_no_warning(world: World):
    assert "warning" not in recorded(NEW).stderr
    replayed = done("eval", "--replay", "r.parquet", "--json")
    assert "warning" not in replayed.stderr
    assert json.loads(replayed.stdout)["seen"] == {"train": 0, "val": 0, "questions": 6}
    done(
        "record",
        "jsonl",
        "--data",
        "q.jsonl",
        "--preset",
        "small",
        "--also",
        "none",
        "-o",
        "plain.parquet",
    )
    plain = done("eval", "--replay", "plain.parquet", "--json")
    assert json.loads(plain.stdout)["seen"] is None and "warning" not in plain.stderr


@pytest.mark.slow
def test_a_comparison_of_a_record_names_the_program_that_has_met_its_questions(world: World):
    done(
        "record",
        "jsonl",
        "--data",
        "q.jsonl",
        "--program",
        "m.json",
        "--also",
        "large",
        "-o",
        "r.parquet",
    )
    said = done("compare", "--replay", "r.parquet", "--presets", "small,large").stderr
    assert f"warning: small: {MET}" in said and "large: the program" not in said
    said = done(
        "compare", "--replay", "r.parquet", "--presets", "large", "--programs", "m.json"
    ).stderr
    assert f"warning: m: {MET}" in said


@pytest.mark.slow
def test_a_program_that_is_asked_in_another_way_than_it_was_compiled_is_a_warning(world: World):
    done(
        *USUAL,
        "--yes",
        "--fresh",
        "--adapter",
        "json",
        "--context",
        "4096",
        "--max-tokens",
        "300",
        "-o",
        "j.json",
    )
    compiled = json.loads(Path("j.json").read_text())["compiled"]
    assert (compiled["adapter"], compiled["max_tokens"], compiled["context"]) == ("json", 300, 4096)
    measure = ("eval", "jsonl", "--data", NEW, "--program", "j.json", "--no-track", "--fresh")
    (warning,) = (
        line for line in done(*measure).stderr.splitlines() if line.startswith("warning: ")
    )
    assert (
        "--adapter json, and here it is lean; --max-tokens 300, and here it is 512; --context 4096"
        in warning
    )
    same = ("--adapter", "json", "--context", "4096", "--max-tokens", "300")
    assert "warning" not in done(*measure, *same).stderr
    assert (
        "compiled with --adapter json"
        in done(
            "record", "jsonl", "--data", NEW, "--program", "j.json", "--also", "none", *same[2:]
        ).stderr
    )

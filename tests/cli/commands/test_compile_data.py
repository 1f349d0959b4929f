"""The questions of `cope compile`: what is trained on, validated with, and never read."""

import json
from pathlib import Path

import pytest
from support.compile_command import World, made


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_validation_questions_come_from_what_training_leaves(world: World) -> None:
    result = made("--dry-run", "--train", "7", "--val", "5")
    assert "questions  train 7 (" in result.stderr and "val 5 (" in result.stderr
    assert "questions  train 11 (" in made("--dry-run").stderr, "a third is for validation"


@pytest.mark.parametrize("validation", ["validation", "dev"])
def test_a_file_names_its_splits_and_the_test_rows_are_never_read(
    world: World, validation: str
) -> None:
    parts = Path("parts.jsonl")
    parts.write_text(parts.read_text().replace('"validation"', f'"{validation}"'))
    result = made("--data", "parts.jsonl")
    assert "questions  train 6 (" in result.stderr and "val 5 (" in result.stderr
    assert world.questions() == set(range(11))
    assert (
        "measure  cope eval jsonl --program jsonl-small.json --data parts.jsonl\n" in result.stdout
    )
    rows = json.loads(Path("jsonl-small.json").read_text())["compiled"]["rows"]
    assert (len(rows["train"]), len(rows["val"])) == (6, 5)


def test_the_command_that_measures_asks_as_the_compile_did(world: World) -> None:
    words = (
        "--adapter",
        "chat",
        "--max-tokens",
        "99",
        "--context",
        "1024",
        "--tier",
        "third=ollama/qwen3:8b",
    )
    assert (
        f"measure  cope eval jsonl --program 'my file.json' --data OTHER.jsonl {' '.join(words)}\n"
        in (made(*words[2:], *words[:2], "-o", "my file.json").stdout)
    )


@pytest.mark.parametrize(
    ("optimizer", "words"), [("copro", "up to 24 training"), ("infer-rules", "up to 12 training")]
)
def test_the_plan_says_how_many_questions_are_read(
    world: World, optimizer: str, words: str
) -> None:
    assert words in made("--optimizer", optimizer, "--dry-run").stderr

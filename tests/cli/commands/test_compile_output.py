"""The program file of `cope compile`: no other program, and no other file, is written over without a word."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.compile_command import World, error, made
from support.pictures import write_empty_frontiers


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    write_empty_frontiers(monkeypatch)
    return World(tmp_path, monkeypatch)


def compiled(name: str) -> dict[str, Any]:
    return json.loads(Path(name).read_text())["compiled"]


@pytest.mark.slow
def test_a_compile_writes_over_its_own_program_only(world: World) -> None:
    made("-o", "mine.json")
    first = compiled("mine.json")
    assert first["compile"] == next(Path(".cope/compile").iterdir()).name
    made("-o", "mine.json", "--resume")
    made("-o", "mine.json", "--fresh")
    asked = world.asked
    line = error("-o", "mine.json", "--optimizer", "gepa")
    assert (
        "mine.json is there already, and not from this compile: choose another place with -o, or"
        in line
    )
    assert world.asked == asked and compiled("mine.json") == {
        **first,
        "budget": compiled("mine.json")["budget"],
    }
    made("-o", "mine.json", "--optimizer", "labeled-few-shot", "--force")
    assert compiled("mine.json")["optimizer"] == "labeled-few-shot"


def test_a_file_of_another_kind_stays(world: World) -> None:
    file, text = Path("notes.json"), b""
    for text in (b"my notes", b"[1, 2]", b"{}", b'{"compiled": "yes"}', b"\xff\xfe"):
        file.write_bytes(text)
        assert "notes.json is there already, and not from this compile" in error("-o", "notes.json")
        assert world.asked == 0 and file.read_bytes() == text
    made("-o", "notes.json", "--dry-run")
    assert file.read_bytes() == text
    made("-o", "notes.json", "--force")
    assert compiled("notes.json")["scores"]


@pytest.mark.slow
def test_the_programs_of_another_frontier_stay(world: World) -> None:
    pareto = ("-o", "mine.json", "--objective", "pareto")
    made(*pareto)
    assert compiled("mine.frontier-1.json")["compile"] == compiled("mine.json")["compile"]
    made(*pareto, "--resume")
    Path("mine.json").unlink()
    made("-o", "mine.json")
    Path("mine.json").unlink()
    assert "mine.frontier-1.json is there already, and not from this compile" in error(
        *pareto, "--seed", "3"
    )

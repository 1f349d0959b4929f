"""`cope compile --objective pareto`: the frontier is saved, drawn, tracked, and one of it picked."""

import json
from pathlib import Path

import pytest
from support.commands import give_tracker
from support.compile_command import USUAL, World, cope, error, made
from support.pictures import write_empty_frontiers
from support.tracking import STORE

PARETO = tuple(
    "--preset large --optimizer copro --objective pareto --budget-calls 150 -o f.json".split()
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


@pytest.mark.slow
def test_the_frontier_is_saved_and_drawn_and_one_of_it_picked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_empty_frontiers(monkeypatch)
    result = made(*PARETO, "--json")
    document, asked = json.loads(result.stdout), world.asked
    cheap, dear = document["frontier"]
    assert (
        cheap["large_tokens"] < dear["large_tokens"] and cheap["accuracy"] < dear["accuracy"] == 1.0
    )
    assert (cheap["file"], dear["file"]) == ("f.frontier-1.json", "f.frontier-2.json")
    assert document["plots"] == ["f.frontier.png", "f.frontier.svg"]
    assert Path("f.frontier.png").is_file() and Path("f.frontier.svg").is_file()
    assert (
        "  objective  pareto" in result.stderr
        and "  proposer   engine/ScriptedEngine-large" in result.stderr
    )
    saved = json.loads(Path("f.json").read_text())
    assert "carefully" in saved["round_1.reasoner.predict"]["signature"]["instructions"]
    assert "plots" not in saved["compiled"], "a program file names no place on this machine"
    both = [json.loads(Path(file).read_text()) for file in (cheap["file"], dear["file"])]
    assert [one["compiled"]["scores"]["after"]["accuracy"] for one in both] == [
        cheap["accuracy"],
        1.0,
    ]
    assert both[0]["compiled"]["frontier"] == "1 of 2, the cheapest first"
    assert both[1]["round_1.reasoner.predict"] == saved["round_1.reasoner.predict"]

    said = made(*PARETO, "--resume", "--pick", "1").stdout
    assert (
        "frontier, the cheapest first\n  1  " in said
        and "         f.frontier-1.json, f.frontier-2.json\n" in said
    )
    assert (
        "saved    f.json, the program as it was" in said
        and "drawn    f.frontier.png and f.frontier.svg" in said
    )
    saved = json.loads(Path("f.json").read_text())
    assert "carefully" not in saved["round_1.reasoner.predict"]["signature"]["instructions"]
    assert saved["compiled"]["scores"]["after"]["accuracy"] == cheap["accuracy"]
    assert "the frontier has 2 programs, so there is no 3" in error(
        *PARETO, "--resume", "--pick", "3"
    )
    assert world.asked == asked


def test_the_tracked_run_is_named_and_gets_the_pictures(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = give_tracker(monkeypatch)
    write_empty_frontiers(monkeypatch)
    words = [word for word in USUAL if word != "--no-track"]
    result = cope(*words, "--store", STORE, "--yes", "--objective", "pareto")
    (run,) = (run for run in tracker.runs.values() if run.parent is None)
    assert run.name == "jsonl small bootstrap-few-shot on q.jsonl"
    assert f"\nMLflow   run {run.id} (cope ui shows it)\n" in result.stdout
    assert {f"plots/jsonl-small.frontier.{kind}" for kind in ("png", "svg")} <= run.files.keys()
    assert json.loads(Path("jsonl-small.json").read_text())["compiled"]["mlflow"] == run.id

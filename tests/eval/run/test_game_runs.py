"""An evaluation of games: its results, its summary, and what resumes."""

import asyncio
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.agent_replies import expert, field, steps_done, team
from support.games import CHESTS
from support.scripted_environment import GAME, TASK, WINS
from support.tracking import TrackerInMemory

from cope import Cascade
from cope.eval import RunStore, evaluate
from cope.eval.run.episode_summary import summarize_episodes
from cope.eval.run.options import RunOptions
from cope.eval.run.summary import summarize
from cope.eval.run.tracked import evaluate_tracked
from cope.programs.agent.settings import AgentSettings
from cope.util.files import read_jsonl

SETTINGS = {"task": "chests", "preset": "cope-react", "models": {}}


def _games(count: int, **game: Any) -> list[dspy.Example]:
    games = []
    for number in range(count):
        one = dspy.Example(
            id=f"g{number}",
            question=f"{TASK} {number}",
            answer="\n".join(WINS),
            game=dict(GAME, **game),
        )
        games.append(one.with_inputs("question", "game"))
    return games


def _unsure_once(messages: list[dict[str, str]], request: Any) -> str:
    """Disagree at the second step."""
    if steps_done(messages) != 1:
        return expert(messages, request)
    actions = field(messages, "Actions").splitlines()
    return f"Hm.\nAction: {actions[(request.config.seed or 0) % len(actions)]}"


def _run(root: Path, games: list[dspy.Example], **settings: Any) -> tuple[RunStore, Any]:
    program = Cascade("cope-react", team(_unsure_once), domain="agent", early_stop="none")
    store = RunStore(SETTINGS, root)
    with store.open():
        player = CHESTS.player(program, AgentSettings(**settings))
        return store, asyncio.run(evaluate(CHESTS, games, player, store))


def test_games_are_evaluated_stored_and_summarized(tmp_path: Path) -> None:
    store, outcome = _run(tmp_path, _games(3))
    read = RunStore.read(store.path).results
    assert [result.score for result in read.values()] == [1.0] * 3
    assert [step["action"] for step in next(iter(read.values())).steps] == [*WINS, None]
    summary = summarize(outcome.results, 2)
    assert summary.episodes is not None
    assert summary.episodes.as_dict() == {
        "games": 3,
        "steps": 12,
        "escalated": 3,
        "unread": 0,
        "steps_of_won": 4.0,
        "ends": {"won": 3},
    }
    assert summary.episodes.text().startswith("4.0 steps a game, 4.0 where it was won; 25.0% of")
    assert [round_.answered for round_ in summary.rounds] == [0, 3]
    assert summary.rounds[1].usage.calls == 3  # the large tier decided one step of each game


def test_episodes_are_metrics_of_the_tracked_run(tmp_path: Path) -> None:
    tracker = TrackerInMemory()
    program = Cascade("cope-react", team(_unsure_once), domain="agent", early_stop="none")
    player = CHESTS.player(program, AgentSettings())
    for games, won in ((_games(2), 2), ([*_games(2), *_failing(1)], 2)):
        store = RunStore(SETTINGS, tmp_path)
        with store.open():
            made = evaluate_tracked(
                CHESTS,
                games,
                program.team,
                player,
                store,
                RunOptions(tmp_path, track=True),
                {"program_file": None, "seen": None},
                on_result=lambda result: None,
                tracker=tracker,
            )
        assert made.run is not None
        kept = tracker.runs[made.run.id].metric_values
        ended = {name: value for name, value in kept.items() if name.startswith("episodes.ended.")}
        assert {name for name, value in ended.items() if value} == {
            "episodes.ended.won",
            *(["episodes.ended.the_game_failed"] if len(games) > won else []),
        }
        assert sum(ended.values()) == kept["episodes.games"] == len(games)
        assert kept["episodes.success"] == won / len(games)
        assert kept["episodes.steps_of_won"] == 4
        assert kept["episodes.escalated_share"] == won / kept["episodes.steps"]
    names = "".join(name for name in kept if name.startswith("episodes"))
    assert re.fullmatch(r"[a-z_.]+", names), "names that MLflow takes"


def _failing(count: int) -> list[dspy.Example]:
    games = [one.copy(id=f"bad-{one.id}") for one in _games(count, trouble="it broke", at=1)]
    return [game.copy(question=f"{game.question} bad") for game in games]


def test_calls_are_stored_by_game_and_step(tmp_path: Path) -> None:
    store, _ = _run(tmp_path, _games(2))
    places = Counter(
        (line["question"], line["step"]) for line in read_jsonl(store.path / "calls.jsonl")
    )
    assert len(places) == 8
    assert sorted(Counter(places.values()).items()) == [(4, 6), (5, 2)]


def test_games_that_fail_are_failed_episodes_and_no_errors(tmp_path: Path) -> None:
    _, outcome = _run(tmp_path, _games(2, trouble="it broke", at=2))
    assert [(result.score, result.error) for result in outcome.results] == [(0.0, None)] * 2
    assert {result.feedback for result in outcome.results} == {"The game failed: it broke."}
    found = summarize_episodes(outcome.results)
    assert found is not None
    assert found.ends == {"the game failed": 2}


def test_questions_of_one_step_have_no_episodes() -> None:
    assert summarize_episodes([]) is None


@pytest.mark.slow
def test_a_killed_run_of_games_resumes_in_mid_episode_and_pays_no_step_twice(
    tmp_path: Path,
) -> None:
    script = Path(__file__).parent / "_killed_games.py"
    alone = tmp_path / "alone"
    killed = tmp_path / "killed"
    asked: dict[Path, list[str]] = {}
    for root, kills in ((alone, 0), (killed, 5)):
        root.mkdir()
        done = subprocess.run(
            [sys.executable, str(script), str(root), str(kills)],
            check=True,
            capture_output=True,
            text=True,
        )
        asked[root] = (root / "asked").read_text().splitlines()
        if kills:
            assert int(done.stdout) > 0
    assert set(asked[killed]) == set(asked[alone])
    # A call that was finished but not yet written down when the kill came is made again.
    assert len(asked[killed]) - len(set(asked[killed])) <= 5 * 8
    (calls,) = killed.glob("runs/*/calls.jsonl")
    assert max(Counter(line["key"] for line in read_jsonl(calls)).values()) == 1
    first, second = (next(root.glob("runs/*/records.jsonl")) for root in (alone, killed))
    assert _results(first) == _results(second)


def _results(file: Path) -> dict[str, tuple[Any, ...]]:
    found = {}
    for line in read_jsonl(file):
        actions = [(step["attempt"], step["step"], step["action"]) for step in line["steps"]]
        calls = sum(row["calls"] for row in line["usage"])
        found[line["key"]] = (line["answer"], line["score"], calls, actions)
    return found

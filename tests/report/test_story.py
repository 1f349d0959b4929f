"""The page tells an episode step by step."""

from collections import Counter
from pathlib import Path
from typing import Any

from support.games import run_of_games

from cope.eval import RunStore
from cope.eval.run.episode_summary import summarize_episodes
from cope.eval.run.store import QuestionResult
from cope.report import open_source
from cope.report.details import question_parts
from cope.report.story import episode_story


def test_a_story_has_what_was_seen_voted_planned_and_done() -> None:
    usage: Any = {"tier": "large", "round": 2, "role": "reason", "calls": 1, "usd": 0.5}
    usage |= dict.fromkeys(("prompt_tokens", "completion_tokens", "seconds", "machine_seconds"), 1)
    usage |= {"unpriced": 0, "hits": 0, "cancelled": 0, "cached_tokens": 0, "usd_low": 0.5}
    usage |= {"usd_high": 0.5, "unreported_prompt": 0, "unreported_completion": 0}
    round_: Any = {
        "round": 2,
        "accepted": True,
        "answer": "look",
        "confidence": 1.0,
        "threshold": None,
        "votes": {"look": 1},
        "supporters": [0],
        "asked": 1,
        "plan": "Look around.",
        "samples": [{"index": 0, "plan": None, "reasoning": "I see nothing.", "answer": "look"}],
    }
    step: Any = {"attempt": 1, "step": 1, "observation": "Dark.", "action": "look", "reward": 0.0}
    end: Any = {"attempt": 1, "step": 2, "observation": "x" * 9000, "action": None, "reward": 0.0}
    record = QuestionResult("1", "g1", "open", "a", steps=[])
    assert episode_story(record) == []
    record.steps = [step | {"rounds": [round_], "usage": [usage]}, end | {"end": "loop"}]
    first, last = episode_story(record)
    assert first["action"] == "look"
    assert first["usd"] == 0.5
    assert first["rounds"] == [
        {
            "round": 2,
            "accepted": True,
            "confidence": 1.0,
            "votes": {"look": 1},
            "plan": "Look around.",
            "thoughts": ["I see nothing."],
        }
    ]
    assert (last["end"], len(last["observation"]) < 2100) == ("loop", True)


def test_each_call_of_a_game_names_its_step(tmp_path: Path) -> None:
    (part,) = question_parts(open_source(run_of_games(tmp_path)))
    for question in part["questions"]:
        (details,) = question["systems"]
        steps = [call["step"] for call in details["calls"]]
        assert steps == sorted(steps)
        assert Counter(steps) == {1: 4, 2: 5, 3: 4, 4: 4}
        assert "restarts" not in str(details["story"])


def test_a_step_after_which_the_game_starts_again_is_escalated_and_not_unread(
    tmp_path: Path,
) -> None:
    folder = run_of_games(tmp_path, "episode")
    (part,) = question_parts(open_source(folder))
    story = part["questions"][0]["systems"][0]["story"]
    again = [step["step"] for step in story if step.get("restarts")]
    assert (again, story[1]["action"], story[-1]["end"]) == ([2], None, "won")
    found = summarize_episodes(list(RunStore.read(folder).results.values()))
    assert found is not None
    assert (found.unread, found.escalated) == (0, 2)

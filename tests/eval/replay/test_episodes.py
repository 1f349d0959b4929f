"""Episodes at other thresholds: up to the first different action."""

from typing import Any

import pytest

from cope.eval.replay.episodes import NOT_RECORDED, OTHER_ACTION, SAME, replay_episode, replay_games
from cope.eval.run.store import QuestionResult


def _round(number: int, action: str | None, share: float, threshold: float | None) -> Any:
    accepted = threshold is None or share >= threshold
    return {
        "round": number,
        "accepted": accepted,
        "answer": action,
        "confidence": share,
        "threshold": threshold,
        "votes": {},
        "supporters": [],
        "asked": 4,
        "plan": None,
    }


def _step(number: int, action: str, *rounds: Any, attempt: int = 1) -> Any:
    return {
        "attempt": attempt,
        "step": number,
        "observation": "A hall.",
        "action": action,
        "reward": 0.0,
        "rounds": list(rounds),
    }


EPISODE = [
    _step(1, "a", _round(1, "a", 1.0, 0.75)),
    _step(2, "b", _round(1, "b", 0.5, 0.75), _round(2, "b", 1.0, None)),
    _step(3, "c", _round(1, "x", 0.25, 0.75), _round(2, "c", 1.0, None)),
    _step(4, "d", _round(1, "d", 0.75, 0.75)),
]


@pytest.mark.parametrize(
    ("thresholds", "same", "escalated", "why"),
    [
        ({}, 4, 2, SAME),
        ({1: 0.75}, 4, 2, SAME),
        ({1: 0.5}, 4, 1, SAME),  # the second step is accepted, with the same action
        ({1: 0.25}, 2, 0, OTHER_ACTION),  # the third step takes x
        ({1: 0.9}, 3, 2, NOT_RECORDED),  # the fourth step would ask the large tier
    ],
)
def test_an_episode_is_replayed_up_to_its_first_different_action(
    thresholds: dict[int, float], same: int, escalated: int, why: str
) -> None:
    found = replay_episode(EPISODE, thresholds)
    assert (found.same, found.escalated, found.why, found.steps) == (same, escalated, why, 4)


def test_only_the_last_attempt_counts() -> None:
    earlier = [_step(1, "z", _round(1, "z", 0.5, 0.75))]
    later = [dict(step, attempt=2) for step in EPISODE]
    assert replay_episode([*earlier, *later], {}).steps == 4


def test_a_run_says_what_is_known_and_what_is_not() -> None:
    won = QuestionResult("1", "g1", "open", "a", score=1.0, steps=EPISODE)
    lost = QuestionResult("2", "g2", "open", "a", score=0.0, steps=EPISODE[:2])
    same = replay_games([won, lost], {1: 0.5})
    assert (same.known, same.won) == (2, 1)
    assert "unknown" not in same.text()
    other = replay_games([won, lost], {1: 0.25})
    assert (other.known, other.won, other.as_dict()["same"]) == (1, 0, 4)
    assert "never recorded" in other.text()

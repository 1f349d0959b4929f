"""Solved games as demonstrations: the last step of each, whose turns are the steps before it."""

import random
from typing import Any

from support.scripted_environment import TASK, WINS, ChestGame

from cope import Cascade
from cope.eval.environments.base import follow
from cope.eval.tasks.games import step_examples
from cope.optimize.optimizers.solved_games import solved_games
from cope.programs.agent.step import step_question
from cope.programs.preset import parse_preset
from cope.programs.task_signature import INPUTS


def predictor(**more: Any) -> Any:
    preset = parse_preset({"name": "p", "rounds": [{"reasoner": "small"} | more]}, "here")
    return Cascade(preset, domain="agent").named_predictors()[0][1]


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(3):
        solution = follow(ChestGame(), f"{TASK} {number}", WINS)
        assert solution is not None
        for example in step_examples(solution, f"game {number}", {}):
            found.append(dict(example) | {"action": example.answer})
    return found


def test_each_game_is_one_demonstration_in_whatever_order_its_steps_come() -> None:
    made = rows()
    demos = solved_games(predictor(history="turns"), made)
    assert demos is not None and len(demos) == 3
    for demo in demos:
        assert [turn["action"] for turn in demo["turns"]] == [*WINS[:-1]]
        assert demo["action"] == WINS[-1] and demo["question"].startswith("Task: open the chest")
    random.Random(1).shuffle(made)
    shuffled = solved_games(predictor(history="turns"), made)
    assert shuffled is not None
    assert sorted(map(str, shuffled)) == sorted(map(str, demos))


def test_only_prompts_of_turns_are_shown_games() -> None:
    assert solved_games(predictor(), rows()) is None


def test_rows_without_a_solution_or_without_steps_are_no_games() -> None:
    first = step_question("open", [], "A hall.", ["look"], 100)
    row = first | first[INPUTS]
    assert solved_games(predictor(history="turns"), [row, row | {"action": "look"}]) == []

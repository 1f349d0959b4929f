"""The order in which actions are shown."""

from support.scripted_environment import TASK, WINS, ChestGame

from cope.eval.environments.base import follow
from cope.eval.tasks.games import step_examples
from cope.programs.agent.offers import Offers
from cope.programs.agent.step import step_question


def test_what_was_not_taken_comes_first_then_what_is_new_then_the_alphabet() -> None:
    offers = Offers()
    assert offers.sort(["c", "a", "b"]) == ["a", "b", "c"]
    offers.take("a")
    assert offers.sort(["a", "b", "d"]) == ["d", "b", "a"]
    offers.take("d")
    offers.take("a")
    assert offers.sort(["a", "b", "c", "d"]) == ["c", "b", "d", "a"]


def test_demonstrations_show_the_actions_in_the_order_of_an_episode() -> None:
    solution = follow(ChestGame(), TASK, WINS)
    assert solution is not None
    steps = step_examples(solution, "g", {})
    shown = [step["actions"].splitlines() for step in steps]
    assert shown[0] == ["go to cellar", "go to kitchen", "open chest"]
    assert shown[1] == ["go to hall", "take key"]
    assert shown[3] == ["go to cellar", "open chest", "go to kitchen"]


def test_the_start_of_a_game_does_not_say_the_task_twice() -> None:
    start = "A hall with a chest.\n\nYour task is to: open the chest."
    fields = step_question("open the chest.", [], start, ["go"], 100)["task_inputs"]
    assert fields["observation"] == "A hall with a chest."
    assert fields["task"] == "open the chest."

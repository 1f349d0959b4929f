"""One step of an episode as a question for a cascade."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import CopeError
from ..task_signature import INPUTS
from .history import NO_HISTORY, PastStep, history_text
from .turns import opening, past_turns, turn_text

_LONGEST_OBSERVATION = 1500  # characters


def step_question(
    task: str,
    past: Sequence[PastStep],
    observation: str,
    actions: Sequence[str],
    history_chars: int,
    first: str = "",
) -> dict[str, Any]:
    """Return the inputs of a cascade for a step: `question` and the fields that prompts show.

    The question identifies the step and holds what makes it like another one: the task, the last
    actions and the observation. Demonstrations are retrieved by it.

    Args:
        task: what has to be achieved.
        past: the steps so far.
        observation: what the last action led to.
        actions: the actions that may be taken.
        history_chars: the maximum characters of the history.
        first: what was seen at the start; empty in the first step.

    >>> step_question("Cool an egg.", [], "A kitchen.", ["go to fridge 1"], 100)["question"]
    'Task: Cool an egg.\\nDone: nothing\\nNow: A kitchen.'
    """
    done = "; ".join(step.action for step in past[-3:] if step.action) or "nothing"
    observation = _without_task(observation[:_LONGEST_OBSERVATION], task)
    first = _without_task(first[:_LONGEST_OBSERVATION], task) or observation
    fields = {
        "task": task,
        "history": history_text(past, history_chars),
        "observation": observation,
        "actions": "\n".join(actions),
        "turns": past_turns(task, first, past, history_chars),
        "now": turn_text(task, past[-1]) if past else opening(task, first),
    }
    return {"question": _step_text(task, done, observation), INPUTS: fields}


def step_of_fields(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a cascade for a step that a caller describes by fields.

    The steps so far are one text here, so that the step is the only turn of a conversation.

    Args:
        inputs: `task`, `observation`, `actions` (a list, or a text with one a line) and `history`,
            which may be missing in the first step.

    Raises:
        CopeError: for a field that is missing.

    >>> fields = {"task": "Cool an egg.", "observation": "A kitchen.", "actions": "go to fridge 1"}
    >>> step_of_fields(fields)["question"]
    'Task: Cool an egg.\\nDone: nothing\\nNow: A kitchen.'
    """
    for name in ("task", "observation", "actions"):
        if not str(inputs.get(name) or "").strip():
            raise CopeError(
                f"the call has no {name}: a step of a game has task, observation, actions, and "
                "history after the first step"
            )
    task, observation, actions = str(inputs["task"]), str(inputs["observation"]), inputs["actions"]
    if not isinstance(actions, str):
        actions = "\n".join(map(str, actions))
    done = str(inputs.get("history") or "").strip()
    seen = f"{done}\n{observation}" if done else observation
    fields = {
        "task": task,
        "history": done or NO_HISTORY,
        "observation": observation,
        "actions": actions,
        "turns": [],
        "now": opening(task, seen),
    }
    return {"question": _step_text(task, done or "nothing", observation), INPUTS: fields}


def _step_text(task: str, done: str, observation: str) -> str:
    return f"Task: {task}\nDone: {done}\nNow: {observation}"


def _without_task(observation: str, task: str) -> str:
    """Return an observation without the lines that repeat the task, which prompts show apart."""
    lines = []
    for line in observation.splitlines():
        if line.strip() and not (task and task in line):
            lines.append(line.rstrip())
    return "\n".join(lines).strip()

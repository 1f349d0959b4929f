"""Steps of an agent: the answer to one is the next action, one of those that are possible."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import dspy

from ...answers.kinds.action import ACTION
from ...answers.kinds.base import AnswerKind
from ...errors import CopeError
from ...sandbox import Sandbox
from ...signatures import (
    agent_plan_signature,
    agent_reason_signature,
    agent_thought_signature,
    agent_turns_signature,
)
from ..agent.step import step_of_fields
from ..confidence.base import Confidence
from ..confidence.votes import VoteShare
from ..task_signature import INPUTS
from .base import Domain, Thought

_LABEL = re.compile(r"^[ \t>*_`#-]*(?:next )?action[ \t*_`]*:", re.IGNORECASE | re.MULTILINE)


def _read_action(
    prediction: dspy.Prediction, inputs: Mapping[str, Any], answers: AnswerKind
) -> str | None:
    """Return the possible action that a reply means; None when it means none of them.

    A model may write on after its action, with an observation that it made up and further actions.
    Then the first action counts.
    """
    actions = admissible_actions(inputs)
    thought = str(prediction.get("reasoning") or "")
    if thought == prediction.action:
        return ACTION.read(thought, actions)
    found = None
    label = _LABEL.search(thought)
    if label:
        found = ACTION.read(thought[label.end() :].split("\n")[0], actions)
    if found is None:
        found = ACTION.read(prediction.action, actions)
    lines = thought.strip().splitlines()
    if found is None and lines:
        found = ACTION.read(lines[-1], actions)
    return found


def admissible_actions(inputs: Mapping[str, Any]) -> list[str]:
    """Return the actions that a step's inputs list, one a line.

    Raises:
        CopeError: for a question that is no step of a game.
    """
    fields = inputs.get(INPUTS)
    if not fields:
        raise CopeError(
            "a question of kind agent is a step of a game: give --game FILE, or a task of games"
        )
    return [line.strip() for line in str(fields["actions"]).splitlines() if line.strip()]


def _action_format(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON format of one of the possible actions, a text in quotation marks."""
    schema = {"type": "string", "enum": admissible_actions(inputs)}
    return {"type": "json_schema", "json_schema": {"name": "action", "schema": schema}}


def _vote_share(sandbox: Callable[[], Sandbox]) -> Confidence:
    return VoteShare()


AGENT = Domain(
    name="agent",
    plan_signature=agent_plan_signature,
    reason_signature=agent_reason_signature,
    thoughts={"short": Thought(agent_thought_signature)},
    turns_signature=agent_turns_signature,
    answer_stops=("\n",),
    answer_format=_action_format,
    parse_answer=_read_action,
    default_confidence=_vote_share,
    default_scorer="alfworld-gen",
    answer_kind="action",
    unnamed_kind="action",
    answer_field="action",
    inputs={
        "task": "string",
        "history": "string?",
        "observation": "string",
        "actions": "string",
    },
    inputs_of_fields=step_of_fields,
)

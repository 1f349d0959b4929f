"""Define signatures for the steps of an agent: what it knows of its game, and its next action.

The history comes first, so that the steps of a game share a prefix, which the engines cache. The
task comes last, because a small model follows what it reads last. Plans follow the inputs, as in
all signatures.
"""

from collections.abc import Mapping

import dspy

from .plans.base import PlanKind
from .rounds import insert_plan_inputs, with_round_instructions

_DOMAIN = "agent"


class ChooseAction(dspy.Signature):
    """You play a text game step by step. Reply with the one action that comes next, copied from the actions, and nothing else."""  # noqa: E501

    history: str = dspy.InputField(desc="the steps so far, each with what it led to")
    observation: str = dspy.InputField(desc="what the last action led to")
    actions: str = dspy.InputField(desc="the actions that are possible now, one a line")
    task: str = dspy.InputField(desc="what has to be achieved in the game")
    action: str = dspy.OutputField(desc="one of the actions, copied as it is")


class ThinkAndAct(dspy.Signature):
    """You play a text game step by step. Think in one short sentence about what is still to do, then choose the one action that comes next, copied from the actions."""  # noqa: E501

    history: str = dspy.InputField(desc="the steps so far, each with what it led to")
    observation: str = dspy.InputField(desc="what the last action led to")
    actions: str = dspy.InputField(desc="the actions that are possible now, one a line")
    task: str = dspy.InputField(desc="what has to be achieved in the game")
    reasoning: str = dspy.OutputField(desc="one short sentence: what is still to do")
    action: str = dspy.OutputField(desc="one of the actions, copied as it is")


class ContinueGame(dspy.Signature):
    """You play text games. Each game begins with its task. Reply to what you see with the one action that comes next, and nothing else."""  # noqa: E501

    turns: dspy.History = dspy.InputField(desc="the steps so far: what was seen, and the action")
    now: str = dspy.InputField(desc="what is seen now")
    action: str = dspy.OutputField(desc="the action that comes next")


AGENT_INPUTS = tuple(ChooseAction.input_fields)
"""The inputs of a step: `history`, `observation`, `actions` and `task`."""


def agent_plan_signature(kind: PlanKind, round_number: int) -> type[dspy.Signature]:
    """Return the planner's signature of a round: the inputs of a step, and the plan.

    Raises:
        CopeError: when there are no such plans for the steps of an agent.
    """
    retry_note = "Earlier attempts at this step did not agree"
    return with_round_instructions(kind.signature(_DOMAIN), "", round_number, retry_note)


def agent_reason_signature(
    plans: Mapping[str, PlanKind], round_number: int
) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round: `task, ..., PLAN... -> action`.

    The reply is the action alone, a few tokens.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> from cope.signatures.plans.goal import GOAL
    >>> list(agent_reason_signature({"goal": GOAL}, 1).output_fields)
    ['action']
    """
    return _reason_signature(ChooseAction, plans, round_number)


def agent_thought_signature(
    plans: Mapping[str, PlanKind], round_number: int
) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round whose replies are a thought and an action.

    The thought is an output of its own, `reasoning`, as in ReAct (Yao et al., arXiv 2210.03629).

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> list(agent_thought_signature({}, 1).output_fields)
    ['reasoning', 'action']
    """
    return _reason_signature(ThinkAndAct, plans, round_number)


def agent_turns_signature(plans: Mapping[str, PlanKind], round_number: int) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round that reads its game as a conversation's turns.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> list(agent_turns_signature({}, 1).fields)
    ['turns', 'now', 'action']
    """
    return _reason_signature(ContinueGame, plans, round_number)


def _reason_signature(
    base: type[dspy.Signature], plans: Mapping[str, PlanKind], round_number: int
) -> type[dspy.Signature]:
    signature, plan_note = insert_plan_inputs(base, plans, _DOMAIN)
    retry_note = "Earlier attempts at this step did not agree, so check what is still to do"
    return with_round_instructions(signature, plan_note, round_number, retry_note)

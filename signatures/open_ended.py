"""Define signatures for questions that are answered in free text. Plans follow the question."""

from collections.abc import Mapping, Sequence

import dspy

from .plans.base import PlanKind
from .rounds import insert_plan_inputs, with_round_instructions

_DOMAIN = "open"


class AnswerFreely(dspy.Signature):
    """Answer the request directly and completely, in the form that it asks for."""

    question: str = dspy.InputField()
    answer: str = dspy.OutputField(desc="the whole answer, as the reader should see it")


def open_plan_signature(kind: PlanKind, round_number: int) -> type[dspy.Signature]:
    """Return the planner's signature of a round, such as `question -> goal`.

    Raises:
        CopeError: when there are no such plans for these questions.
    """
    retry_note = "An earlier answer to it was not convincing"
    return with_round_instructions(kind.signature(_DOMAIN), "", round_number, retry_note)


def open_reason_signature(plans: Mapping[str, PlanKind], round_number: int) -> type[dspy.Signature]:
    """Return the reasoner's signature of a round: `question, PLAN... -> answer`.

    Args:
        plans: the plan fields that the reasoner sees, name to kind, in order.
        round_number: 1 for the first round.

    >>> from cope.signatures.plans.goal import GOAL
    >>> list(open_reason_signature({"goal": GOAL}, 1).input_fields)
    ['question', 'goal']
    """
    signature, plan_note = insert_plan_inputs(AnswerFreely, plans, _DOMAIN)
    retry_note = "An earlier answer was not convincing, so check that nothing is missing"
    return with_round_instructions(signature, plan_note, round_number, retry_note)


def question_in_conversation(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Return a request with the conversation that it continues.

    Args:
        question: the request.
        earlier: the requests before it, each with its answer, the first one first.

    >>> print(question_in_conversation("And in French?", [("Say yes.", "Yes.")]))
    The conversation so far.
    <BLANKLINE>
    Request: Say yes.
    <BLANKLINE>
    Reply: Yes.
    <BLANKLINE>
    The next request: And in French?
    """
    if not earlier:
        return question
    parts = ["The conversation so far."]
    for request, reply in earlier:
        parts += [f"Request: {request}", f"Reply: {reply}"]
    parts.append(f"The next request: {question}")
    return "\n\n".join(parts)

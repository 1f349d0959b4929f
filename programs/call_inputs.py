"""The question of a call, whichever inputs name it."""

from collections.abc import Mapping
from typing import Any

from ..errors import CopeError
from .domains.base import Domain
from .task_signature import TaskSignature


def question_of_call(
    task: TaskSignature | None, domain: Domain, question: str | None, inputs: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the question of a call of a cascade, and the other inputs that its rounds take.

    Args:
        task: the signature of the user's own that names the inputs; None without one.
        domain: the kind of questions.
        question: the question; None where the inputs describe it.
        inputs: the other inputs.

    Raises:
        CopeError: for a missing or unknown input.
    """
    if task is not None:
        return task.question_and_inputs(question, inputs)
    others = dict(inputs)
    if question is None and others and domain.inputs_of_fields is not None:
        others = domain.inputs_of_fields(others)
        question = others.pop("question")
    if question is None:
        raise CopeError("the call has no question: give question=")
    return question, others

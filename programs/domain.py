"""Kinds of questions: how each is asked, how its replies are read, and what makes an answer trustworthy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dspy

from ..answers.code.extract import complete, read_program
from ..answers.code.visible_tests import entry_point_of
from ..answers.short.parse import read_answer
from ..errors import CopeError, known_names
from ..signatures import (
    PlanKind,
    code_plan_signature,
    code_reason_signature,
    plan_signature,
    reason_signature,
)
from .confidence.base import Confidence
from .confidence.tests import TestsPass
from .confidence.votes import VoteShare


@dataclass(frozen=True)
class Domain:
    """A kind of questions.

    Attributes:
        name: by which tasks and the command line know it.
        plan: the planner's signature, by kind and round.
        reason: the reasoner's signature, by the plans that it sees and round.
        read: reads the answer, None when there is none, out of what the reasoner made, with the question's inputs at hand.
        confidence: makes the usual way from samples to an answer.
    """

    name: str
    plan: Callable[[PlanKind, int], type[dspy.Signature]]
    reason: Callable[[Mapping[str, PlanKind], int], type[dspy.Signature]]
    read: Callable[[dspy.Prediction, Mapping[str, Any]], str | None]
    confidence: Callable[[], Confidence]


def _short_answer(made: dspy.Prediction, given: Mapping[str, Any]) -> str | None:
    answer = read_answer(made.answer)
    return (
        read_answer(made.reasoning) if answer is None and made.reasoning != made.answer else answer
    )


def _program(made: dspy.Prediction, given: Mapping[str, Any]) -> str | None:
    name = given.get("entry_point") or entry_point_of(given["question"])
    return (complete(given["question"], made.program, name) if name else None) or read_program(
        made.program, name
    )


USUAL = "short-answer"  # what a program or caller means that names no kind
DOMAINS = {
    domain.name: domain
    for domain in (
        Domain(USUAL, plan_signature, reason_signature, _short_answer, VoteShare),
        Domain("code", code_plan_signature, code_reason_signature, _program, TestsPass),
    )
}


def domain_by_name(name: str) -> Domain:
    """A kind of questions by its name.

    Raises:
        CopeError: when there is none, with the nearest name.

    >>> domain_by_name("code").name
    'code'
    """
    if name in DOMAINS:
        return DOMAINS[name]
    raise CopeError(f"no kind of questions is named {name!r}: {known_names(name, DOMAINS)}")

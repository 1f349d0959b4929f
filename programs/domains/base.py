"""The seam for kinds of questions: what differs between mathematics with a short answer and a program."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import dspy

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.registry import ANSWER_KINDS
from ...errors import CopeError
from ...sandbox import Sandbox
from ...signatures import PlanKind
from ..confidence.base import Confidence


def threshold_is_a_share(threshold: float) -> str:
    """Describe a gate that compares a share of the votes with its threshold.

    >>> threshold_is_a_share(0.75)
    '75% must agree'
    """
    return f"{threshold:.0%} must agree"


@dataclass(frozen=True)
class Domain:
    """A kind of questions.

    Attributes:
        name: by which tasks, program files and the command line know it.
        plan_signature: gives the planner's signature for a kind of plan and a round's number.
        reason_signature: gives the reasoner's signature for the plans that it sees and a round's number.
        parse_answer: reads the answer from what the reasoner wrote, given the question's inputs and the kind of answers;
            None when there is no answer.
        default_confidence: makes the usual way from samples to an answer. The sandbox is for programs that it runs.
        default_scorer: the name of the task that scores answers where a caller gives no score of its own.
        scorer_fields: fields that an example must have for `default_scorer`.
        answer_kind: the name of the kind of answers, for tasks that name none: how they are read and compared.
        answer_field: the reasoner's output field that holds the answer.
        answers_are_lines: whether an answer fits on one line of a display; a program does not.
        needs_sandbox: whether answers are programs, which must be run to be compared. Then a sandbox must exist before the
            first one.
        gate_text: says what it takes to pass a gate with a threshold, for people who watch a question.
        gate_is_share: whether the confidence that a gate compares is the leading answer's share of the votes.
        inputs: each input of a program with its type, for MLflow's schema; a question mark marks an optional one, a
            plural a list.
    """

    name: str
    plan_signature: Callable[[PlanKind, int], type[dspy.Signature]]
    reason_signature: Callable[[Mapping[str, PlanKind], int], type[dspy.Signature]]
    parse_answer: Callable[[dspy.Prediction, Mapping[str, Any], AnswerKind], str | None]
    default_confidence: Callable[[Callable[[], Sandbox]], Confidence]
    default_scorer: str
    answer_kind: str
    scorer_fields: tuple[str, ...] = ()
    answer_field: str = "answer"
    answers_are_lines: bool = True
    needs_sandbox: bool = False
    gate_text: Callable[[float], str] = threshold_is_a_share
    gate_is_share: bool = True
    inputs: Mapping[str, str] = field(default_factory=lambda: {"question": "string"})

    def with_answer_kind(self, name: str | None) -> Self:
        """Return the same kind of questions with another kind of answers; None keeps its own.

        Raises:
            CopeError: when there is no such kind of answers, or answers are programs, which no other kind can read.
        """
        if name is None or name == self.answer_kind:
            return self
        _ = ANSWER_KINDS.by_name(name)
        if self.needs_sandbox:
            raise CopeError(
                f"questions of kind {self.name!r} have answers of kind {self.answer_kind!r}, and not {name!r}"
            )
        return replace(self, answer_kind=name)

    @property
    def answers(self) -> AnswerKind:
        """How answers are read and compared."""
        return ANSWER_KINDS.by_name(self.answer_kind)

    @property
    def same_answer(self) -> Callable[[str, str], bool | None] | None:
        """What tells whether two answers are the same without running anything: True, False, or None when that takes longer.

        It is None where answers must be run to be compared.
        """
        return None if self.needs_sandbox else self.answers.equal_by_normal_form

    def demonstration(self, example: dspy.Example) -> dspy.Example:
        """Return an example with its answer under the name of the reasoner's output field."""
        if self.answer_field == "answer":
            return example
        return example.copy(**{self.answer_field: example.answer})

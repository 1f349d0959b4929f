"""The seam of domains, which are kinds of questions, such as short answers and programs."""

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


ReasonSignature = Callable[[Mapping[str, PlanKind], int], type[dspy.Signature]]
"""Returns a reasoner's signature for the plans that it sees and a round's number."""


@dataclass(frozen=True)
class Thought:
    """What a reasoner writes to find its answer, in rounds that ask for it by `thought`.

    Attributes:
        signature: returns the reasoner's signature.
        program_field: the output field with a program whose result is the answer; empty where the
            model writes the answer itself.
    """

    signature: ReasonSignature
    program_field: str = ""


@dataclass(frozen=True)
class Domain:
    """A kind of questions.

    Attributes:
        name: its name in tasks, program files and the command line.
        plan_signature: returns the planner's signature for a kind of plan and a round's number.
        reason_signature: returns the reasoner's signature for the plans that it sees and a round's
            number.
        parse_answer: parses the answer from the reasoner's prediction, given the question's inputs
            and the kind of answers; None when there is no answer.
        default_confidence: makes the confidence of rounds that name none. It may run programs in
            the sandbox.
        default_scorer: the name of the task that scores answers when a caller gives no metric.
        thoughts: what a round with `thought` can name, by name.
        turns_signature: returns the reasoner's signature of rounds with `history = "turns"`, which
            read the steps so far as the turns of a conversation; None where there are no steps.
        answer_stops: texts at which a reply ends that consists of the answer alone. The lean
            adapter asks for them.
        answer_format: returns the format that only possible answers have, given the question's
            inputs. A local engine keeps it when it is asked again for a reply without an answer.
        scorer_fields: fields that an example must have for `default_scorer`.
        answer_kind: the name of the kind of answers, for tasks that name none.
        unnamed_kind: the kind of answers of a program that is used without a task and names none;
            empty is `answer_kind`.
        answer_field: the reasoner's output field that holds the answer.
        program_field: the reasoner's output field with a program whose result is the answer; empty
            where the reply holds the answer.
        answer_is_reply: whether the answer is the whole reply, so that it can be shown while it is
            written.
        answers_are_lines: whether an answer fits on one line of a display, as a program does not.
        needs_sandbox: whether answers are programs, which must be run to be compared. Then a
            sandbox must exist before the first question.
        gate_text: describes what a round with a threshold accepts.
        gate_is_share: whether the confidence is the leading answer's share of the votes.
        response_format: the format that replies must have, as the OpenAI API names it; None for
            text. Then the whole reply is the answer.
        inputs: each input of a program with its type, for MLflow's schema; a question mark marks an
            optional input, a plural a list.
        inputs_of_fields: returns a cascade's inputs for a question that a call describes by
            `inputs`; None where they have a question.
    """

    name: str
    plan_signature: Callable[[PlanKind, int], type[dspy.Signature]]
    reason_signature: ReasonSignature
    parse_answer: Callable[[dspy.Prediction, Mapping[str, Any], AnswerKind], str | None]
    default_confidence: Callable[[Callable[[], Sandbox]], Confidence]
    default_scorer: str
    answer_kind: str
    unnamed_kind: str = ""
    thoughts: Mapping[str, Thought] = field(default_factory=dict[str, Thought])
    turns_signature: ReasonSignature | None = None
    answer_stops: tuple[str, ...] = ()
    answer_format: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    scorer_fields: tuple[str, ...] = ()
    answer_field: str = "answer"
    program_field: str = ""
    answer_is_reply: bool = False
    answers_are_lines: bool = True
    needs_sandbox: bool = False
    gate_text: Callable[[float], str] = threshold_is_a_share
    gate_is_share: bool = True
    response_format: Mapping[str, Any] | None = None
    inputs: Mapping[str, str] = field(default_factory=lambda: {"question": "string"})
    inputs_of_fields: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None

    @property
    def has_question(self) -> bool:
        """Whether one text is the question, and not several fields."""
        return self.inputs_of_fields is None

    def with_answer_kind(self, name: str | None) -> Self:
        """Return the same kind of questions with another kind of answers; None keeps its own.

        Raises:
            CopeError: for an unknown kind of answers, or when answers are programs, which no other
                kind can parse.
        """
        if name is None or name == self.answer_kind:
            return self
        _ = ANSWER_KINDS.by_name(name)
        if self.needs_sandbox:
            raise CopeError(
                f"questions of kind {self.name!r} have answers of kind {self.answer_kind!r}, "
                f"and not {name!r}"
            )
        return replace(self, answer_kind=name)

    def with_thought(self, name: str) -> Self:
        """Return the same kind of questions, whose replies are a thought and perhaps the answer.

        Raises:
            CopeError: where there is no such thought.
        """
        thought = self.thoughts.get(name)
        if thought is None:
            known = " or ".join(repr(one) for one in self.thoughts)
            remedy = f"it can be {known}" if known else "leave out thought in the preset"
            raise CopeError(f"questions of kind {self.name!r} have no thought {name!r}: {remedy}")
        return replace(
            self,
            reason_signature=thought.signature,
            program_field=thought.program_field,
            answer_field=thought.program_field or self.answer_field,
        )

    def with_turns(self) -> Self:
        """Return the same kind of questions, whose steps so far are the turns of a conversation.

        Raises:
            CopeError: where questions are no steps.
        """
        if self.turns_signature is None:
            raise CopeError(
                f"questions of kind {self.name!r} have no steps: leave out history in the preset"
            )
        return replace(self, reason_signature=self.turns_signature)

    @property
    def answers(self) -> AnswerKind:
        """The kind of answers: how they are parsed and compared."""
        return ANSWER_KINDS.by_name(self.answer_kind)

    @property
    def same_answer(self) -> Callable[[str, str], bool | None] | None:
        """The function that compares two answers without running anything; None for programs.

        It returns True, False, or None when only a slow comparison can decide.
        """
        return None if self.needs_sandbox else self.answers.equal_by_normal_form

    def demonstration(self, example: dspy.Example) -> dspy.Example:
        """Return an example with its answer under the name of the reasoner's output field."""
        if self.answer_field == "answer":
            return example
        return example.copy(**{self.answer_field: example.answer})

"""A signature of the user's own: several inputs, and a first output that is the answer."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self, get_args, get_origin

import dspy
from dspy.adapters.utils import parse_value
from dspy.signatures.signature import make_signature

from ..answers.kinds.base import AnswerKind
from ..errors import CopeError
from ..signatures.plans.base import ATTEMPTS, PlanKind
from ..signatures.task import task_plan_signature, task_reason_signature
from .domains.base import Domain

INPUTS = "task_inputs"
"""The name under which a question's fields pass through a cascade, as one mapping."""

_REASONING = "reasoning"
_PREDICT_OPTIONS = ("signature", "new_signature", "demos", "config", "lm", INPUTS)
_PREDICTION_FIELDS = (
    "rounds round confidence plan votes tests early_stop usage cost seconds members candidate"
).split()
_PLAIN_TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list[str]": list[str]}


def example_text(example: dspy.Example) -> str:
    """Return the text that identifies a training question: its inputs, where there are several.

    Two games with the same task differ in their rooms.
    """
    fields = example.get(INPUTS)
    if fields:
        return _text(fields)
    game = example.get("game")
    if not isinstance(game, Mapping):
        return str(example.question)
    return f"{example.question}\n{json.dumps(dict(game), sort_keys=True)}"


def _text(fields: Mapping[str, Any]) -> str:
    if len(fields) == 1:
        return str(next(iter(fields.values())))
    return "\n".join(f"{name}: {value}" for name, value in fields.items())


def _taken_name(name: str) -> CopeError:
    return CopeError(
        f"a field of the signature is named {name!r}, which is a name of the cascade's own: "
        "rename the field"
    )


@dataclass(frozen=True)
class TaskSignature:
    """A DSPy signature whose inputs all rounds see and whose first output is the answer.

    A planner reads the inputs and the instructions. A reasoner also reads the plans, and writes
    `reasoning` first unless the signature has a field of that name.

    Attributes:
        signature: the user's signature.

    >>> task = TaskSignature.of("ticket, customer -> team")
    >>> task.inputs, task.answer
    (('ticket', 'customer'), 'team')
    """

    signature: type[dspy.Signature]

    @classmethod
    def of(cls, signature: object) -> Self:
        """Check a signature, or the text of one such as `ticket, customer -> team`.

        Raises:
            CopeError: for an object of another type, a type of field that a program file cannot
                hold, and a name that a cascade uses itself.
        """
        if isinstance(signature, str):
            try:
                signature = make_signature(signature)
            except Exception as error:  # DSPy evaluates the types that the text names
                raise CopeError(f"{signature!r} is no signature: {error}") from None
        if not (isinstance(signature, type) and issubclass(signature, dspy.Signature)):
            raise CopeError(
                f"signature is a {type(signature).__name__}: give a class derived from "
                'dspy.Signature, or a text such as "ticket, customer -> team"'
            )
        task = cls(signature)
        task._check_names()
        for name, field in signature.fields.items():
            _ = _type_name(name, field.annotation)
        return task

    def _check_names(self) -> None:
        if not self.inputs or not self.outputs:
            raise CopeError("a signature needs an input and an output besides reasoning")
        for name in (*self.inputs, *self.outputs):
            taken = name in _PREDICT_OPTIONS or name == _REASONING
            if name in self.outputs:
                taken = taken or name in _PREDICTION_FIELDS
            if taken:
                raise _taken_name(name)

    def check_plans(self, kinds: Iterable[PlanKind]) -> None:
        """Raise `CopeError` when a field has the name of a field of the rounds' plans."""
        for kind in kinds:
            taken = [kind.name, ATTEMPTS] if kind.needs_attempts else [kind.name]
            for name in (*self.inputs, *self.outputs):
                if name in taken:
                    raise _taken_name(name)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(self.signature.input_fields)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs besides `reasoning`."""
        return tuple(name for name in self.signature.output_fields if name != _REASONING)

    @property
    def question_input(self) -> str:
        """The name of the input that takes a question where a caller knows only one text."""
        return "question" if "question" in self.inputs else self.inputs[0]

    @property
    def answer(self) -> str:
        """The name of the first output."""
        return self.outputs[0]

    def domain(self, base: Domain) -> Domain:
        """Return a kind of questions with this signature.

        Raises:
            CopeError: when the answers are programs.
        """
        if base.needs_sandbox:
            raise CopeError(f"questions of kind {base.name!r} take no signature of your own")
        return replace(
            base,
            plan_signature=self._plan_signature,
            reason_signature=self._reason_signature,
            thoughts={},
            parse_answer=self._parse_answer,
            answer_field=self.answer,
            answer_is_reply=False,
            answer_kind=self.answer_kind,
            unnamed_kind=self.answer_kind,
            inputs={name: "string" for name in self.inputs},
        )

    @property
    def answer_kind(self) -> str:
        """The kind of answers that the type of the first output has, a name in `ANSWER_KINDS`."""
        annotation: Any = self.signature.output_fields[self.answer].annotation
        if annotation in (int, float):
            return "number"
        return "list" if get_origin(annotation) is list else "text"

    def _plan_signature(self, kind: PlanKind, round_number: int) -> type[dspy.Signature]:
        return task_plan_signature(self.signature, kind, round_number)

    def _reason_signature(
        self, plans: Mapping[str, PlanKind], round_number: int
    ) -> type[dspy.Signature]:
        return task_reason_signature(self.signature, plans, round_number)

    def _parse_answer(
        self, prediction: dspy.Prediction, inputs: Mapping[str, Any], answers: AnswerKind
    ) -> str | None:
        value = prediction.get(self.answer)
        if value is None:
            return None
        if isinstance(value, list):
            return answers.parse("; ".join(map(str, value)))
        return answers.parse(str(value))

    def typed_answer(self, answer: str | None) -> Any:
        """Return an answer as a value of the first output's type; None when it is none."""
        annotation: Any = self.signature.output_fields[self.answer].annotation
        if answer is None or annotation is str:
            return answer
        if get_origin(annotation) is list:
            return [part.strip() for part in answer.split(";")]
        try:
            return parse_value(answer, annotation)
        except ValueError:
            return None

    def question_and_inputs(
        self, question: str | None, inputs: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """Return a text that identifies a question, and its fields for the predictors.

        Args:
            question: the text where a caller knows only one, such as a task's; it is the value of
                the first input.
            inputs: the fields by name, or those that this method returned before.

        Raises:
            CopeError: for a missing or unknown field.
        """
        fields = inputs.get(INPUTS)
        if fields is None:
            fields = dict(inputs)
            if question is not None:
                fields.setdefault(self.question_input, question)
        missing = [name for name in self.inputs if fields.get(name) is None]
        unknown = [name for name in fields if name not in self.inputs]
        if missing or unknown:
            what = f"lacks {', '.join(missing)}" if missing else f"has no {', '.join(unknown)}"
            raise CopeError(f"the signature takes {', '.join(self.inputs)}, and the call {what}")
        fields = {name: fields[name] for name in self.inputs}
        return _text(fields), {INPUTS: fields}

    def example(self, row: dspy.Example) -> dspy.Example:
        """Return a row of training data with the fields that compiles and scores read.

        Args:
            row: a row with the signature's inputs and, under the name of the first output, the
                right answer.

        Raises:
            CopeError: for a row that lacks one of them.
        """
        missing = [name for name in (*self.inputs, self.answer) if row.get(name) is None]
        if missing:
            raise CopeError(
                f"a row has no {', '.join(missing)}: every row needs {', '.join(self.inputs)} and "
                f"{self.answer}"
            )
        fields = {name: row[name] for name in self.inputs}
        answer = row[self.answer]
        text = "; ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
        example = row.copy(question=row.get("question") or _text(fields), answer=text)
        example[INPUTS] = fields
        return example.with_inputs("question", INPUTS)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a program file."""
        fields = []
        for role, some in (
            ("input", self.signature.input_fields),
            ("output", self.signature.output_fields),
        ):
            for name, field in some.items():
                extra: Any = field.json_schema_extra or {}
                fields.append(
                    {
                        "name": name,
                        "role": role,
                        "type": _type_name(name, field.annotation),
                        "description": str(extra.get("desc") or ""),
                    }
                )
        return {"instructions": self.signature.instructions, "fields": fields}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the signature that `as_dict` gave.

        Raises:
            CopeError: see `of`.
        """
        fields: dict[str, tuple[Any, Any]] = {}
        for field in data["fields"]:
            make = dspy.InputField if field["role"] == "input" else dspy.OutputField
            fields[field["name"]] = (_type_of(field["type"]), make(desc=field["description"]))
        return cls.of(make_signature(fields, data["instructions"]))


def _type_name(name: str, annotation: Any) -> Any:
    """Return the type of a field as plain data: its name, or the values of a `Literal`."""
    for text, kind in _PLAIN_TYPES.items():
        if annotation == kind:
            return text
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
        if all(isinstance(value, str | int | bool) for value in values):
            return list(values)
    kind = getattr(annotation, "__name__", str(annotation))
    raise CopeError(
        f"the field {name!r} of the signature is of type {kind}, and may be of one of: "
        f"{', '.join(_PLAIN_TYPES)}, Literal"
    )


def _type_of(data: Any) -> Any:
    if isinstance(data, list):
        return Literal[tuple(data)]
    return _PLAIN_TYPES[data]

"""Answers that are JSON: the form of a reply, for any kind of questions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import dspy

from ..answers.json_schema import SchemaChecker
from ..answers.json_text import read_json
from ..answers.kinds.base import AnswerKind
from ..errors import CopeError
from ..sandbox import Sandbox
from ..signatures import PlanKind, open_reason_signature
from .confidence.base import Confidence
from .confidence.votes import VoteShare
from .domains.base import Domain, threshold_is_a_share

_KIND = "json"


@dataclass(frozen=True)
class JsonForm:
    """The form of answers that are JSON.

    Answers vote by their values. An answer that does not fit is a sample without a vote. Models
    that can are made to reply in this form; all are asked to.

    Args:
        schema: the JSON schema that an answer must fit; None for any JSON object.
        name: what the schema is called.
        strict: whether an API must follow the schema exactly; None leaves it to the API.

    Raises:
        CopeError: for a schema that is none.

    >>> form = JsonForm({"type": "object", "required": ["team"]})
    >>> form.answer('{"team": "billing"}'), form.answer("{}")
    ('{"team": "billing"}', None)
    """

    schema: Mapping[str, Any] | None = None
    name: str = "answer"
    strict: bool | None = None

    def __post_init__(self) -> None:
        _ = self._checker

    @cached_property
    def _checker(self) -> SchemaChecker:
        return _checker({"type": "object"} if self.schema is None else self.schema)

    @property
    def response_format(self) -> dict[str, Any]:
        """The setting of a request, as the OpenAI API names it."""
        if self.schema is None:
            return {"type": "json_object"}
        schema: dict[str, Any] = {"name": self.name, "schema": dict(self.schema)}
        if self.strict is not None:
            schema["strict"] = self.strict
        return {"type": "json_schema", "json_schema": schema}

    @property
    def instruction(self) -> str:
        """What a model reads about the form."""
        if self.schema is None:
            return "Reply with one JSON object and no other text."
        schema = json.dumps(self.schema, ensure_ascii=False)
        return f"Reply with JSON and no other text. It must fit this JSON schema:\n{schema}"

    def answer(self, text: str | None) -> str | None:
        """Return a JSON text as it is when its value fits, else None."""
        if text is None or not self._checker.fits(read_json(text)):
            return None
        return text

    def domain(self, base: Domain) -> Domain:
        """Return a kind of questions whose answers have this form."""
        return replace(
            base,
            reason_signature=self._reason_signature,
            thoughts={},
            parse_answer=self._parse_answer,
            default_confidence=_vote_share,
            answer_kind=_KIND,
            unnamed_kind=_KIND,
            answer_field="answer",
            answer_is_reply=True,
            gate_text=threshold_is_a_share,
            gate_is_share=True,
            response_format=self.response_format,
        )

    def _reason_signature(
        self, plans: Mapping[str, PlanKind], round_number: int
    ) -> type[dspy.Signature]:
        signature = open_reason_signature(plans, round_number)
        return signature.with_instructions(f"{signature.instructions}\n{self.instruction}")

    def _parse_answer(
        self, prediction: dspy.Prediction, inputs: Mapping[str, Any], answers: AnswerKind
    ) -> str | None:
        return self.answer(answers.parse(str(prediction.answer)))


def _checker(schema: Mapping[str, Any]) -> SchemaChecker:
    """Return what checks a schema; clients send the same one again and again."""
    try:
        text = json.dumps(schema, sort_keys=True)
    except RecursionError:
        raise CopeError("schema: it is nested too deeply") from None
    return _checker_of(text)


@lru_cache(maxsize=64)
def _checker_of(schema: str) -> SchemaChecker:
    return SchemaChecker(json.loads(schema))


def _vote_share(sandbox: Callable[[], Sandbox]) -> Confidence:
    return VoteShare()

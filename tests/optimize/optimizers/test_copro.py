"""COPRO changes a predictor's signature many times: the fields stay as light as at first."""

import copy
from typing import Any

import dspy
import pytest
from dspy.teleprompt import COPRO
from pydantic import Field

from cope.optimize.optimizers.copro import _LightCOPRO
from cope.signatures import SolveShortAnswer


class Typed(dspy.Signature):
    """Name the team."""

    ticket: str = dspy.InputField(desc="what a customer wrote")
    tone: str = dspy.InputField(default="calm")
    answer: list[int] = dspy.OutputField()


class WithMadeDefault(dspy.Signature):
    """Name the team."""

    tones: list[str] = Field(default_factory=list, json_schema_extra={"__dspy_field_type": "input"})
    answer: str = dspy.OutputField()


def copied(signature: Any) -> int:
    """Return how many objects a copy of the fields takes."""
    memo: dict[int, Any] = {}
    copy.deepcopy(signature.fields, memo)
    return len(memo)


@pytest.mark.parametrize("signature", [SolveShortAnswer, Typed, WithMadeDefault])
def test_signatures_are_those_of_copro_and_do_not_grow(signature: type[dspy.Signature]):
    ours, theirs = dspy.Predict(signature), dspy.Predict(signature)
    sizes = []
    for number in range(4):
        for predictor, optimizer in ((ours, _LightCOPRO(breadth=2)), (theirs, COPRO(breadth=2))):
            changed = predictor.signature.with_instructions(f"Way {number}.")
            changed = changed.with_updated_fields("answer", prefix=f"Answer {number}:")
            optimizer._set_signature(predictor, changed)
        sizes.append(copied(ours.signature))
    assert len(set(sizes)) == 1 and copied(theirs.signature) > sizes[-1]
    assert ours.signature.equals(theirs.signature)
    for name, field in theirs.signature.fields.items():
        fresh = ours.signature.fields[name]
        assert fresh.annotation == field.annotation
        assert fresh.get_default(call_default_factory=True) == field.get_default(
            call_default_factory=True
        )


def test_a_proposal_that_is_a_prefix_alone_is_the_instruction() -> None:
    optimizer, predictor = _LightCOPRO(breadth=2), dspy.Predict("ticket -> team")
    bare = predictor.signature
    optimizer._set_signature(predictor, bare)  # the user's own signature, without instructions
    assert predictor.signature.instructions == bare.instructions
    proposed = bare.with_instructions("").with_updated_fields("team", prefix="<Name the team.>")
    optimizer._set_signature(predictor, proposed)
    assert predictor.signature.instructions == "Name the team."

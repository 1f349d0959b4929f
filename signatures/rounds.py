"""Add plan inputs and round-specific instructions to a signature, for all kinds of questions."""

from collections.abc import Mapping
from functools import lru_cache

import dspy

from .plans.base import PlanKind


def insert_plan_inputs(
    signature: type[dspy.Signature], plans: Mapping[str, PlanKind], domain: str
) -> tuple[type[dspy.Signature], str]:
    """Return the signature with the plans after its inputs, and an instruction to use them.

    Args:
        signature: one whose inputs are the question's.
        plans: the plan fields, name to kind, in order.
        domain: the kind of questions.
    """
    if not plans:
        return signature, ""
    uses: list[str] = []
    descriptions: dict[str, str] = {}
    for name, kind in plans.items():
        descriptions[name] = kind.description(domain)
        if kind.use not in uses:
            uses.append(kind.use)
    described = tuple(descriptions.items())
    inserted = _insert_inputs(signature, signature.instructions, described)  # pyright: ignore[reportArgumentType]
    return inserted, f"{' and '.join(uses).capitalize()}."


def with_round_instructions(
    signature: type[dspy.Signature], plan_note: str, round_number: int, retry_note: str
) -> type[dspy.Signature]:
    """Return the signature with a round's instructions, by which optimizers distinguish predictors.

    Args:
        signature: the first round's.
        plan_note: more instructions, in every round.
        round_number: 1 for the first round.
        retry_note: what a later round reads about the earlier ones, without a full stop.
    """
    attempt = ""
    if round_number == 2:
        attempt = f"{retry_note}."
    elif round_number > 2:
        attempt = f"{retry_note} (attempt {round_number})."
    parts = [part for part in (signature.instructions, plan_note, attempt) if part]
    # Each predictor gets a class of its own, because DSPy's InferRules writes into the class.
    return signature.with_instructions(" ".join(parts))


@lru_cache(maxsize=256)
def _insert_inputs(
    signature: type[dspy.Signature], instructions: str, descriptions: tuple[tuple[str, str], ...]
) -> type[dspy.Signature]:
    """Return a signature with more inputs, text each.

    Its class is made once, because Pydantic takes a third of a millisecond for it.
    """
    fields = {name: (field.annotation, field) for name, field in signature.input_fields.items()}
    for name, description in descriptions:
        fields[name] = (str, dspy.InputField(desc=description))
    for name, field in signature.output_fields.items():
        fields[name] = (field.annotation, field)
    return dspy.Signature(fields, instructions)  # pyright: ignore[reportCallIssue, reportReturnType]

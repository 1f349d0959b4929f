"""Check whether the prompts of a program fit into the contexts of its tiers, before it is asked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy

from ...programs import Cascade
from ...programs.cascade_round import CascadeRound
from ...programs.demos import usable_demos
from ...programs.predictor_name import ROLES, PredictorName, Role
from ...programs.prompt_inputs import prompt_inputs, text_inputs
from ...programs.task_signature import INPUTS

_CHARS_PER_TOKEN = 2.6
"""Lower than that of current models for English and code (3 to 4), so that a prompt that seems to
fit does fit."""


def check_context_window(examples: Sequence[dspy.Example]) -> Callable[[Cascade], str | None]:
    """Return a function that checks whether all prompts of a program fit.

    The function returns the reason why a program is rejected, and None when its prompts fit. It
    formats each prompt with the tier's adapter, the demonstrations and the longest question, and
    adds the maximum length of a reply.

    Args:
        examples: the questions of the compile.
    """
    longest: dict[tuple[str, ...], dict[str, Any]] = {}  # by the names of the inputs

    def longest_inputs(signature: Any) -> dict[str, Any]:
        names = tuple(signature.input_fields)
        if names not in longest:
            longest[names] = _longest_inputs(signature, examples)
        return longest[names]

    def check(program: Cascade) -> str | None:
        for round_ in program.rounds():
            for role in ROLES:
                reason = _overflow(program, round_, role, longest_inputs)
                if reason:
                    return reason
        return None

    return check


def _longest_inputs(signature: Any, examples: Sequence[dspy.Example]) -> dict[str, Any]:
    """Return the inputs of the question whose prompt is the longest.

    Inputs that a question lacks, such as plans, have a text of usual length.
    """
    longest: dict[str, Any] = {}
    for example in examples:
        inputs = {INPUTS: example.get(INPUTS)}
        shown = prompt_inputs(str(example.question), inputs, signature)
        if _num_chars(shown) > _num_chars(longest):
            longest = shown
    missing = {name: "x" * 300 for name in signature.input_fields if name not in longest}
    return text_inputs(signature, missing) | longest


def _num_chars(inputs: Mapping[str, Any]) -> int:
    return sum(len(str(value)) for value in inputs.values())


def _overflow(
    program: Cascade,
    round_: CascadeRound,
    role: Role,
    longest_inputs: Callable[[Any], dict[str, Any]],
) -> str | None:
    """Return why a predictor's prompt does not fit the context of its tier; None when it fits."""
    spec = round_.spec
    name, module, reply = spec.reasoner, round_.reasoner, spec.max_tokens
    if role == "planner":
        name, module, reply = spec.planner, round_.planner, spec.longest_plan
    if name is None or module is None or module.predict is None:
        return None
    tier, predict = program.team[name], module.predict
    if not tier.context_tokens:
        return None
    reply = reply or tier.lm.kwargs.get("max_tokens") or 0
    signature: Any = predict.signature
    nearest = program.knn_demos.get(str(PredictorName(round_.number, role)))
    demos = usable_demos(predict, nearest.longest() if nearest else ())
    messages = tier.adapter.format(signature, demos, longest_inputs(signature))
    tokens = round(sum(len(str(message["content"])) for message in messages) / _CHARS_PER_TOKEN)
    if tokens + min(reply, tier.context_tokens // 4) <= tier.context_tokens:
        return None
    return (
        f"a prompt of round {round_.number} has about {tokens} tokens, which with the reply do not "
        f"fit {name}'s context of {tier.context_tokens} (give a larger --context)"
    )

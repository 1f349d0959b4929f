"""The plans of a round: who makes them, and how its reasoner sees them."""

from collections.abc import Mapping
from dataclasses import dataclass

from dspy.utils.exceptions import AdapterParseError

from ..models.continuation import (
    ContinuingAdapter,
    StartAdapter,
    can_continue,
    continuation_settings,
)
from ..signatures.plans.base import PlanKind
from .confidence.base import Sample
from .events import Planned, emit
from .plan_kinds import PLAN_KINDS
from .planner import Planner
from .preset import Preset
from .reasoner import Reasoner
from .round_call import RoundCall

UNREADABLE_PLAN = "none"
"""Shown in place of a plan that could not be parsed; prompts of recordings hold it."""


@dataclass(frozen=True)
class SeenPlan:
    """A plan that a round's reasoner sees.

    Attributes:
        round: the round that makes it, from 1.
        field: the reasoner's input field.
        kind: the kind of plan.
    """

    round: int
    field: str
    kind: PlanKind


def seen_plans(preset: Preset, number: int) -> list[SeenPlan]:
    """Return the plans that a round's prompt may show, in the order of its fields.

    The kind of a plan names its field. When a kind occurs twice, the name of the later field ends
    in its round's number.
    """
    seen: list[SeenPlan] = []
    for round_ in preset.rounds[number - 1].sees:
        kind = PLAN_KINDS.by_name(str(preset.rounds[round_ - 1].plan))
        if kind.use_as == "gate":
            continue
        is_taken = any(plan.field == kind.name for plan in seen)
        seen.append(SeenPlan(round_, f"{kind.name}_{round_}" if is_taken else kind.name, kind))
    return seen


def gate_plan_rounds(preset: Preset, number: int) -> list[int]:
    """Return the earlier rounds whose plans a round's gate uses."""
    found = []
    for round_ in preset.rounds[number - 1].sees:
        if (
            round_ < number
            and PLAN_KINDS.by_name(str(preset.rounds[round_ - 1].plan)).use_as == "gate"
        ):
            found.append(round_)
    return found


def show_plans(
    seen: list[SeenPlan], plans: Mapping[int, str], continues: bool
) -> tuple[dict[str, str], str]:
    """Return the plan fields of a prompt, and the start of the reply that the model continues.

    A plan that says nothing has no field.

    Args:
        seen: the plans that the reasoner sees.
        plans: the plans, by round.
        continues: whether the reasoner's model continues a reply that has begun.
    """
    shown: dict[str, str] = {}
    start = ""
    for plan in seen:
        text = plans.get(plan.round)
        is_start = plan.kind.use_as == "prefix"
        if text is None and plan.kind.has_prompt and plan.kind.calls_model:
            shown[plan.field] = UNREADABLE_PLAN
        elif text is None or plan.kind.is_silent(text):
            continue
        elif is_start and continues:
            start = text  # the last one holds the others, because each continues those before
        else:
            shown[plan.field] = text
    return shown, start


async def make_plan(
    planner: Planner,
    reasoner: Reasoner,
    seen: list[SeenPlan],
    call: RoundCall,
    index: int | None,
) -> Sample:
    """Return a sample with a plan and without an answer.

    Args:
        planner: makes the plan.
        reasoner: has the prompt that the planner's tier answers, when the plan is the start of an
            answer.
        seen: the plans that the reasoner sees.
        call: the round's call.
        index: the sample's index; None for the plan that all samples share.
    """
    sample = Sample(-1 if index is None else index)
    if not planner.kind.calls_model:
        nearest = call.demos.get("planner", ())
        sample.plan = planner.make(inputs=call.inputs, nearest=nearest)
    elif planner.kind.use_as == "prefix":
        sample.plan = await _begin_answer(reasoner, seen, call, index)
    else:
        await _write_plan(planner, call, sample, index)
    if sample.plan is not None:
        emit(Planned(call.number, index, sample.plan))
    return sample


async def _write_plan(planner: Planner, call: RoundCall, sample: Sample, index: int | None) -> None:
    tier, begins = call.spec.planner, planner.kind.begins
    assert tier is not None
    config = call.settings("plan", index or 0)
    adapter = None
    if begins and can_continue(call.team[tier]):
        adapter = ContinuingAdapter(begins)
        config |= continuation_settings(call.team[tier])
    with call.context(tier, "plan", sample.trace, index, adapter):
        try:
            prediction = await planner.acall(
                config=config,
                nearest=call.demos.get("planner", ()),
                attempts=call.attempts,
                **call.inputs,
            )
        except AdapterParseError as error:
            sample.unparsed_reply = error.lm_response
            return
    plan = prediction.plan
    sample.plan = "" if planner.kind.is_silent(plan) else plan


async def _begin_answer(
    reasoner: Reasoner, seen: list[SeenPlan], call: RoundCall, index: int | None
) -> str:
    """Return the start of the planner's own answer, after the start that earlier rounds made.

    The call is no example for optimizers, because its reply is cut.
    """
    tier = call.spec.planner
    assert tier is not None
    start = ""
    if can_continue(call.team[tier]):
        for plan in seen:
            if plan.kind.use_as == "prefix":
                start = call.plans.get(plan.round, start)
    config = call.settings("plan", index or 0)
    if start:
        config |= continuation_settings(call.team[tier])
    with call.context(tier, "plan", [], index, StartAdapter(start)):
        reply = await reasoner.begin(config=config, **call.inputs)
    return first_lines(reply, call.spec.hint_lines).rstrip()


def first_lines(text: str, count: int | None) -> str:
    """Return a text up to its line `count`; empty lines and fences of code do not count.

    >>> first_lines("```python\\ndef f(x):\\n    y = x\\n", 1)
    '```python\\ndef f(x):'
    """
    if count is None:
        return text
    lines: list[str] = []
    for line in text.splitlines():
        if count <= 0:
            break
        lines.append(line)
        count -= bool(line.strip()) and not line.strip().startswith("```")
    return "\n".join(lines)

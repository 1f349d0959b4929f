"""Run a round of a question, and start the next round's plan in it, see `hedging`."""

from functools import partial
from typing import TYPE_CHECKING, Any

import dspy

from .cascade_round import CascadeRound
from .demonstrations import nearest_by_role
from .hedging import EarlyPlan
from .predictor_name import round_attribute
from .progress import Progress
from .round_call import RoundCall

if TYPE_CHECKING:
    from .cascade import Cascade


async def run_hedged(
    cascade: "Cascade",
    round_: CascadeRound,
    question: str,
    progress: Progress,
    inputs: dict[str, Any],
) -> dspy.Prediction:
    """Run a round, and stop the next round's plan if the question does not escalate.

    Args:
        cascade: the program.
        round_: one of its rounds.
        question: the question.
        progress: what the rounds before left. Its `next_plan` is set.
        inputs: the other inputs.
    """
    plan = progress.next_plan = _next_plan(cascade, round_, question, progress, inputs)
    escalates = False
    try:
        result = await cascade.run_round(round_, question, progress, inputs)
        escalates = not result.accepted
    finally:
        if plan is not None and not escalates:
            await plan.cancel()
    return result


def _next_plan(
    cascade: "Cascade",
    round_: CascadeRound,
    question: str,
    progress: Progress,
    inputs: dict[str, Any],
) -> EarlyPlan | None:
    """Return the plan of the next round, if it may be written while a round runs."""
    if cascade.hedge is None or round_.number == len(cascade.preset.rounds):
        return None
    following: CascadeRound = getattr(cascade, round_attribute(round_.number + 1))
    if not following.plans_before(round_):
        return None
    call = RoundCall(
        number=following.number,
        spec=following.spec,
        inputs={"question": question, **inputs},
        plans=dict(progress.plans),
        team=cascade.team,
        seed=cascade.seed,
        demos=nearest_by_role(cascade.knn_demos, following.number, question),
    )
    return EarlyPlan(cascade.hedge, round_.number, partial(following.write_plan, call))

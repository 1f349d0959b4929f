"""Run a round of a question and record it; start the next round's plan in it, see `hedging`."""

import time
from functools import partial
from typing import Any, Protocol

import dspy

from ..models import Team
from .cascade_round import CascadeRound
from .demonstrations import KNNDemos, nearest_by_role
from .hedging import EarlyPlan, Hedge
from .predictor_name import round_attribute
from .preset import Preset
from .progress import Progress
from .results import make_round_record
from .round_call import RoundCall
from .round_record import RoundRecord
from .round_scope import rounds_in_scope


class RoundRunner(Protocol):
    """The parts of a cascade that a round needs, see `Cascade`."""

    preset: Preset
    team: Team
    seed: int
    early_stop: str
    hedge: Hedge | None
    knn_demos: dict[str, KNNDemos]

    async def run_round(
        self, round_: CascadeRound, question: str, progress: Progress, inputs: dict[str, Any]
    ) -> dspy.Prediction: ...


async def run_recorded(
    cascade: RoundRunner,
    round_: CascadeRound,
    question: str,
    progress: Progress,
    inputs: dict[str, Any],
) -> tuple[dspy.Prediction, RoundRecord]:
    """Run a round, and return its result and its record.

    Args:
        cascade: the program.
        round_: one of its rounds.
        question: the question.
        progress: what the rounds before left. The result of the round is added to it.
        inputs: the other inputs.
    """
    began = time.perf_counter()
    early = progress.early_plan
    plan = progress.next_plan = _next_plan(cascade, round_, question, progress, inputs)
    escalates = False
    try:
        result = await cascade.run_round(round_, question, progress, inputs)
        escalates = not result.accepted
    finally:
        if early is not None:
            await early.cancel()
        if plan is not None and not escalates:
            await plan.cancel()
    progress.add(round_.number, result)
    seconds = time.perf_counter() - began
    record = make_round_record(round_, result, seconds, cascade.early_stop)
    if plan is not None and plan.is_started:
        record["hedge"] = plan.record
    return result, record


def _next_plan(
    cascade: RoundRunner,
    round_: CascadeRound,
    question: str,
    progress: Progress,
    inputs: dict[str, Any],
) -> EarlyPlan | None:
    """Return the plan of the next round, if it may be written while a round runs."""
    last = rounds_in_scope()[1] or len(cascade.preset.rounds)
    if cascade.hedge is None or round_.number == last:
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

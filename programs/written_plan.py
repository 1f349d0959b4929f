"""Write the plan of a program's round, and nothing else: another model follows it."""

from dataclasses import dataclass
from typing import cast

from ..errors import CopeError
from ..models import metered
from ..models.spending import budget_round
from .cascade import Cascade
from .cascade_round import CascadeRound
from .demonstrations import nearest_by_role
from .plan_kinds import PLAN_KINDS
from .predictor_name import round_attribute
from .preset_round import Round
from .round_call import RoundCall
from .round_plan import make_plan


@dataclass(frozen=True)
class WrittenPlan:
    """A plan without an answer.

    Attributes:
        text: the plan; None when none could be read.
        kind: what it says, such as `goal`.
        tier: the tier that wrote it.
        round: the round that it belongs to, from 1.
        cost: USD; None when it is not known exactly.
    """

    text: str | None
    kind: str
    tier: str
    round: int
    cost: float | None


def planning_rounds(cascade: Cascade) -> list[int]:
    """Return the rounds whose plan a model writes from the question alone, for any reader.

    >>> planning_rounds(Cascade("cope")), planning_rounds(Cascade("small"))
    ([1, 2], [])
    """
    numbers = []
    for number, spec in enumerate(cascade.preset.rounds, 1):
        if _stands_alone(spec):
            numbers.append(number)
    return numbers


def _stands_alone(spec: Round) -> bool:
    if spec.planner is None or spec.plan is None:
        return False
    kind = PLAN_KINDS.by_name(spec.plan)
    return kind.use_as == "field" and kind.calls_model and not kind.needs_attempts


async def write_plan(cascade: Cascade, question: str, number: int | None = None) -> WrittenPlan:
    """Write the plan of one round, with the round's own prompt and settings.

    Args:
        cascade: the program.
        question: the question.
        number: the round, from 1; None is the last one that plans, whose planner is the largest.

    Raises:
        CopeError: when the round has no such plan.
        dspy.LMError: when the model fails.
    """
    known = planning_rounds(cascade)
    if not known:
        raise CopeError(f"the program {cascade.name!r} writes no plans: choose another one")
    number = known[-1] if number is None else number
    if number not in known:
        listed = ", ".join(map(str, known))
        raise CopeError(f"round {number} writes no plan; rounds that do: {listed}")
    round_ = cast(CascadeRound, getattr(cascade, round_attribute(number)))
    spec = round_.spec
    assert round_.planner is not None
    assert spec.planner is not None
    call = RoundCall(
        number=number,
        spec=spec,
        inputs={"question": question},
        plans={},
        team=cascade.team,
        seed=cascade.seed,
        demos=nearest_by_role(cascade.knn_demos, number, question),
    )
    with metered() as meter, budget_round():
        sample = await make_plan(round_.planner, round_.reasoner, round_.seen, call, None)
    total = meter.total()
    cost = None if total.unpriced else total.usd
    return WrittenPlan(sample.plan, round_.planner.kind.name, spec.planner, number, cost)

"""Which samples of a round share a request, and how many of them are requested first.

Samples of one prompt can come from one request, where the server takes their number. Then a round
that may stop early is drawn in two parts: first as many samples as can decide it, then the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..models.concurrency import favors_throughput
from ..models.draw import Draw, can_draw
from ..models.sampling_cost import round_costs
from ..models.sampling_mode import SeveralSamples
from ..models.sampling_speed import RoundTimer
from .confidence.base import Confidence, Sample
from .planner import Planner
from .round_call import RoundCall

DrawnRole = Literal["plan", "reason"]
"""The calls of a round whose prompt all samples share."""

_OWN = ("rollout_id", "seed")
"""The settings of a call in which the samples of a prompt differ."""


@dataclass(frozen=True)
class DrawnTogether:
    """How the samples of a round are drawn. Entered while they are.

    Attributes:
        first: how many samples are requested first; None for all of them.
        draws: by role and sample, the request that it shares; empty where each makes its own.
        several: what is known of the tier that they ask; None where each makes its own.
        timer: measures the seconds of the round; None where they do not matter.
    """

    first: int | None = None
    draws: Mapping[tuple[str, int], Draw] = field(default_factory=dict)
    several: SeveralSamples | None = None
    timer: RoundTimer | None = None

    async def __aenter__(self) -> None:
        """Begin to draw the samples."""
        if self.timer is not None:
            self.timer.start()

    async def __aexit__(self, *_: object) -> None:
        """End the requests."""
        if self.timer is not None:
            self.timer.stop()
        for draw in set(self.draws.values()):
            await draw.close()

    def count(self, drawn: int) -> None:
        """Take note of how many samples decided the round."""
        if self.timer is not None:
            self.timer.count(drawn)
        if self.several is not None and self.first is not None:
            self.several.mean.add_round(settled=drawn <= self.first)


def role_of_shared_prompt(planner: Planner | None, shared: Sample | None) -> DrawnRole:
    """Return the calls of a round whose prompt all samples share.

    Args:
        planner: of the round.
        shared: the plan that all samples share; None where each has its own.
    """
    writes_each = planner is not None and shared is None and planner.kind.calls_model
    return "plan" if writes_each else "reason"


def draw_together(
    call: RoundCall,
    order: Sequence[int],
    role: DrawnRole | None,
    confidence: Confidence,
    early_stop: str,
    forwards_plan: bool,
    before_left: int | None = None,
) -> DrawnTogether:
    """Return how the samples of a round are drawn.

    Args:
        call: the round's call.
        order: the samples' indices, in the order in which they are requested.
        role: the calls whose prompt all samples share; None for none.
        confidence: turns samples into an answer.
        early_stop: the rule that stops the round.
        forwards_plan: whether a later round needs the plan behind the majority.
        before_left: samples after which the round may be left for the next one; None for never.
    """
    spec = call.spec
    tier = spec.planner if role == "plan" else spec.reasoner
    temperature = spec.plan_temperature if role == "plan" else spec.temperature
    if role is None or tier is None or len(order) < 2 or not temperature:
        return DrawnTogether()
    lm = call.team[tier].lm
    if not can_draw(lm):
        return DrawnTogether()
    first = confidence.min_samples(spec, True, early_stop, forwards_plan)
    first = min(first, before_left or first)
    several, timer = lm.runtime.several, None
    if several.sampling == "auto" and call.team[tier].seeded:
        # By a rule, because the samples of the two ways have other seeds, and no answer may depend
        # on what is quicker.
        if confidence.single_sample_decides:
            return DrawnTogether()
    elif several.sampling == "auto":
        one_by_one = favors_throughput() or confidence.single_sample_decides
        costs = round_costs(several.mean, lm.price, len(order), first, one_by_one)
        is_batch = costs.batch_is_cheaper
        if not costs.decide:
            timer = several.speed.begin((role, len(order)), prefers_batch=is_batch)
            is_batch = timer.is_batch
        if not is_batch:
            return DrawnTogether(timer=timer)
    draws: dict[tuple[str, int], Draw] = {}
    for part in (order[:first], order[first:]):
        own = {}
        for index in part:
            settings = call.settings(role, index)
            own[index] = {name: settings[name] for name in _OWN if name in settings}
        draw = Draw(own)
        for index in part:
            draws[role, index] = draw
    return DrawnTogether(first if first < len(order) else None, draws, several, timer)

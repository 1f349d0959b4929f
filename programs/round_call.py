"""The calls of a round: what they share, their settings, and the context that they run in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import dspy

from ..models import Meter, Team, call_labels
from ..models.adapter import LeanAdapter
from ..models.call import Role
from ..models.draw import Draw, use_draw
from ..models.meter import with_meter
from ..models.token_report import token_report
from .confidence.base import Confidence
from .hedging import EarlyPlan
from .plan_kinds import PLAN_KINDS
from .preset_round import Round
from .sampling import derive_seed
from .systems.stage_scope import stage_number

Demos = Mapping[str, Sequence[dspy.Example]]
"""Demonstrations selected for a question, by role: `planner`, `reasoner`."""


@dataclass(frozen=True)
class RoundCall:
    """What all calls of a round share.

    Attributes:
        number: the round, from 1.
        spec: the preset's round.
        inputs: the question and its other inputs.
        plans: the plans that earlier rounds forwarded, by round; empty for one that says nothing.
        team: the tiers.
        seed: all randomness of the round depends on it and on the question.
        demos: demonstrations selected for the question.
        logprobs: whether log-probabilities are requested.
        attempts: what the samples of the round before said.
        early_plan: the plan of the round, where it was started early.
        next_plan: the plan of the round after this one, where it may be started early.
        answer_stops: texts at which a reply ends that is the answer alone.
        draws: by role and sample, the request that a call shares with other samples.
    """

    number: int
    spec: Round
    inputs: Mapping[str, Any]
    plans: Mapping[int, str]
    team: Team
    seed: int
    demos: Demos = field(default_factory=dict)
    logprobs: bool = False
    attempts: str = ""
    early_plan: EarlyPlan | None = None
    next_plan: EarlyPlan | None = None
    answer_stops: tuple[str, ...] = ()
    draws: Mapping[tuple[str, int], Draw] = field(default_factory=dict)

    @contextmanager
    def context(
        self,
        tier: str,
        role: Role,
        trace: list[Any],
        index: int | None,
        adapter: dspy.Adapter | None = None,
    ) -> Iterator[Meter]:
        """Let calls inside use the tier's model and adapter, labels, and a trace.

        Args:
            tier: the tier that is called.
            role: what the call is for.
            trace: where DSPy's trace of the call goes.
            index: the sample; None for a call that belongs to all samples.
            adapter: formats the prompt in place of the tier's adapter.

        Yields:
            The meter of the calls.
        """
        meter = Meter()
        settings = with_meter(meter)
        labels = call_labels(round=stage_number(self.number), role=role, sample=index)
        draw = None if index is None else self.draws.get((role, index))
        with self.team[tier].context(adapter, trace=trace, **settings), labels, use_draw(draw):
            yield meter

    def settings(self, role: Literal["plan", "reason"], index: int) -> dict[str, Any]:
        """Return the settings of a call.

        Its rollout id keeps the sample apart in the cache. It is also the seed, for models that
        take one.
        """
        spec = self.spec
        if role == "plan":
            tier, temperature, max_tokens = (
                spec.planner,
                spec.plan_temperature,
                spec.longest_plan,
            )
        else:
            tier, temperature, max_tokens = spec.reasoner, spec.temperature, spec.max_tokens
        assert tier is not None
        config: dict[str, Any] = {"temperature": temperature}
        if max_tokens:
            config["max_tokens"] = max_tokens
        stops: Sequence[str] = self.answer_stops
        if role == "plan":
            stops = PLAN_KINDS[spec.plan or ""].stops.get(spec.plan_ends, ())
        if stops and isinstance(self.team[tier].adapter, LeanAdapter):
            config["stop"] = list(stops)
        if temperature > 0:
            config["rollout_id"] = derive_seed(self.seed, self.number, role, index)
            if self.team[tier].seeded:
                config["seed"] = config["rollout_id"]
        if role == "reason" and self.logprobs:
            config["logprobs"] = True
        report = token_report()
        if role == "reason" and report is not None:
            config |= report.settings()
        return config


def requests_logprobs(spec: Round, confidence: Confidence, team: Team) -> bool:
    """Return whether the calls of a round request log-probabilities.

    A single sample without a threshold is returned whatever they are. So an API that has none can
    still be asked.
    """
    if not getattr(confidence, "needs_logprobs", False):
        return False
    decides = spec.samples > 1 or spec.threshold is not None
    return decides or team[spec.reasoner].engine is not None

"""One round of a cascade, as a module: plans, samples, the verdict."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Literal

import dspy
from dspy.utils.exceptions import AdapterParseError

from ..models import Team, call_labels
from ..models.adapter import LeanAdapter
from ..models.concurrency import with_priority
from .confidence.base import Confidence, Sample, Verdict
from .confidence.early_stopping import EXACT, HEURISTIC_RULES, rescale_confidence
from .confidence.votes import accepts
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, DOMAINS
from .events import Planned, RoundDecided, RoundStarted, SampleCounted, emit, has_observer
from .plan_kinds import PLAN_KINDS
from .planner import Planner
from .preset import Preset
from .reasoner import Reasoner
from .sampling import derive_seed, draw_samples, seeded_order
from .systems.stage_scope import stage_number

UNREADABLE_PLAN = "none"  # what a later round is shown when the plan it would see could not be read


def plan_field_names(preset: Preset, number: int) -> dict[int, str]:
    """The reasoner's input field for each plan that round `number` sees, by the plan's round.

    A kind that is seen once gives the field its name; seen twice, the later ones carry their round's number.
    """
    fields: dict[int, str] = {}
    for seen in preset.rounds[number - 1].sees:
        kind = str(preset.rounds[seen - 1].plan)
        fields[seen] = f"{kind}_{seen}" if kind in fields.values() else kind
    return fields


class CascadeRound(dspy.Module):
    """Plans (one, or one for each sample), solutions, and what they say together.

    The language models are looked up by tier when the round runs: an optimizer that resets predictors' models changes
    nothing here.
    """

    def __init__(self, preset: Preset, number: int, domain: Domain | None = None) -> None:
        super().__init__()
        self.number = number
        self.spec = preset.rounds[number - 1]
        self.forwards_plan = preset.forwards_plan(number)
        self.fields = plan_field_names(preset, number)
        self.answers = (domain or DOMAINS[DEFAULT_DOMAIN]).answers
        kinds: dict[str, str] = {}
        for seen, field in self.fields.items():
            if kind := preset.rounds[seen - 1].plan:
                kinds[field] = kind
        self.planner = Planner(self.spec.plan, number, domain) if self.spec.plan else None
        self.reasoner = Reasoner(kinds, number, domain)

    async def aforward(
        self,
        question: str,
        plans: Mapping[int, str],
        team: Team,
        confidence: Confidence,
        seed: int,
        early_stop: str = EXACT,
        given: Mapping[str, Any] | None = None,
        nearest: Mapping[str, Sequence[Any]] | None = None,
    ) -> dspy.Prediction:
        """Run the round.

        Args:
            question: the question.
            plans: the plans handed on so far, by round.
            team: where the tiers are looked up.
            confidence: how samples become an answer.
            seed: what all randomness of the round depends on, together with the question.
            early_stop: the rule by which missing samples are left.
            given: what came with the question, such as the tests that a program must pass.
            nearest: demonstrations chosen for the question, by role: `planner`, `reasoner`.

        Returns:
            A prediction with `verdict`, `accepted`, `samples`, `plan` (what is handed on, None without a planner).
        """
        spec, number = self.spec, self.number
        nearest = nearest or {}
        emit(RoundStarted(number, spec.planner, spec.plan, spec.reasoner, spec.samples))
        shared = (
            await self._plan(question, team, seed, None, nearest)
            if self.planner and spec.plans == 1
            else None
        )
        order = seeded_order(spec.samples, seed, question, number)
        given = {"question": question, **(given or {})}
        tally = confidence.tally(order, given, self.answers)

        places = (
            {index: rank for rank, index in enumerate(order)}
            if confidence.single_sample_decides
            else {}
        )

        async def make(index: int) -> Sample:
            # Where models are busy with other questions too, first samples go before second ones of any question.
            with with_priority(places.get(index, 0)):
                sample = await self._sample(index, given, plans, shared, team, seed, nearest)
            await tally.evaluate(sample)
            return sample

        def counted(sample: Sample) -> None:
            if has_observer():  # a verdict on every vote is for who looks on
                emit(SampleCounted(number, sample.index, sample.vote, tally.verdict().votes))

        samples = await draw_samples(
            order,
            make,
            tally,
            threshold=spec.threshold,
            forwards_plan=self.forwards_plan and shared is None,
            early_stop=early_stop,
            counted=counted,
        )
        verdict = replace(tally.verdict(), kind=tally.kind)
        if early_stop in HEURISTIC_RULES:
            verdict = rescale_confidence(verdict, len(samples))
        accepted = accepts(verdict, spec.threshold)
        plan = shared.plan if shared else forwarded_plan(verdict, samples, order)
        emit(
            RoundDecided(
                number,
                verdict.answer,
                verdict.confidence,
                spec.threshold,
                accepted,
                verdict.votes,
                len(samples),
                spec.samples,
                plan,
                verdict.explanation,
                early_stop,
            )
        )
        return dspy.Prediction(
            verdict=verdict, accepted=accepted, samples=samples, plan=plan, shared=shared
        )

    async def _plan(
        self,
        question: str,
        team: Team,
        seed: int,
        index: int | None,
        nearest: Mapping[str, Sequence[Any]],
    ) -> Sample:
        """The planner's part of a sample, as a sample without an answer."""
        assert self.planner is not None and self.spec.planner is not None
        sample = Sample(-1 if index is None else index)
        config = self._call_settings(team, "plan", seed, index or 0)
        with self._call_context(team, self.spec.planner, "plan", sample.trace, index):
            try:
                made = await self.planner.acall(
                    question=question, config=config, nearest=nearest.get("planner", ())
                )
            except AdapterParseError as error:
                sample.unparsed_reply = error.lm_response
                return sample
        sample.plan = made.plan
        emit(Planned(self.number, index, sample.plan or ""))
        return sample

    async def _sample(
        self,
        index: int,
        given: Mapping[str, Any],
        plans: Mapping[int, str],
        shared: Sample | None,
        team: Team,
        seed: int,
        nearest: Mapping[str, Sequence[Any]],
    ) -> Sample:
        sample = Sample(index, plan=shared.plan if shared else None)
        if self.planner and not shared:
            sample = await self._plan(given["question"], team, seed, index, nearest)
        known = {**plans, **({self.number: sample.plan or UNREADABLE_PLAN} if self.planner else {})}
        seen = {field: known.get(number, UNREADABLE_PLAN) for number, field in self.fields.items()}
        config = self._call_settings(team, "reason", seed, index)
        with self._call_context(team, self.spec.reasoner, "reason", sample.trace, index):
            try:
                made = await self.reasoner.acall(
                    plans=seen, config=config, nearest=nearest.get("reasoner", ()), **given
                )
            except AdapterParseError as error:
                sample.unparsed_reply = error.lm_response
                return sample  # nothing could be read: a sample without a vote
        sample.reasoning, sample.answer = made.reasoning, made.answer
        return sample

    def _call_context(
        self,
        team: Team,
        tier: str,
        role: Literal["plan", "reason"],
        trace: list[Any],
        index: int | None,
    ) -> ExitStack:
        """The tier's model and adapter, the meter's labels, and a trace of the sample's own."""
        stack = ExitStack()
        stack.enter_context(team[tier].context(trace=trace))
        stack.enter_context(call_labels(round=stage_number(self.number), role=role, sample=index))
        return stack

    def _call_settings(
        self, team: Team, role: Literal["plan", "reason"], seed: int, index: int
    ) -> dict[str, Any]:
        """Settings of one call; its rollout makes the sample one of its own for the cache and, where taken, the seed."""
        spec = self.spec
        planning = role == "plan"
        temperature = spec.plan_temperature if planning else spec.temperature
        tokens = spec.plan_max_tokens if planning else spec.max_tokens
        config: dict[str, Any] = {"temperature": temperature}
        if tokens:
            config["max_tokens"] = tokens
        if planning and isinstance(team[spec.planner or ""].adapter, LeanAdapter):
            config["stop"] = list(PLAN_KINDS[spec.plan or ""].stops[spec.plan_ends])
        if temperature > 0:
            config["rollout_id"] = derive_seed(seed, self.number, role, index)
            tier = (spec.planner if planning else spec.reasoner) or ""
            if team[tier].seeded:
                config["seed"] = config["rollout_id"]
        return config


def forwarded_plan(verdict: Verdict, samples: list[Sample], order: list[int]) -> str | None:
    """Return the plan for the next round: the first in order behind the majority, else the first of all; None without any."""
    plans = {sample.index: sample.plan for sample in samples}
    for index in (*verdict.supporters, *order):
        if plans.get(index):
            return plans[index]
    return None

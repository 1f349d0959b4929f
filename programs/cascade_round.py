"""One round of a cascade as a module: plan, draw samples, decide."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Literal

import dspy
from dspy.utils.exceptions import AdapterParseError

from ..models import Team, call_labels, metered
from ..models.adapter import LeanAdapter
from ..models.call import Role
from ..models.concurrency import with_priority
from ..models.reply_text import TextSink, use_text_sink
from ..models.spending import budget_round
from .confidence.base import Confidence, FinishingTally, Sample
from .confidence.early_stopping import EXACT, HEURISTIC_RULES, rescale_confidence
from .confidence.ranks import Ranks
from .confidence.votes import accepts
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, DOMAINS
from .events import (
    AnswerText,
    Planned,
    RoundDecided,
    RoundStarted,
    SampleCounted,
    current_observer,
    emit,
)
from .plan_kinds import PLAN_KINDS
from .planner import Planner
from .preset import Preset
from .reasoner import Reasoner
from .reply_facts import copy_reply_facts, forwarded_plan
from .sampling import derive_seed, draw_samples, seeded_order
from .systems.stage_scope import stage_number

UNREADABLE_PLAN = "none"  # shown in place of a plan that could not be parsed

Demos = Mapping[str, Sequence[dspy.Example]]
"""Demonstrations selected for a question, by role: `planner`, `reasoner`."""


def plan_field_names(preset: Preset, number: int) -> dict[int, str]:
    """Return the reasoner's input field for each plan that a round sees, by the plan's round.

    The kind of a plan names its field. When a kind occurs twice, the name of the later field ends
    in its round's number.
    """
    fields: dict[int, str] = {}
    for seen in preset.rounds[number - 1].sees:
        kind = str(preset.rounds[seen - 1].plan)
        fields[seen] = f"{kind}_{seen}" if kind in fields.values() else kind
    return fields


@dataclass(frozen=True)
class _Call:
    """What all calls of a round share: the question's inputs, models, seed and demonstrations."""

    inputs: Mapping[str, Any]
    plans: Mapping[int, str]
    team: Team
    seed: int
    demos: Demos
    logprobs: bool = False


class CascadeRound(dspy.Module):
    """Write plans (one, or one for each sample), solve with them, and decide by a confidence.

    The models are looked up by tier when the round runs, so that an optimizer which resets the
    models of predictors changes nothing here.
    """

    def __init__(self, preset: Preset, number: int, domain: Domain | None = None) -> None:
        super().__init__()
        self.number = number
        self.spec = preset.rounds[number - 1]
        self.forwards_plan = preset.forwards_plan(number)
        self.fields = plan_field_names(preset, number)
        domain = domain or DOMAINS[DEFAULT_DOMAIN]
        self.answers = domain.answers
        is_last = number == len(preset.rounds)
        self.shows_text = domain.answer_is_reply and is_last and self.spec.samples == 1
        kinds: dict[str, str] = {}
        for seen, field in self.fields.items():
            kind = preset.rounds[seen - 1].plan
            if kind:
                kinds[field] = kind
        self.planner = Planner(self.spec.plan, number, domain) if self.spec.plan else None
        self.reasoner = Reasoner(kinds, number, domain)
        if self.planner:
            _instruct(self.planner.predict, self.spec.plan_instructions)
        _instruct(self.reasoner.predict, self.spec.instructions)
        self.ranks = Ranks()

    def _requests_logprobs(self, confidence: Confidence, team: Team) -> bool:
        """Return whether log-probabilities are requested.

        A single sample without a threshold is returned whatever they are. So an API that has none
        can still be asked.
        """
        if not getattr(confidence, "needs_logprobs", False):
            return False
        spec = self.spec
        decides = spec.samples > 1 or spec.threshold is not None
        return decides or team[spec.reasoner].engine is not None

    async def aforward(
        self,
        question: str,
        plans: Mapping[int, str],
        team: Team,
        confidence: Confidence,
        seed: int,
        early_stop: str = EXACT,
        inputs: Mapping[str, Any] | None = None,
        nearest: Demos | None = None,
    ) -> dspy.Prediction:
        """Run the round.

        Args:
            question: the question.
            plans: the plans that earlier rounds forwarded, by round.
            team: the tiers.
            confidence: turns samples into an answer.
            seed: all randomness of the round depends on it and on the question.
            early_stop: the rule that stops the round early.
            inputs: the question's other inputs, such as the tests that a program must pass.
            nearest: demonstrations selected for the question, by role.

        Returns:
            A prediction with `verdict`, `accepted`, `samples`, `plan` (the forwarded plan; None
            without a planner) and `shared` (the plan that all samples share, as a sample).

        Raises:
            Halt: when the budget is used up.
        """
        call = _Call(
            inputs={"question": question, **(inputs or {})},
            plans=plans,
            team=team,
            seed=seed,
            demos=nearest or {},
            logprobs=self._requests_logprobs(confidence, team),
        )
        with budget_round():
            return await self._run(call, confidence, early_stop)

    async def _run(self, call: _Call, confidence: Confidence, early_stop: str) -> dspy.Prediction:
        spec, number, question = self.spec, self.number, call.inputs["question"]
        emit(RoundStarted(number, spec.planner, spec.plan, spec.reasoner, spec.samples))
        shared: Sample | None = None
        if self.planner and spec.plans == 1:
            shared = await self._plan(call, None)
        order = seeded_order(spec.samples, call.seed, question, number)
        tally = confidence.tally(order, call.inputs, self.answers)
        priorities: dict[int, int] = {}
        if confidence.single_sample_decides:
            priorities = {index: rank for rank, index in enumerate(order)}

        async def make(index: int) -> Sample:
            # Busy models answer the first samples of all questions before second samples of any.
            with with_priority(priorities.get(index, 0)):
                sample = await self._sample(call, index, shared)
            await tally.evaluate(sample)
            return sample

        def counted(sample: Sample) -> None:
            if current_observer():  # a verdict after every vote is needed for observers only
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
        if isinstance(tally, FinishingTally):
            with self._call_context(call.team, spec.reasoner, "other", [], None):
                await tally.finish()
        verdict = replace(tally.verdict(), kind=tally.kind)
        if getattr(confidence, "ranks", False):
            verdict = self.ranks.rank(verdict)
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

    async def _plan(self, call: _Call, index: int | None) -> Sample:
        """Return a sample with a plan and without an answer; index None is the shared plan."""
        assert self.planner is not None and self.spec.planner is not None
        sample = Sample(-1 if index is None else index)
        config = self._call_settings(call.team, "plan", call.seed, index or 0)
        with self._call_context(call.team, self.spec.planner, "plan", sample.trace, index):
            try:
                prediction = await self.planner.acall(
                    config=config, nearest=call.demos.get("planner", ()), **call.inputs
                )
            except AdapterParseError as error:
                sample.unparsed_reply = error.lm_response
                return sample
        sample.plan = prediction.plan
        emit(Planned(self.number, index, sample.plan or ""))
        return sample

    async def _sample(self, call: _Call, index: int, shared: Sample | None) -> Sample:
        sample = Sample(index, plan=shared.plan if shared else None)
        if self.planner and not shared:
            sample = await self._plan(call, index)
        plans = dict(call.plans)
        if self.planner:
            plans[self.number] = sample.plan or UNREADABLE_PLAN
        seen = {field: plans.get(number, UNREADABLE_PLAN) for number, field in self.fields.items()}
        config = self._call_settings(call.team, "reason", call.seed, index)
        if call.logprobs:
            config["logprobs"] = True
        with self._call_context(call.team, self.spec.reasoner, "reason", sample.trace, index) as on:
            on.enter_context(use_text_sink(self._text_sink()))
            try:
                with metered() as meter:
                    prediction = await self.reasoner.acall(
                        plans=seen,
                        config=config,
                        nearest=call.demos.get("reasoner", ()),
                        **call.inputs,
                    )
            except AdapterParseError as error:
                sample.unparsed_reply = error.lm_response
                copy_reply_facts(sample, meter)
                return sample
        sample.reasoning, sample.refused = prediction.reasoning, prediction.refused
        copy_reply_facts(sample, meter)
        if prediction.marked or not sample.cut:  # the number before a cut is seldom the answer
            sample.answer = prediction.answer
        return sample

    def _text_sink(self) -> TextSink | None:
        """Return what reports the answer while it is written, if anybody observes the cascade."""
        observer = current_observer()
        if observer is None or not self.shows_text:
            return None
        return lambda text: observer(AnswerText(self.number, text))

    def _call_context(
        self,
        team: Team,
        tier: str,
        role: Role,
        trace: list[Any],
        index: int | None,
    ) -> ExitStack:
        """Return the context of a call: the tier's model and adapter, labels, and a trace."""
        stack = ExitStack()
        stack.enter_context(team[tier].context(trace=trace))
        stack.enter_context(call_labels(round=stage_number(self.number), role=role, sample=index))
        return stack

    def _call_settings(
        self, team: Team, role: Literal["plan", "reason"], seed: int, index: int
    ) -> dict[str, Any]:
        """Return the settings of a call.

        Its rollout id keeps the sample apart in the cache. It is also the seed, for models that
        take one.
        """
        spec = self.spec
        if role == "plan":
            tier, temperature, max_tokens = (
                spec.planner,
                spec.plan_temperature,
                spec.plan_max_tokens,
            )
        else:
            tier, temperature, max_tokens = spec.reasoner, spec.temperature, spec.max_tokens
        assert tier is not None
        config: dict[str, Any] = {"temperature": temperature}
        if max_tokens:
            config["max_tokens"] = max_tokens
        if role == "plan" and isinstance(team[tier].adapter, LeanAdapter):
            config["stop"] = list(PLAN_KINDS[spec.plan or ""].stops[spec.plan_ends])
        if temperature > 0:
            config["rollout_id"] = derive_seed(seed, self.number, role, index)
            if team[tier].seeded:
                config["seed"] = config["rollout_id"]
        return config


def _instruct(predict: dspy.Predict, instructions: str | None) -> None:
    """Give a predictor the instructions of its preset, if the preset has any."""
    if instructions is not None:
        signature: Any = predict.signature  # DSPy types it as an optional instance; it is a class
        predict.signature = signature.with_instructions(instructions)

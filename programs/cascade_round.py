"""One round of a cascade as a module: plan, draw samples, decide."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import dspy
from dspy.utils.exceptions import AdapterParseError

from ..models import Team
from ..models.adapter import LeanAdapter
from ..models.concurrency import with_priority
from ..models.continuation import ContinuingAdapter, can_continue, continuation_settings
from ..models.reply_text import use_text_sink
from ..models.spending import budget_round
from ..sandbox import Sandbox, open_sandbox
from .answer_text import answer_sink
from .confidence.base import Confidence, FinishingTally, Sample
from .confidence.early_stopping import EXACT, HEURISTIC_RULES, rescale_confidence
from .confidence.proposed_tests import keep_tests
from .confidence.ranks import Ranks
from .confidence.tests import KEPT, PROPOSED
from .confidence.votes import accepts
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, DOMAINS
from .events import (
    Planned,
    RoundDecided,
    RoundStarted,
    SampleCounted,
    current_observer,
    emit,
)
from .give_up import GiveUp, RoundLeaver
from .module import ProgramPart, instruct
from .planner import Planner
from .preset import Preset
from .progress import Progress
from .reasoner import Reasoner
from .reply_facts import copy_reply_facts, forwarded_plan
from .reply_stops import acall_until_answer, answer_form, answer_stops
from .round_call import Demos, RoundCall, requests_logprobs
from .round_plan import gate_plan_rounds, make_plan, seen_plans, show_plans
from .sampling import draw_samples, request_priorities, seeded_order
from .together import draw_together, role_of_shared_prompt


class CascadeRound(ProgramPart):
    """Write plans (one, or one for each sample), solve with them, and decide by a confidence.

    The models are looked up by tier when the round runs, so that an optimizer which resets the
    models of predictors changes nothing here.
    """

    def __init__(
        self,
        preset: Preset,
        number: int,
        domain: Domain | None = None,
        sandbox: Callable[[], Sandbox] = open_sandbox,
    ) -> None:
        super().__init__()
        self.number = number
        self.spec = preset.rounds[number - 1]
        self.forwards_plan = preset.forwards_plan(number)
        self.seen = seen_plans(preset, number)
        self.gate_plans = gate_plan_rounds(preset, number)
        domain = domain or DOMAINS[DEFAULT_DOMAIN]
        self.answers = domain.answers
        is_last = number == len(preset.rounds)
        self.shows_text = domain.answer_is_reply and is_last and self.spec.samples == 1
        kinds = {plan.field: plan.kind.name for plan in self.seen}
        self.planner = Planner(self.spec.plan, number, domain) if self.spec.plan else None
        self.writes_tests = self.planner is not None and self.planner.kind.use_as == "gate"
        if self.spec.thought:
            domain = domain.with_thought(self.spec.thought)
        if self.spec.history == "turns":
            domain = domain.with_turns()
        self.reasoner = Reasoner(kinds, number, domain, sandbox)
        self.answer_stops = answer_stops(domain, self.reasoner.predict)
        self.answer_format = domain.answer_format
        if self.planner and self.planner.predict:
            instruct(self.planner.predict, self.spec.plan_instructions)
        self.response_format = domain.response_format
        if self.response_format is None:  # else the prompt describes the form of the reply
            instruct(self.reasoner.predict, self.spec.instructions)
        self.ranks = Ranks()

    async def aforward(
        self,
        question: str,
        progress: Progress,
        team: Team,
        confidence: Confidence,
        seed: int,
        early_stop: str = EXACT,
        inputs: Mapping[str, Any] | None = None,
        nearest: Demos | None = None,
        give_up: GiveUp | None = None,
    ) -> dspy.Prediction:
        """Run the round.

        Args:
            question: the question.
            progress: the plans that earlier rounds forwarded, and what their samples said.
            team: the tiers.
            confidence: turns samples into an answer.
            seed: all randomness of the round depends on it and on the question.
            early_stop: the rule that stops the round early.
            inputs: the question's other inputs, such as the tests that a program must pass.
            nearest: demonstrations selected for the question, by role.
            give_up: when the round is left, where the preset asks for it; None for never.

        Returns:
            A prediction with `verdict`, `accepted`, `samples`, `plan` (the forwarded plan; None
            without one, empty when it says nothing), `shared` (the plan that all samples share,
            as a sample) and `undrawn` (samples left out because the round was left).

        Raises:
            Halt: when the budget is used up.
        """
        call = RoundCall(
            number=self.number,
            spec=self.spec,
            inputs={"question": question, **(inputs or {})},
            plans=dict(progress.plans),
            team=team,
            seed=seed,
            demos=nearest or {},
            logprobs=requests_logprobs(self.spec, confidence, team),
            attempts=progress.attempts,
            early_plan=progress.early_plan,
            next_plan=progress.next_plan,
            answer_stops=self.answer_stops,
        )
        with budget_round():
            return await self._run(call, confidence, early_stop, give_up)

    async def _run(
        self, call: RoundCall, confidence: Confidence, early_stop: str, give_up: GiveUp | None
    ) -> dspy.Prediction:
        spec, number, question = self.spec, self.number, call.inputs["question"]
        emit(RoundStarted(number, spec.planner, spec.plan, spec.reasoner, spec.samples))
        shared: Sample | None = None
        if self.planner and spec.plans == 1:
            shared = await self._shared_plan(call)
        order = seeded_order(spec.samples, call.seed, question, number)
        tally = confidence.tally(order, self._gate_inputs(call, shared), self.answers)
        forwards = self.forwards_plan and shared is None
        priorities = request_priorities(order, spec, confidence, early_stop, forwards)
        leaver = RoundLeaver(give_up, number, spec, confidence, tally)
        role = None
        if self.response_format is None:  # which may take more than one request for a reply
            role = role_of_shared_prompt(self.planner, shared)
        first = leaver.first
        together = draw_together(call, order, role, confidence, early_stop, forwards, first)
        call = replace(call, draws=together.draws)

        async def make(index: int) -> Sample:
            # Busy models answer the first samples of all questions before second samples of any.
            with with_priority(priorities.get(index, 0)):
                sample = await self._sample(call, index, shared)
            await tally.evaluate(sample)
            return sample

        def counted(sample: Sample) -> None:
            if call.next_plan is not None:
                call.next_plan.count(len(tally.verdict().supporters))
            if current_observer():  # a verdict after every vote is needed for observers only
                emit(SampleCounted(number, sample.index, sample.vote, tally.verdict().votes))

        async with together:
            samples = await draw_samples(
                order,
                make,
                tally,
                threshold=spec.threshold,
                forwards_plan=forwards,
                early_stop=early_stop,
                counted=counted,
                leaves=leaver.rule,
                first=together.first or first,
            )
        together.count(len(samples))
        if hasattr(tally, "finish"):  # a look at the Protocol takes a hundred calls
            with call.context(spec.reasoner, "other", [], None):
                await cast(FinishingTally, tally).finish()
        if shared and self.writes_tests:
            keep_tests(tally, shared, samples)
        verdict = replace(tally.verdict(), kind=tally.kind)
        if getattr(confidence, "ranks", False):
            verdict = self.ranks.rank(verdict)
        if early_stop in HEURISTIC_RULES and not leaver.undrawn:
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
                spec.give_up if leaver.undrawn else None,
            )
        )
        return dspy.Prediction(
            verdict=verdict,
            accepted=accepted,
            samples=samples,
            plan=plan,
            shared=shared,
            undrawn=leaver.undrawn,
        )

    def plans_before(self, round_: "CascadeRound") -> bool:
        """Return whether a plan for all samples of this round can be written in the round before.

        Its planner must not need what the samples of that round said, nor the plan of that round.
        """
        if self.planner is None or self.spec.plans != 1:
            return False
        kind = self.planner.kind
        if not kind.calls_model or kind.needs_attempts:
            return False
        return kind.use_as != "prefix" or round_.planner is None

    async def write_plan(self, call: RoundCall) -> Sample:
        """Write the plan that all samples of the round share."""
        assert self.planner is not None
        return await make_plan(self.planner, self.reasoner, self.seen, call, None)

    async def _shared_plan(self, call: RoundCall) -> Sample:
        if call.early_plan is None:
            return await self.write_plan(call)
        sample = await call.early_plan.take()
        if sample.plan is not None:
            emit(Planned(self.number, None, sample.plan))
        return sample

    def _gate_inputs(self, call: RoundCall, shared: Sample | None) -> dict[str, Any]:
        """Return the inputs of the tally: the question's, and the tests that planners wrote."""
        inputs = dict(call.inputs)
        kept = [call.plans[number] for number in self.gate_plans if call.plans.get(number)]
        if kept:
            inputs[KEPT] = "\n".join(kept)
        if self.writes_tests and shared and shared.plan:
            inputs[PROPOSED] = shared.plan
        return inputs

    async def _sample(self, call: RoundCall, index: int, shared: Sample | None) -> Sample:
        sample = Sample(index, plan=shared.plan if shared else None)
        if self.planner and not shared:
            sample = await make_plan(self.planner, self.reasoner, self.seen, call, index)
        plans = dict(call.plans)
        if sample.plan is not None:
            plans[self.number] = sample.plan
        tier = self.spec.reasoner
        shown: dict[str, str] = {}
        start = ""
        if self.seen:
            continues = self.response_format is None and can_continue(call.team[tier])
            shown, start = show_plans(self.seen, plans, continues)
        config = call.settings("reason", index)
        adapter = None if self.response_format is None else LeanAdapter()
        if start:
            adapter = ContinuingAdapter(start)
            config |= continuation_settings(call.team[tier])
        nearest = call.demos.get("reasoner", ())
        form = None
        if self.answer_format is not None:
            form = answer_form(self.answer_format, call.team[tier].engine, call.inputs)

        async def solve(settings: dict[str, Any]) -> dspy.Prediction:
            return await self.reasoner.acall(
                plans=shown, config=settings, nearest=nearest, **call.inputs
            )

        sink = use_text_sink(answer_sink(self.number, start) if self.shows_text else None)
        with call.context(tier, "reason", sample.trace, index, adapter) as meter, sink:
            try:
                prediction = await acall_until_answer(
                    solve, config, sample.trace, self.response_format, form
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

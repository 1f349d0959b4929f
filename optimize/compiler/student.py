"""A cascade in the hands of a DSPy optimizer."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import dspy

from ...eval.run.evaluate import FATAL_ERRORS
from ...programs import Cascade
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.early_stopping import HEURISTIC_RULES
from ...programs.ensemble import Ensemble
from ...programs.plan_kinds import PLAN_KINDS
from ...programs.sampling import derive_seed
from ...util.hashing import digest
from .feedback import is_cut_off, reflection_trace
from .prompts import apply_state, predictor_state, prompt_state
from .session import CompileSession

_ROLLOUT_TEMPERATURE = (
    0.7  # the temperature of a greedy round while an optimizer looks for other answers
)


class Student(Ensemble):
    """A cascade of rounds, from cheap models to dear ones: each plans, solves and votes; unsettled questions go on.

    Args:
        cascade: the program to compile.
        session: what all copies share: kept rounds, budget, candidates.
        trainable: the predictors that the optimizer may change; the others are frozen.
        last_round: the last round that runs; None runs all. A surrogate ends where nothing later is compiled.
        include_failures: whether an optimizer that reflects sees every round, those that settled nothing too.
    """

    def __init__(
        self,
        cascade: Cascade,
        session: CompileSession,
        trainable: Iterable[str],
        last_round: int | None = None,
        include_failures: bool = False,
    ) -> None:
        super().__init__(
            cascade.preset,
            cascade.team,
            seed=cascade.seed,
            domain=cascade.domain,
            answer_kind=cascade.answer_kind,
            confidence=cascade.confidence,
            early_stop=cascade.early_stop,
        )
        self.session, self.trainable, self.last_round, self.include_failures = (
            session,
            frozenset(trainable),
            last_round,
            include_failures,
        )
        apply_state(self, prompt_state(cascade))
        for name, predict in dspy.Module.named_parameters(self):
            # GEPA tells predictors apart by their signatures: no two are equal, whatever their words.
            first = next(iter(predict.signature.input_fields))
            predict.signature = predict.signature.with_updated_fields(first, place=name)

    def named_parameters(self) -> list[tuple[str, Any]]:
        """The predictors that an optimizer sees; DSPy reads all others from this too."""
        names = self.__dict__.get("trainable")
        return [pair for pair in super().named_parameters() if names is None or pair[0] in names]

    def rounds(self):
        return (
            round_
            for round_ in super().rounds()
            if self.last_round is None or round_.number <= self.last_round
        )

    def get_lm(self) -> Any:
        """Optimizers make copies of this model for other rollouts; calls go to the tiers' models whatever it is."""
        return dspy.settings.lm

    def _rollout(self) -> int | None:
        """Which rollout an optimizer wants, said by the model that it put in place."""
        lm = next((p.lm for p in self.predictors() if p.lm), None) or dspy.settings.lm
        return (getattr(lm, "kwargs", None) or {}).get("rollout_id")

    async def aforward(self, question: str, **inputs: Any) -> dspy.Prediction:
        candidate = self.session.register_candidate(self)
        if candidate.reject_reason:
            return dspy.Prediction(
                answer=None,
                rounds=[],
                round=0,
                usage=[],
                refused=candidate.reject_reason,
                candidate=candidate.id,
            )
        exploring = self._rollout() is not None
        self.session.activity.start_question(candidate, exploring)
        try:
            with self.session.question():
                prediction = await super().aforward(question, **inputs)
        except (*FATAL_ERRORS, dspy.LMError) as error:
            self.session.abort_on_fatal(error)
            raise
        self.session.activity.end_question(exploring)
        prediction.candidate = None if exploring else candidate.id
        return prediction

    async def run_round(
        self, round_: CascadeRound, question: str, plans: dict[int, str], inputs: dict[str, Any]
    ) -> dspy.Prediction:
        rollout, seed = self._rollout(), self.seed
        if rollout is not None:
            round_, seed = _with_temperature(round_), derive_seed(seed, rollout)
        seen = {number: plans.get(number) for number in round_.fields}
        about = [round_.spec.identity(), self._models(round_), inputs]
        about += (
            [self.early_stop] if self.early_stop in HEURISTIC_RULES else []
        )  # the others decide alike
        nearest = self.nearest_demos(round_, question)
        key = digest(_prompt_state(round_, nearest), question, seen, seed, *about)
        result = await self.session.round_cache.get_or_run(
            key,
            round_,
            lambda: round_.acall(
                question=question,
                plans=plans,
                team=self.team,
                confidence=self.confidence_of(round_.number),
                seed=seed,
                inputs=inputs,
                nearest=nearest,
                early_stop=self.early_stop,
            ),
        )
        result.asked = (question, seen)
        return result

    def _models(self, round_: CascadeRound) -> list[Any]:
        tiers = [self.team[name] for name in (round_.spec.planner, round_.spec.reasoner) if name]
        return [
            (tier.model, type(tier.adapter).__name__, tier.lm.kwargs.get("max_tokens"))
            for tier in tiers
        ]

    def optimizer_trace(self, results: list[dspy.Prediction]) -> list[Any]:
        if not self.include_failures:
            return [
                entry for entry in super().optimizer_trace(results) if not _has_empty_plan(entry)
            ]
        pairs = zip(self.rounds(), results, strict=False)
        return [
            entry
            for round_, result in pairs
            for entry in reflection_trace(round_, result, *result.asked)
        ]

    def with_state(self, state: dict[str, Any]) -> Self:
        """A copy with these prompts."""
        other = self.deepcopy()
        apply_state(other, state)
        return other


def _has_empty_plan(entry: Any) -> bool:
    """Whether a traced call is a planner's that was cut off where the plan was about to begin: no example to follow."""
    _, _, outputs = entry
    return any(is_cut_off(str(outputs.get(kind) or "")) for kind in PLAN_KINDS)


def _with_temperature(round_: CascadeRound) -> CascadeRound:
    """The round with samples that differ from rollout to rollout; it shares its predictors with the round."""
    warm = copy.copy(round_)
    changes = {
        name: _ROLLOUT_TEMPERATURE
        for name in ("temperature", "plan_temperature")
        if getattr(round_.spec, name) == 0
    }
    warm.spec = round_.spec.model_copy(update=changes)
    return warm


def _prompt_state(round_: CascadeRound, nearest: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The prompts of a round as a question meets them."""
    modules = {"planner": round_.planner, "reasoner": round_.reasoner}
    return [
        predictor_state(module.predict, nearest.get(role, ()))
        for role, module in modules.items()
        if module
    ]

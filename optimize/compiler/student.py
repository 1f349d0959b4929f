"""The program that an optimizer compiles: a cascade with frozen predictors and cached rounds."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import dspy

from ...models import metered
from ...models.scope import in_scope
from ...programs import Cascade, System
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.early_stopping import HEURISTIC_RULES
from ...programs.demonstrations import nearest_by_role
from ...programs.ensemble import Ensemble
from ...programs.module import ProgramModule
from ...programs.plan_kinds import PLAN_KINDS
from ...programs.progress import Progress
from ...programs.prompt_inputs import prompt_inputs
from ...programs.results import usage_summary
from ...programs.sampling import derive_seed
from ...util.hashing import digest
from .feedback import is_cut_off, reflection_trace
from .prompts import apply_state, predictor_state, prompt_state
from .session import CompileSession

_ROLLOUT_TEMPERATURE = 0.7  # of a greedy round while an optimizer samples other answers


_SHOWN_FIELDS = (
    "answer",
    "confidence",
    "round",
    "plan",
    "end",
)
"""What optimizers may put into prompts; `end` says why a game ended."""

Player = Callable[[Cascade], System]
"""Returns what plays games with a program, whose questions are then their steps."""


class StudentPrediction(dspy.Prediction):
    """A student's prediction, of which an optimizer sees the outcome as fields.

    SIMBA writes `dict(prediction)` into its prompts. Seconds and usage differ between attempts, so
    with them a resumed compile would ask, and pay for, every proposal again.

        >>> dict(StudentPrediction(answer="4", round=1, usage=[{"seconds": 0.2}]))
        {'answer': '4', 'round': 1}
    """

    def keys(self, include_dspy: bool = False) -> list[str]:
        return [name for name in _SHOWN_FIELDS if name in self._store]


class Student(Ensemble):
    """A cascade that plans, solves and votes in rounds; undecided questions escalate.

    Optimizers copy it and change its prompts. It overrides what they read: the list of predictors,
    the rounds, the trace, and the run of a round, which is answered from the session's cache.

    Args:
        cascade: the program to compile.
        session: what all copies share: the round cache, the budget and the candidates.
        trainable: the predictors that the optimizer may change; the others are frozen.
        last_round: the last round that runs; None runs all. A surrogate ends with the last compiled
            round.
        include_failures: whether an optimizer that reflects gets traces of all rounds, including
            rounds that accepted no answer.
        player: plays games, the questions with an input `game`; None where questions take one step.
            The trace of a game is that of all its steps.
    """

    def __init__(
        self,
        cascade: Cascade,
        session: CompileSession,
        trainable: Iterable[str],
        last_round: int | None = None,
        include_failures: bool = False,
        player: Player | None = None,
    ) -> None:
        super().__init__(**cascade.get_params())
        self.session, self.trainable = session, frozenset(trainable)
        self.last_round, self.include_failures = last_round, include_failures
        self.player = player
        apply_state(self, prompt_state(cascade))
        for name, predict in ProgramModule.named_parameters(self):
            # GEPA identifies predictors by their signatures, so no two may be equal.
            first = next(iter(predict.signature.input_fields))
            predict.signature = predict.signature.with_updated_fields(first, place=name)

    def named_parameters(self) -> list[tuple[str, dspy.Predict]]:
        """Return the predictors that an optimizer may change; DSPy's other lists derive from it."""
        trainable = self.__dict__.get("trainable")  # missing while DSPy builds the module
        predictors = super().named_parameters()
        if trainable is None:
            return predictors
        return [pair for pair in predictors if pair[0] in trainable]

    def rounds(self) -> Iterator[CascadeRound]:
        for round_ in super().rounds():
            if self.last_round is None or round_.number <= self.last_round:
                yield round_

    def get_lm(self) -> dspy.LM:
        """Return the model that optimizers copy for rollouts; calls go to the tiers' models."""
        return dspy.settings.lm

    def _rollout(self) -> int | None:
        """Return the rollout that an optimizer asks for by the model on its predictors."""
        lm = next((p.lm for p in self.predictors() if p.lm), None) or dspy.settings.lm
        return (getattr(lm, "kwargs", None) or {}).get("rollout_id")

    async def aforward(self, question: str | None = None, **inputs: Any) -> dspy.Prediction:
        if self.player is not None and in_scope("question"):
            return await super().aforward(question, **inputs)  # a step of a game
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
                if self.player is None or "game" not in inputs:
                    prediction = await super().aforward(question, **inputs)
                else:
                    prediction = await play(self.player(self), question, inputs)
        except Exception as error:
            self.session.on_question_error(error)
            raise
        self.session.activity.end_question(exploring)
        prediction.candidate = None if exploring else candidate.id
        return StudentPrediction(**dict(prediction.items()))

    async def run_round(
        self, round_: CascadeRound, question: str, progress: Progress, inputs: dict[str, Any]
    ) -> dspy.Prediction:
        """Run one round of a question, or return its outcome from the cache.

        The key of the cache holds all that decides the outcome.
        """
        rollout, seed = self._rollout(), self.seed
        if rollout is not None:
            round_, seed = _with_temperature(round_), derive_seed(seed, rollout)
        visible_plans = {number: progress.plans.get(number) for number in round_.spec.sees}
        nearest = nearest_by_role(self.knn_demos, round_.number, question)
        settings = [round_.spec.identity(), self._models(round_), inputs]
        if self.early_stop in HEURISTIC_RULES:
            settings.append(self.early_stop)  # all other rules decide alike
        if round_.planner and round_.planner.kind.needs_attempts:
            settings.append(progress.attempts)
        key = digest(_prompt_state(round_, nearest), question, visible_plans, seed, *settings)
        result = await self.session.round_cache.get_or_run(
            key,
            round_,
            lambda: round_.acall(
                question=question,
                progress=progress,
                team=self.team,
                confidence=self.confidence_of(round_.number),
                seed=seed,
                inputs=inputs,
                nearest=nearest,
                early_stop=self.early_stop,
            ),
        )
        shown = prompt_inputs(question, inputs, round_.reasoner.predict.signature)
        result.asked = (shown, visible_plans)
        return result

    def _models(self, round_: CascadeRound) -> list[tuple[str, str, int | None]]:
        """Return model, adapter and maximum reply length of each tier of a round."""
        models = []
        for name in (round_.spec.planner, round_.spec.reasoner):
            if name:
                tier = self.team[name]
                adapter = type(tier.adapter).__name__
                models.append((tier.model, adapter, tier.lm.kwargs.get("max_tokens")))
        return models

    def optimizer_trace(self, results: list[dspy.Prediction], first: int = 1) -> list[Any]:
        if not self.include_failures:
            trace = super().optimizer_trace(results, first)
            return [entry for entry in trace if not _has_empty_plan(entry)]
        trace = []
        ran = list(self.rounds())[first - 1 :]
        for round_, result in zip(ran, results, strict=False):
            trace += reflection_trace(round_, result, *result.asked)
        return trace

    def with_state(self, state: dict[str, Any]) -> Self:
        """Return a copy with other prompts."""
        other = self.deepcopy()
        apply_state(other, state)
        return other


async def play(player: System, question: str | None, inputs: Mapping[str, Any]) -> dspy.Prediction:
    """Play a game, and return its prediction with the usage of all its steps."""
    with metered() as meter:
        prediction = await player.acall(question=question, **inputs)
    prediction.usage = usage_summary(meter)["usage"]
    return prediction


def predictor_name_of(predict: dspy.Predict) -> str | None:
    """Return the name of a student's predictor, which its signature holds."""
    signature: Any = predict.signature  # DSPy types it as an instance; it is a class
    fields = signature.input_fields
    return fields[next(iter(fields))].json_schema_extra.get("place")


def _has_empty_plan(entry: Any) -> bool:
    """Return whether a traced call is a planner's that ended where its plan was about to begin.

    It is no example to follow.
    """
    _, _, outputs = entry
    return any(is_cut_off(str(outputs.get(kind) or "")) for kind in PLAN_KINDS)


def _with_temperature(round_: CascadeRound) -> CascadeRound:
    """Return a round with the same predictors whose samples differ between rollouts."""
    changes = {}
    for name in ("temperature", "plan_temperature"):
        if getattr(round_.spec, name) == 0:
            changes[name] = _ROLLOUT_TEMPERATURE
    warm = copy.copy(round_)
    warm.spec = round_.spec.model_copy(update=changes)
    return warm


def _prompt_state(round_: CascadeRound, nearest: Mapping[str, Sequence[Any]]) -> list[Any]:
    """Return the prompts of a round for one question."""
    states = []
    for role, module in (("planner", round_.planner), ("reasoner", round_.reasoner)):
        if module and module.predict:
            states.append(predictor_state(module.predict, nearest.get(role, ())))
    return states

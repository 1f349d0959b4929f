"""The cascade: rounds from cheap to dear, each asked only when the vote before it settled nothing."""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import dspy

from ..answers.kinds.base import AnswerKind
from ..answers.kinds.registry import ANSWER_KINDS
from ..errors import CopeError
from ..models import Team, metered, run_sync
from ..sandbox import open_sandbox
from ..util.hashing import digest
from .cascade_round import CascadeRound
from .confidence.base import Confidence
from .confidence.early_stopping import EXACT, check_rule
from .confidence.registry import confidence_by_name
from .demonstrations import KNNDemos, knn_demos_in_state, nearest_by_role
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .optimizer_trace import extend_trace, trace_of_answer
from .predictor_name import round_attribute
from .preset import Preset, load_preset
from .results import final_answer, make_round_record, usage_summary
from .round_record import RoundRecord
from .saved_state import prompts_in_state
from .systems.base import baseline_tier
from .systems.stage import Stage


class Cascade(dspy.Module):
    """Rounds of planning, solving and voting; what a vote cannot settle goes on to the next round.

    The method is that of Lee et al., arXiv 2506.11578. All presets are this one module: `small` and `large` alone,
    self-consistency, the cascade with and without plans.

    Args:
        preset: a preset, its name, or a TOML file of the user's.
        team: the tiers; the default pair of embedded models when None.
        seed: all randomness depends on it: samples, their order, the plan that is handed on.
        early_stop: when a round leaves its missing samples: `exact`, when they can change nothing; `none`, never;
            `adaptive-consistency` or `esc`, when the vote probably holds, which saves more and may decide otherwise.
        domain: the kind of questions: `short-answer` or `code`.
        answer_kind: how answers are read and compared, a name in `ANSWER_KINDS`; None is the domain's kind.
        confidence: how samples become an answer in the rounds whose preset names no confidence; None is the domain's
            default: the vote's share, or tests that pass.

    Attributes:
        knn_demos: by predictor, demonstrations of which each question is shown the nearest; empty for most programs.

    Raises:
        CopeError: when the preset is wrong or names a tier that the team has not; for an `early_stop` that does not suit.

    >>> from cope import Cascade, Team
    >>> cascade = Cascade("cope", Team())
    >>> cascade(question="What is 6 times 7?").answer  # doctest: +SKIP
    '42'
    """

    def __init__(
        self,
        preset: Preset | str = "cope",
        team: Team | None = None,
        *,
        seed: int = 0,
        early_stop: str = EXACT,
        domain: str = DEFAULT_DOMAIN,
        confidence: Confidence | None = None,
        answer_kind: str | None = None,
    ) -> None:
        super().__init__()
        self.team = team or Team()
        self.preset = preset if isinstance(preset, Preset) else load_preset(preset, self.team.tiers)
        self.seed = seed
        self.domain = domain
        self.knn_demos: dict[str, KNNDemos] = {}
        kind = domain_by_name(domain).with_answer_kind(answer_kind)
        self.answer_kind = kind.answer_kind
        self.confidence: Confidence = confidence or kind.default_confidence(open_sandbox)
        self._confidences = {
            number: self._named_or_default(round_.confidence)
            for number, round_ in enumerate(self.preset.rounds, 1)
        }
        self.early_stop = early_stop
        for each in self._confidences.values():
            check_rule(early_stop, each)
        for tier in self.preset.tiers:
            _ = self.team[tier]
        for number in range(1, len(self.preset.rounds) + 1):
            setattr(self, round_attribute(number), CascadeRound(self.preset, number, kind))

    @property
    def name(self) -> str:
        """The preset's name."""
        return self.preset.name

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that the rounds ask, the last tier at the end."""
        return self.preset.tier_order

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The rounds, as tables print them."""
        return self.preset.stages

    @property
    def baseline_tier(self) -> str:
        """The tier whose answers alone are the baseline, see `cope.programs.baseline_tier`."""
        return baseline_tier(self, self.team)

    def fingerprint(self) -> str:
        """Return a digest of rounds, instructions and demonstrations."""
        return digest(self.dump_state())

    def settings(self) -> dict[str, Any]:
        """Return the seed and the rule for stopping early."""
        return {"seed": self.seed, "early_stop": self.early_stop}

    def concurrency(self) -> int:
        """Return how many questions in flight keep the first round's tier busy: one more than fill its slots.

        A question fills as many as it has samples; one, where a sample that passes leaves the others unasked.
        """
        first = self.preset.rounds[0]
        slots = self.team[first.reasoner].lm.runtime.semaphore.size
        samples = 1 if self.confidence_of(1).single_sample_decides else first.samples
        return max(2, math.ceil(slots / samples) + 1)

    def rounds(self) -> Iterator[CascadeRound]:
        """The rounds in order."""
        return (
            getattr(self, round_attribute(number))
            for number in range(1, len(self.preset.rounds) + 1)
        )

    def _named_or_default(self, name: str | None) -> Confidence:
        """Return the cascade's own confidence, unless a round names another."""
        if name is None or name == getattr(self.confidence, "kind", None):
            return self.confidence
        return confidence_by_name(name)

    def confidence_of(self, number: int) -> Confidence:
        """Return how the samples of a round, counted from 1, become an answer."""
        return self._confidences[number]

    def forward(self, question: str, **given: Any) -> dspy.Prediction:
        """The synchronous face, for scripts, notebooks, DSPy's Evaluate and its optimizers."""
        return run_sync(self.aforward(question, **given))

    async def aforward(self, question: str, **given: Any) -> dspy.Prediction:
        """Answer a question.

        Args:
            question: the question.
            given: what comes with a question for code: `tests` (visible ones, Python source; read from the question when
                they are left out), `setup` (source that they need) and `entry_point` (the function's name).

        Returns:
            A prediction with `answer` (None when no sample could be read), `confidence` (0 to 1), `round` (which
            answered), `plan` (the one that the answer was made with), `votes` (vote to count), `tests` (what came of the
            visible tests of a program that answers), `rounds` (each round's record), `early_stop` (the rule),
            `usage` (by tier, round and role), `cost` (USD, None when a price is unknown), `seconds`; of an ensemble also
            `members`, see `Ensemble`, and the usage of all its programs.

        Raises:
            dspy.LMError: when a model failed; a failure is never an answer.
        """
        started = time.perf_counter()
        with metered() as meter:
            fields = await self._answer(question, given)
        fields.update(usage_summary(meter), seconds=time.perf_counter() - started)
        return dspy.Prediction(**fields)

    async def _answer(self, question: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of the prediction, without the usage."""
        return await self._run_rounds(question, given)

    async def _run_rounds(self, question: str, given: dict[str, Any]) -> dict[str, Any]:
        plans: dict[int, str] = {}
        results: list[dspy.Prediction] = []
        records: list[RoundRecord] = []
        for round_ in self.rounds():
            began = time.perf_counter()
            result = await self.run_round(round_, question, dict(plans), given)
            if result.plan:
                plans[round_.number] = result.plan
            results.append(result)
            records.append(
                make_round_record(round_, result, time.perf_counter() - began, self.early_stop)
            )
            if result.accepted:
                break
        extend_trace(self.optimizer_trace(results))
        return {**final_answer(records), "early_stop": self.early_stop}

    async def run_round(
        self, round_: CascadeRound, question: str, plans: dict[int, str], given: dict[str, Any]
    ) -> dspy.Prediction:
        """Run one round of a question; what wraps a cascade, such as a compile, may answer from what it has seen."""
        return await round_.acall(
            question=question,
            plans=plans,
            team=self.team,
            confidence=self.confidence_of(round_.number),
            seed=self.seed,
            early_stop=self.early_stop,
            given=given,
            nearest=self.nearest_demos(round_, question),
        )

    def nearest_demos(self, round_: CascadeRound, question: str) -> dict[str, list[dspy.Example]]:
        """The demonstrations chosen for a question, by role. They go with the call: other questions run beside it."""
        return nearest_by_role(self.knn_demos, round_.number, question)

    def optimizer_trace(self, results: list[dspy.Prediction]) -> list[Any]:
        """Return what DSPy's optimizers may learn from a question, see `trace_of_answer`.

        Args:
            results: what the rounds gave, in order; the last one answered.
        """
        return trace_of_answer(list(self.rounds())[: len(results)], results)

    def reset_copy(self) -> Self:
        """A copy without demonstrations in the predictors that an optimizer sees."""
        fresh: Self = super().reset_copy()
        seen = {name for name, _ in fresh.named_parameters()}
        fresh.knn_demos = {name: kept for name, kept in fresh.knn_demos.items() if name not in seen}
        return fresh

    def dump_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        state = self._prompt_state(*args, **kwargs)
        state["preset"] = self.preset.model_dump(mode="json", exclude_defaults=True)
        if self.domain != DEFAULT_DOMAIN:
            state["domain"] = self.domain
        if self.answer_kind != domain_by_name(self.domain).answer_kind:
            state["answer_kind"] = self.answer_kind
        return state

    def _prompt_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return what a file keeps of the prompts: predictors, and demonstrations to choose from where there are some."""
        state = super().dump_state(*args, **kwargs)
        if self.knn_demos:
            state["neighbours"] = {name: near.as_dict() for name, near in self.knn_demos.items()}
        return state

    def load_state(self, state: dict[str, Any], **kwargs: Any) -> None:
        prompts = prompts_in_state(state, self.preset, self.domain)
        self._load_prompts(prompts, **kwargs)

    def _load_prompts(self, state: dict[str, Any], **kwargs: Any) -> None:
        """Take over what `_prompt_state` gave.

        Raises:
            CopeError: for the prompts of an ensemble.
        """
        if "peers" in state:
            raise CopeError("the program was saved as an ensemble: load it with Cascade.from_file")
        neighbours = knn_demos_in_state(state)
        super().load_state(state, **kwargs)
        self.knn_demos = neighbours

    @property
    def answers(self) -> AnswerKind:
        """How answers are read and compared."""
        return ANSWER_KINDS.by_name(self.answer_kind)

    def with_answer_kind(self, name: str) -> Self:
        """Return the program for another kind of answers, with the same prompts, models and settings."""
        if name == self.answer_kind:
            return self
        other = type(self)(
            self.preset,
            self.team,
            seed=self.seed,
            early_stop=self.early_stop,
            domain=self.domain,
            confidence=self.confidence,
            answer_kind=name,
        )
        other.load_state(self.dump_state())
        return other

    @staticmethod
    def from_file(path: str | Path, team: Team | None = None, **kwargs: Any) -> "Cascade":
        """The program that `save` wrote, as `load_program` reads it: its preset, instructions and demonstrations.

        Raises:
            CopeError: when the file is not such a program.
        """
        # Through the package, because the loader builds ensembles of cascades.
        from . import load_program

        return load_program(path, team, **kwargs)

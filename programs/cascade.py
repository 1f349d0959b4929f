"""A multi-round cascade. Each round costs more than the one before.

A round runs only if the previous round's confidence missed its threshold.
"""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dspy

from ..answers.kinds.base import AnswerKind
from ..answers.kinds.registry import ANSWER_KINDS
from ..models import Team, metered, run_sync
from ..sandbox import Sandbox, open_sandbox
from ..util.arguments import check_argument, check_number
from .call_inputs import question_of_call
from .cascade_round import CascadeRound
from .confidence.base import Confidence
from .confidence.early_stopping import EXACT, check_rule
from .confidence.registry import check_confidence, round_confidence
from .demonstrations import nearest_by_role
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .give_up import GiveUp, check_counts, check_suits, named_measures
from .hedging import Hedge
from .json_form import JsonForm
from .optimizer_trace import extend_trace, trace_of_answer
from .prediction import CascadePrediction
from .predictor_name import round_attribute
from .pregate import preset_router
from .preset import Preset, as_preset
from .preset_checks import check_domain, check_tiers
from .progress import Progress
from .prompted_program import PromptedProgram
from .recorded_round import run_recorded
from .results import final_answer, usage_summary
from .round_record import RoundRecord
from .round_scope import rounds_in_scope
from .saved_program import load_saved_program
from .systems.base import baseline_tier
from .task_signature import TaskSignature


class Cascade(PromptedProgram):
    """Plan, solve and vote in rounds.

    A question escalates to the next round when no answer reaches the round's threshold. The method
    is that of Lee et al., arXiv 2506.11578. All presets are this one module: `small` and `large`
    alone, self-consistency, the cascade with and without plans.

    Args:
        preset: a preset, its name, or the path of a TOML file.
        team: the tiers; the default pair of embedded models when None.
        seed: all randomness depends on it: samples, their order, the forwarded plan.
        early_stop: the rule that stops a round early: `exact`, when the missing samples cannot
            change the decision; `none`, never; `adaptive-consistency` or `esc`, when the vote
            probably holds, which saves more and may change decisions.
        domain: the kind of questions: `short-answer` or `code`.
        answer_kind: how answers are parsed and compared, a name in `ANSWER_KINDS`. None compares
            short answers as texts, until a task or the rows of a compile bring their kind.
        saved_kind: the kind that state and fingerprint name; None is `answer_kind`.
        signature: a DSPy signature of your own, or its text such as `ticket, customer -> team`:
            its inputs are the question, and its first output is the answer, see `TaskSignature`.
        json_form: answers are JSON of this form; the package's own prompt for free text asks for
            them, so the reasoners' prompts of a compile are not used.
        confidence: how samples become an answer, in rounds whose preset names no confidence; None
            is the domain's default: the share of the votes, or the visible tests.
        hedge: when the next round's plan is written while the vote is open, see `hedging`; None for
            never.
        give_up: when rounds are left that name a measure in `give_up`, see `GiveUp`.
        sandbox: opens the sandbox in which model-written programs run.

    Raises:
        CopeError: for a wrong preset, a tier that the team lacks, or an unsuitable `early_stop`.

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
        saved_kind: str | None = None,
        signature: type[dspy.Signature] | str | None = None,
        hedge: Hedge | None = None,
        give_up: GiveUp | None = None,
        json_form: JsonForm | None = None,
        sandbox: Callable[[], Sandbox] = open_sandbox,
    ) -> None:
        super().__init__()
        check_argument("Cascade(team)", team, Team, "a Team, such as Team()", optional=True)
        check_number("Cascade(seed)", seed, -math.inf, whole=True)
        check_confidence(confidence)
        self.team = team or Team()
        self.preset = as_preset(preset, self.team.tiers)
        self.seed = seed
        self.domain = domain
        self.knn_demos = {}
        self.task_signature = None if signature is None else TaskSignature.of(signature)
        kind = domain_by_name(domain)
        if self.task_signature is not None:
            self.task_signature.check_plans(self.preset.plan_kinds)
            kind = self.task_signature.domain(kind)
        self.json_form = json_form
        if json_form is not None:
            kind, answer_kind = json_form.domain(kind), None
        self.named_kind, self.given_saved_kind = answer_kind, saved_kind
        self.saved_kind = saved_kind or answer_kind or kind.answer_kind
        kind = kind.with_answer_kind(answer_kind or kind.unnamed_kind or None)
        self.answer_kind = kind.answer_kind
        self.confidence: Confidence = confidence or kind.default_confidence(sandbox)
        self.early_stop = early_stop
        self.rank_settings: dict[str, str] = {}
        self.hedge = hedge
        self.give_up = give_up
        self.sandbox = sandbox
        self._confidences: dict[int, Confidence] = {}
        check_tiers(self.preset, self.team.tiers)
        check_domain(self.preset, domain)
        models = {tier: one.model for tier, one in self.team.tiers.items()}
        self._pregate = preset_router(self.preset, models)
        for number, spec in enumerate(self.preset.rounds, 1):
            self._confidences[number] = round_confidence(spec.confidence, self.confidence)
            check_rule(early_stop, self._confidences[number])
            check_suits(self.preset, number, self._confidences[number])
            setattr(self, round_attribute(number), CascadeRound(self.preset, number, kind, sandbox))

    @property
    def baseline_tier(self) -> str:
        """The tier whose answers alone are the baseline, see `cope.programs.baseline_tier`."""
        return baseline_tier(self, self.team)

    def get_params(self) -> dict[str, Any]:
        """Return the constructor's arguments: a program of them differs in its prompts only."""
        return {
            "preset": self.preset,
            "team": self.team,
            "seed": self.seed,
            "early_stop": self.early_stop,
            "domain": self.domain,
            "confidence": self.confidence,
            "answer_kind": self.named_kind,
            "saved_kind": self.given_saved_kind,
            "signature": None if self.task_signature is None else self.task_signature.signature,
            "hedge": self.hedge,
            "give_up": self.give_up,
            "json_form": self.json_form,
            "sandbox": self.sandbox,
        }

    def settings(self) -> dict[str, Any]:
        """Return the seed, the early-stop rule, and what fitted or ranked confidences use."""
        settings: dict[str, Any] = {"seed": self.seed, "early_stop": self.early_stop}
        for confidence in self._confidences.values():
            identity = getattr(confidence, "identity", None)
            if identity:
                settings.setdefault("fitted", {})[confidence.kind] = identity
        if self.hedge is not None:
            settings["hedge"] = self.hedge.limit
        if self.give_up is not None and named_measures(self.preset):
            settings["give_up_states"] = self.give_up.identity
        if self._pregate is not None:
            settings["pregate"] = self._pregate.identity
        return settings | self.rank_settings

    def concurrency(self) -> int:
        """Return how many questions keep the first round's tier busy: one more than its slots.

        A question fills a slot with each sample, or one slot when a single sample can decide. Where
        the round may be left, it fills as many as are requested first.
        """
        first = self.preset.rounds[0]
        slots = self.team[first.reasoner].lm.runtime.semaphore.size
        samples = 1 if self.confidence_of(1).single_sample_decides else first.samples
        if self.give_up is not None and first.give_up is not None:
            samples = min(samples, self.give_up.earliest(first.give_up, 1) or samples)
        return max(2, math.ceil(slots / samples) + 1)

    def rounds(self) -> Iterator[CascadeRound]:
        """Yield the rounds in order."""
        for number in range(1, len(self.preset.rounds) + 1):
            yield getattr(self, round_attribute(number))

    def confidence_of(self, number: int) -> Confidence:
        """Return the confidence of a round, counted from 1."""
        return self._confidences[number]

    def forward(self, question: str | None = None, **inputs: Any) -> dspy.Prediction:
        """Answer a question synchronously, for notebooks and DSPy's Evaluate, see `aforward`."""
        return run_sync(self.aforward(question, **inputs))

    async def aforward(self, question: str | None = None, **inputs: Any) -> dspy.Prediction:
        """Answer a question.

        Args:
            question: the question; None when a signature of your own names its inputs.
            inputs: the inputs that the signature names; for a step of a game, which has no
                question, `task`, `history`, `observation` and `actions`; or for code: `tests` (the
                visible tests, Python source; parsed from the question by default), `setup` (source
                that they need) and `entry_point` (the function's name).

        Returns:
            A prediction with `answer` (None when no sample could be parsed), `confidence` (0 to 1),
            `round` (the number of the round that answered), `plan` (the plan behind the answer),
            `votes` (vote to count), `tests` (outcomes of the visible tests of a program), `rounds`
            (a record of each round), `early_stop` (the rule), `usage` (by tier, round and role),
            `cost` (USD, None when it is not known exactly), `cost_bounds` (at least and at most),
            `spent_bounds` (the same without replies of a cache), `seconds`. A prediction of an
            ensemble also has `members`, see `Ensemble`, and the usage of all its programs. With a
            signature of your own, its first output is the answer as a value of the output's type.

        Raises:
            CopeError: for a missing or unknown input.
            dspy.LMError: when a model fails; a failure is never an answer.
        """
        started = time.perf_counter()
        task, domain = self.task_signature, domain_by_name(self.domain)
        question, inputs = question_of_call(task, domain, question, inputs)
        check_argument("question", question, str, "a text")
        with metered() as meter:
            fields = await self._answer(question, inputs)
        if task is not None:
            fields[task.answer] = task.typed_answer(fields["answer"])
        fields.update(usage_summary(meter), seconds=time.perf_counter() - started)
        return CascadePrediction(**fields).with_calls(meter.calls)

    async def _answer(self, question: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run the rounds and return the fields of the prediction, without the usage."""
        check_counts(self.preset, self.give_up)
        progress = Progress()
        results: list[dspy.Prediction] = []
        records: list[RoundRecord] = []
        earliest, last = rounds_in_scope()
        first = max(earliest, self.first_round(question))
        for round_ in list(self.rounds())[first - 1 : last]:
            result, record = await run_recorded(self, round_, question, progress, inputs)
            results.append(result)
            records.append(record)
            if result.accepted:
                break
        extend_trace(self.optimizer_trace(results, first))
        return {**final_answer(records), "early_stop": self.early_stop}

    def first_round(self, question: str) -> int:
        """Return the number of the first round that a question runs, see `Pregate`."""
        return 1 if self._pregate is None else int(self._pregate.first_rounds([question])[0])

    async def run_round(
        self, round_: CascadeRound, question: str, progress: Progress, inputs: dict[str, Any]
    ) -> dspy.Prediction:
        """Run one round of a question. A compile overrides it to answer from its cache."""
        return await round_.acall(
            question=question,
            progress=progress,
            team=self.team,
            confidence=self.confidence_of(round_.number),
            seed=self.seed,
            early_stop=self.early_stop,
            inputs=inputs,
            nearest=nearest_by_role(self.knn_demos, round_.number, question),
            give_up=self.give_up,
        )

    def optimizer_trace(self, results: list[dspy.Prediction], first: int = 1) -> list[Any]:
        """Return the calls that DSPy's optimizers may learn from, see `trace_of_answer`.

        Args:
            results: the results of the rounds, in order; the last one answered.
            first: the number of the first of these rounds.
        """
        ran = list(self.rounds())[first - 1 : first - 1 + len(results)]
        return trace_of_answer(ran, results)

    @property
    def answers(self) -> AnswerKind:
        """The kind of answers: how they are parsed and compared."""
        return ANSWER_KINDS.by_name(self.answer_kind)

    @staticmethod
    def from_file(path: str | Path, team: Team | None = None, **kwargs: Any) -> "Cascade":
        """Load a program that `save` wrote, see `load_program`.

        Raises:
            CopeError: when the file is no such program.
        """
        program = load_saved_program(path, team, **kwargs)
        assert isinstance(program, Cascade)
        return program

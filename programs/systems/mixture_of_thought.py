"""Mixture of thought: chains and programs of thought of the small tier vote, else the large one."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import dspy
from pydantic import Field

from ...answers.kinds.registry import ANSWER_KINDS
from ...errors import CopeError
from ...models import Team
from ...stats.tiers import LARGE, SMALL
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.hashing import digest
from ..confidence.base import Sample, Verdict
from ..confidence.early_stopping import NONE
from ..domains.registry import DEFAULT_DOMAIN
from ..preset import Preset
from .base import SystemOptions
from .make_cascade import make_cascade
from .pooled_votes import first_stage_answer, pool_votes, pooled_record, samples_of
from .settings import SystemSettings, parse_settings
from .stage import Stage
from .stage_scope import at_stage


class MixtureSettings(SystemSettings):
    """The settings of `mot-verify`."""

    samples: int = Field(4, ge=1, le=128)
    """How many chains, and how many programs, are drawn."""
    temperature: float = Field(0.8, gt=0.0, le=2.0)


class VoteSettings(MixtureSettings):
    """The settings of `mot-vote`."""

    threshold: float = Field(0.6, gt=0.0, le=1.0)
    """The share of all samples, the paper's tau, at or above which the majority is accepted."""


class Thoughts(NamedTuple):
    """The samples of both prompts, all numbered together."""

    chains: Sequence[Sample]
    programs: Sequence[Sample]


class MixtureOfThought:
    """The base of both rules of Yue et al. 2023 (arXiv 2310.03094).

    The small tier answers n times with a chain of thought and n times with a program of thought,
    whose result in the sandbox is the answer. A rule accepts the majority or asks the large tier.
    It needs a sandbox, and questions with a short answer. Departures: the paper draws 20 and 20
    samples of gpt-3.5-turbo with demonstrations; here there are 4 and 4 without any, and the
    chain's prompt is that of the presets, so that its draws are those of `self-consistency`.

    Args:
        team: the tiers `small` and `large` answer.
        options: the kind of questions, the seed, and the system's settings.

    Raises:
        CopeError: for questions of another kind, without a sandbox, or for a wrong setting.
    """

    name = ""
    tiers = (SMALL, LARGE)
    settings_type: type[MixtureSettings] = MixtureSettings

    def __init__(self, team: Team, options: SystemOptions) -> None:
        if options.domain != DEFAULT_DOMAIN:
            raise CopeError(
                f"{self.name} is for questions with a short answer, which a program can compute, "
                f"and these are of kind {options.domain!r}"
            )
        self.domain = options.domain
        self.chosen = parse_settings(self.settings_type, dict(options.settings), self.name)
        drawn: dict[str, Any] = {"reasoner": SMALL, "samples": self.chosen.samples}
        drawn["temperature"] = self.chosen.temperature
        chains = Preset.model_validate({"name": "chains", "rounds": [drawn]})
        drawn["thought"] = "program"
        programs = Preset.model_validate({"name": "programs", "rounds": [drawn]})
        all_drawn = replace(options, early_stop=NONE)
        self._chains = make_cascade(chains, team, all_drawn)
        self._programs = make_cascade(programs, team, all_drawn)
        self._large = make_cascade(LARGE, team, options)
        self._answers = ANSWER_KINDS.by_name(self._chains.answer_kind)

    @property
    def threshold(self) -> float:
        """The confidence at or above which the first stage answers."""
        return 1.0

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The samples of the small tier, then the large tier."""
        samples = 2 * self.chosen.samples
        label = f"{SMALL} solves by chains and programs"
        first = Stage(1, label, (SMALL,), samples=samples, threshold=self.threshold)
        return first, Stage(2, f"{LARGE} solves", (LARGE,))

    async def confidence(self, thoughts: Thoughts, pooled: Verdict) -> float:
        """Return the confidence that is compared with the threshold, 0 to 1.

        Args:
            thoughts: the samples.
            pooled: the votes of all samples.
        """
        raise NotImplementedError

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        """Answer a question."""
        began = time.perf_counter()
        thoughts = await self._draw(inputs)
        samples = [*thoughts.chains, *thoughts.programs]
        pooled = await pool_votes(samples, self._answers)
        confidence = await self.confidence(thoughts, pooled)
        accepted = pooled.answer is not None and confidence >= self.threshold - FLOAT_TOLERANCE
        record = pooled_record(
            samples,
            pooled,
            accepted=accepted,
            threshold=self.threshold,
            seconds=time.perf_counter() - began,
            confidence=confidence,
        )
        if accepted:
            return dspy.Prediction(**first_stage_answer(record))
        with at_stage(2):
            solved = await self._large.acall(**inputs)
        solved.rounds = [record, *solved.rounds]
        return solved

    async def _draw(self, inputs: dict[str, Any]) -> Thoughts:
        """Draw all samples of a question together."""
        chains, programs = await asyncio.gather(
            self._chains.acall(**inputs), self._programs.acall(**inputs)
        )
        return Thoughts(
            samples_of(chains.rounds[0]["samples"]),
            samples_of(programs.rounds[0]["samples"], self.chosen.samples),
        )

    def fingerprint(self) -> str:
        """Return a digest of the prompts and the settings."""
        parts = (self._chains, self._large, self._programs)
        prompts = [part.dump_state() for part in parts]
        return digest(*prompts, self.chosen.model_dump(mode="json"))

    def settings(self) -> dict[str, Any]:
        """Return the seed and the rule for stopping early, as a cascade does."""
        return self._large.settings()

    def concurrency(self) -> int:
        """Return how many questions in flight keep the small tier busy."""
        return self._chains.concurrency()

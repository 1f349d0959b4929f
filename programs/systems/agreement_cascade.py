"""ABC: several small models answer once each, and the large one where they do not agree."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import dspy
from pydantic import Field

from ...answers.kinds.registry import ANSWER_KINDS
from ...errors import CopeError
from ...models import Team
from ...models.tier_error import unknown_tier_error
from ...stats.tiers import LARGE, SMALL
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.hashing import digest
from ..cascade import Cascade
from ..confidence.base import Sample, Verdict
from ..confidence.early_stopping import NONE
from ..domains.registry import domain_by_name
from ..preset import Preset
from .base import SystemOptions
from .make_cascade import make_cascade
from .pooled_votes import first_stage_answer, pool_votes, pooled_record, samples_of
from .settings import SystemSettings, parse_settings
from .stage import Stage
from .stage_scope import at_stage

THETA = 0.67
"""The share of the small models that must be exceeded without training: two of three are less."""

_NOT_MODELS = (LARGE, "judge")


class AgreementSettings(SystemSettings):
    """The settings of `abc`."""

    theta: float = Field(THETA, ge=0.0, lt=1.0)
    """The answer is accepted when more than this share of the small models gave it."""
    tiers: tuple[str, ...] = ()
    """The small models; empty for all tiers of the team but `large`."""
    samples: int = Field(0, ge=0, le=64)
    """With one small model: how many of its samples stand in for models; 0 for none."""
    temperature: float = Field(0.8, gt=0.0, le=2.0)
    """Of these samples."""


class AgreementCascade:
    """Agreement-based cascading (Kolawole et al. 2024, arXiv 2407.02348).

        s = small models that gave the most frequent answer / k
        accept when s > theta, else the large tier answers

    It needs k small models, which `--tier` adds to the team. Departures: one level of small models,
    each with one greedy call, then the large tier. The paper sets theta on about 100 labeled
    questions, as `cope train abc` does; here it is a setting, and 0.67 without one, so that two of
    three models do not suffice. Where the team has one small model, its samples may stand in for
    models: the paper does not do that, since samples of one model share its mistakes.

    Args:
        team: the tiers.
        options: the kind of questions, the seed, and the system's settings.

    Raises:
        CopeError: for a team with one small model, questions whose answers are no lines, or a wrong
            setting.
    """

    name = "abc"

    def __init__(self, team: Team, options: SystemOptions) -> None:
        kind = domain_by_name(options.domain)
        if not kind.answers_are_lines:
            raise CopeError(
                f"{self.name} compares answers of one line, and these are of kind "
                f"{options.domain!r}"
            )
        self.domain = options.domain
        self.chosen = parse_settings(AgreementSettings, dict(options.settings), self.name)
        self._small_tiers = small_tiers(self.chosen, team.tiers)
        self.tiers = (*self._small_tiers, LARGE)
        everything = replace(options, early_stop=NONE)
        if self.chosen.samples:
            drawn = {"reasoner": self._small_tiers[0], "samples": self.chosen.samples}
            drawn["temperature"] = self.chosen.temperature
            preset = Preset.model_validate({"name": "samples", "rounds": [drawn]})
            self._small = [make_cascade(preset, team, everything)]
        else:
            self._small = [make_cascade(tier, team, everything) for tier in self._small_tiers]
        self._large = make_cascade(LARGE, team, options)
        self._answers = ANSWER_KINDS.by_name(self._large.answer_kind)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The small models, then the large one."""
        count = self.chosen.samples or len(self._small)
        label = f"{' and '.join(self._small_tiers)} must agree"
        first = Stage(1, label, self._small_tiers, samples=count, threshold=self.chosen.theta)
        return first, Stage(2, f"{LARGE} solves", (LARGE,))

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        """Answer a question; `confidence` is the share of the small models that agree."""
        began = time.perf_counter()
        samples = await self._ask_small(inputs)
        verdict = await pool_votes(samples, self._answers)
        theta = self.chosen.theta
        accepted = accepts_share(verdict, theta)
        seconds = time.perf_counter() - began
        record = pooled_record(
            samples, verdict, accepted=accepted, threshold=theta, seconds=seconds
        )
        if accepted:
            return dspy.Prediction(**first_stage_answer(record))
        with at_stage(2):
            solved = await self._large.acall(**inputs)
        solved.rounds = [record, *solved.rounds]
        return solved

    async def _ask_small(self, inputs: dict[str, Any]) -> list[Sample]:
        """Ask all small models at once."""
        solved = await asyncio.gather(*[cascade.acall(**inputs) for cascade in self._small])
        samples: list[Sample] = []
        for prediction in solved:
            samples += samples_of(prediction.rounds[0]["samples"], len(samples))
        return samples

    def fingerprint(self) -> str:
        """Return a digest of the prompts and the settings."""
        prompts = [cascade.dump_state() for cascade in [*self._small, self._large]]
        return digest(*prompts, self.chosen.model_dump(mode="json"), self._small_tiers)

    def settings(self) -> dict[str, Any]:
        """Return the seed and the rule for stopping early, as a cascade does."""
        return self._large.settings()

    def concurrency(self) -> int:
        """Return how many questions in flight keep the first small model busy."""
        first: Cascade = self._small[0]
        return first.concurrency()


def accepts_share(verdict: Verdict, theta: float) -> bool:
    """Return whether more than a share of the small models gave the leading answer."""
    return verdict.answer is not None and verdict.confidence > theta + FLOAT_TOLERANCE


def small_tiers(chosen: AgreementSettings, tiers: Collection[str]) -> tuple[str, ...]:
    """Return the tiers of the small models.

    Args:
        chosen: the settings.
        tiers: the names of all tiers.

    Raises:
        CopeError: when one is missing, or when there is one alone without samples.
    """
    for tier in chosen.tiers:
        if tier not in tiers:
            raise CopeError(f"system abc: tiers: {unknown_tier_error(tier, tiers)}")
    named = chosen.tiers or tuple(tier for tier in tiers if tier not in _NOT_MODELS)
    if chosen.samples:
        return named[:1] if chosen.tiers else (SMALL,)
    if len(named) < 2:
        raise CopeError(
            "abc compares the answers of several small models, and here is one: name more "
            'with --tier NAME=MODEL, or write a file abc-samples.toml with system = "abc" and '
            "samples = 3, which asks the small model three times, and give it in place of abc"
        )
    return named

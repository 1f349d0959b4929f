"""Ask the tiers in the order that a trained system decides, question by question."""

from pathlib import Path
from typing import Any

import dspy

from ...models import Team
from ..cascade import Cascade
from ..preset import Preset, parse_preset, tier_alone
from ..round_record import RoundRecord
from .base import System, SystemOptions
from .make_cascade import make_cascade
from .outcomes import Observation
from .policy import check_decision
from .self_verification import CheckedTier
from .stage import Stage, tiers_label
from .stage_scope import at_stage
from .trained_file import TrainedFile, load_trained

TEMPERATURE = 0.7
"""Of several samples; a single one is greedy."""


class TrainedSystem:
    """A system of a file that `cope train` wrote.

    Args:
        name: under which its results are stored.
        trained: the content of the file.
        team: answers.
        options: the kind of questions, the seed and what else the user chose.

    Raises:
        CopeError: for other models or another kind of questions than those of the training.
    """

    def __init__(self, name: str, trained: TrainedFile, team: Team, options: SystemOptions) -> None:
        self.name, self.trained, self.team = name, trained, team
        self.domain = options.domain
        self.tiers = tuple(trained.tiers)
        trained.check_models({tier: one.model for tier, one in team.tiers.items()}, name)
        trained.check_weights(lambda tier: team[tier].weights_digest(), name)
        self.policy = trained.policy()
        self.probes: dict[str, System] = {}
        for tier in self.tiers:
            checks = self.policy.checks_itself and tier == self.tiers[0]
            self.probes[tier] = tier_probe(tier, trained.samples[tier], checks, team, options)
        answer_kind = getattr(self.probes[self.tiers[-1]], "answer_kind", trained.answer_kind)
        trained.check_questions(options.domain, answer_kind, name)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """One stage for each tier, the cheapest first."""
        stages = []
        for number, tier in enumerate(self.tiers, 1):
            label = tiers_label(None, tier)
            stages.append(Stage(number, label, (tier,), self.trained.samples[tier]))
        return tuple(stages)

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        """Answer a question; `confidence` is the estimated probability of a right answer."""
        seen: dict[str, Observation] = {}
        predictions: dict[str, dspy.Prediction] = {}
        records: list[RoundRecord] = []
        while True:
            (decision,) = self.policy.decide([inputs["question"]], [seen])
            check_decision(decision, seen)
            if decision.is_final:
                break
            with at_stage(self.tiers.index(decision.tier) + 1):
                predicted = await self.probes[decision.tier].acall(**inputs)
            predictions[decision.tier] = predicted
            seen[decision.tier] = Observation(predicted.answer, float(predicted.confidence))
            records.append(predicted.rounds[-1])
        answering = predictions[decision.tier]
        number = self.tiers.index(decision.tier) + 1
        for record in records:
            record["accepted"] = record["round"] == number and answering.answer is not None
        confidence = decision.confidence
        return dspy.Prediction(
            answer=answering.answer,
            round=number,
            confidence=answering.confidence if confidence is None else confidence,
            votes=answering.rounds[-1]["votes"],
            rounds=records,
        )

    def fingerprint(self) -> str:
        """Return a digest of what was learned, and of the prompts of each tier."""
        prompts = [self.probes[tier].fingerprint() for tier in self.tiers]
        return "-".join([self.trained.identity(), *prompts])

    def settings(self) -> dict[str, Any]:
        """Return the seed and the rule for stopping early, as a cascade does."""
        return self.probes[self.tiers[-1]].settings()

    def concurrency(self) -> int:
        """Return how many questions in flight keep the first tier busy."""
        return self.probes[self.tiers[0]].concurrency()


def tier_preset(tier: str, samples: int) -> Preset:
    """Return the preset that asks one tier for some samples, which vote.

    >>> tier_preset("small", 5).rounds[0].samples
    5
    """
    if samples == 1:
        return tier_alone(tier)
    round_ = {"reasoner": tier, "samples": samples, "temperature": TEMPERATURE}
    return parse_preset({"name": f"{tier}-{samples}", "rounds": [round_]}, tier)


def tier_probe(tier: str, samples: int, checks: bool, team: Team, options: SystemOptions) -> System:
    """Return what answers for one tier: in training as at run time.

    Args:
        tier: the tier.
        samples: number of its answers, which vote.
        checks: whether its confidence is the share of its own checks.
        team: answers.
        options: those of the system.
    """
    cascade: Cascade = make_cascade(tier_preset(tier, samples), team, options)
    if checks:
        return CheckedTier(tier, cascade, team, options.seed)
    return cascade


def load_trained_system(path: str, team: Team, options: SystemOptions) -> TrainedSystem:
    """Return the system of a file, named after the file.

    Raises:
        CopeError: when the file is no trained system, or does not fit the team or the questions.
    """
    return TrainedSystem(Path(path).stem, load_trained(path), team, options)

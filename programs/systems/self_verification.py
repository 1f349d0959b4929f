"""Self-verification: a small model answers and checks itself; a large one answers when it doubts.

The self-verification is that of AutoMix (Aggarwal, Madaan et al., arXiv 2310.12963) with one fixed
threshold. AutoMix also learns thresholds and a POMDP from labels.
"""

import asyncio
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from ...models import Team
from ...stats.tiers import LARGE, SMALL
from ...util.hashing import digest
from ..cascade import Cascade
from ..round_record import RoundRecord
from ..sampling import derive_seed
from .base import SystemOptions
from .make_cascade import make_cascade
from .stage import Stage
from .stage_scope import at_stage

CHECKS = 8
THRESHOLD = 0.5
TEMPERATURE = 0.7


class Verify(dspy.Signature):
    """Decide whether the answer to the question is correct. Think about what could be wrong with it."""  # noqa: E501

    question: str = dspy.InputField()
    answer: str = dspy.InputField()
    reasoning: str = dspy.OutputField()
    correct: bool = dspy.OutputField(desc="True or False")


class CheckedTier:
    """One tier that answers, and then checks its answer several times.

    Args:
        tier: the tier.
        cascade: answers with this tier alone.
        team: has the tier.
        seed: the draws of the checks depend on it.
    """

    def __init__(self, tier: str, cascade: Cascade, team: Team, seed: int) -> None:
        self.tier, self.cascade, self.team, self.seed = tier, cascade, team, seed
        self.verify = dspy.Predict(Verify)
        self.name, self.domain, self.tiers = f"{tier}-checked", cascade.domain, (tier,)
        self.answer_kind = cascade.answer_kind
        label = f"{tier} solves and checks"
        self.stages = (Stage(1, label, (tier,), samples=CHECKS),)

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        """Answer a question; `confidence` is the share of checks that find the answer correct."""
        solved = await self.cascade.acall(**inputs)
        correct = 0
        if solved.answer is not None:
            correct = await self._count_correct(inputs["question"], solved.answer)
        record = _checked_record(solved.rounds[0], correct)
        return dspy.Prediction(
            answer=solved.answer,
            round=record["round"],
            confidence=record["confidence"],
            votes=record["votes"],
            rounds=[record],
        )

    async def _count_correct(self, question: str, answer: str) -> int:
        """Return how many of the checks find an answer correct."""
        checks = [self._check(question, answer, index) for index in range(CHECKS)]
        return sum(await asyncio.gather(*checks))

    async def _check(self, question: str, answer: str, index: int) -> bool:
        tier = self.team[self.tier]
        rollout = derive_seed(self.seed, "verify", index)
        config: dict[str, Any] = {"temperature": TEMPERATURE, "rollout_id": rollout}
        if tier.seeded:
            config["seed"] = rollout
        try:
            with tier.context():
                checked = await self.verify.acall(question=question, answer=answer, config=config)
        except AdapterParseError:
            return False
        return bool(checked.correct)

    def fingerprint(self) -> str:
        """Return a digest of the prompts and the number of checks."""
        return digest(self.verify.dump_state(), self.cascade.dump_state(), CHECKS, TEMPERATURE)

    def settings(self) -> dict[str, Any]:
        """Return the seed and the rule for stopping early, as a cascade does."""
        return self.cascade.settings()

    def concurrency(self) -> int:
        """Return how many questions in flight keep the tier busy."""
        return self.cascade.concurrency()


class SelfVerification:
    """The small tier answers and checks itself several times; the large one answers its doubts.

    Args:
        team: the tiers `small` and `large` answer.
        options: the kind of questions, the seed and what else the user chose.
    """

    name = "self-verification"
    tiers = (SMALL, LARGE)
    stages = (
        Stage(1, f"{SMALL} solves and checks", (SMALL,), samples=CHECKS, threshold=THRESHOLD),
        Stage(2, f"{LARGE} solves", (LARGE,)),
    )

    def __init__(self, team: Team, options: SystemOptions) -> None:
        self.domain = options.domain
        small = make_cascade(SMALL, team, options)
        self._small = CheckedTier(SMALL, small, team, options.seed)
        self._large = make_cascade(LARGE, team, options)

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        """Answer a question; `confidence` is the share of checks that find the answer correct."""
        checked = await self._small.acall(**inputs)
        (record,) = checked.rounds
        record["threshold"] = THRESHOLD
        record["accepted"] = checked.answer is not None and checked.confidence >= THRESHOLD
        if record["accepted"]:
            return checked
        with at_stage(2):
            again = await self._large.acall(**inputs)
        again.rounds = [record, *again.rounds]
        return again

    def fingerprint(self) -> str:
        """Return a digest of the prompts, the number of checks and the threshold."""
        small, large = self._small.cascade.dump_state(), self._large.dump_state()
        return digest(self._small.verify.dump_state(), small, large, CHECKS, THRESHOLD, TEMPERATURE)

    def settings(self) -> dict[str, Any]:
        """Return the seed and the rule for stopping early, as a cascade does."""
        return self._small.settings()

    def concurrency(self) -> int:
        """Return how many questions in flight keep the small tier busy."""
        return self._small.concurrency()


def _checked_record(solved: RoundRecord, correct: int) -> RoundRecord:
    """Return the record of a tier's answer with the outcome of its checks."""
    record = solved.copy()
    record["confidence"] = correct / CHECKS
    record["asked"] = CHECKS
    record["votes"] = {"correct": correct, "incorrect": CHECKS - correct}
    return record

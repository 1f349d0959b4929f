"""What the rounds of a question so far left for the next one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import dspy

from ..util.text import shorten
from .confidence.base import Sample, Verdict
from .hedging import EarlyPlan

_MAX_ANSWERS = 4
_MAX_CHARS = 80  # of an answer
_MAX_OUTCOME_CHARS = 300


@dataclass
class Progress:
    """The state of a question between two rounds.

    Attributes:
        plans: the forwarded plans by round; empty for a plan that says nothing. A round whose plan
            could not be read has no entry.
        attempts: what the samples of the last round said.
        early_plan: the plan of the coming round, where it was started early.
        next_plan: the plan of the round after the running one, where it may be started early.
    """

    plans: dict[int, str] = field(default_factory=dict)
    attempts: str = ""
    early_plan: EarlyPlan | None = None
    next_plan: EarlyPlan | None = None

    def add(self, number: int, result: dspy.Prediction) -> None:
        """Add the result of a round.

        Args:
            number: the round, from 1.
            result: what `CascadeRound` returned.
        """
        if result.plan is not None:
            self.plans[number] = result.plan
        self.attempts = describe_attempts(result.verdict, result.samples)
        is_started = self.next_plan is not None and self.next_plan.is_started
        self.early_plan = self.next_plan if is_started else None


def describe_attempts(verdict: Verdict, samples: Sequence[Sample]) -> str:
    """Describe what the samples of a round said: their votes, or the test that the best one fails.

    >>> samples = [Sample(0, answer="4"), Sample(1, answer="4"), Sample(2), Sample(3, answer="5")]
    >>> describe_attempts(Verdict("4", 0.5, (0, 1), {"4": 2, "5": 1}), samples)
    'of 4 answers: 2 say 4, 1 says 5, 1 gives none'
    """
    failure = _failed_test(verdict, samples)
    if failure:
        return failure
    parts = []
    for vote, count in list(verdict.votes.items())[:_MAX_ANSWERS]:
        parts.append(f"{count} {'says' if count == 1 else 'say'} {shorten(vote, _MAX_CHARS)}")
    silent = sum(sample.vote is None for sample in samples)
    if silent:
        parts.append(f"{silent} {'gives' if silent == 1 else 'give'} none")
    return f"of {len(samples)} answers: {', '.join(parts)}"


def _failed_test(verdict: Verdict, samples: Sequence[Sample]) -> str:
    """Return the first test that the best program fails; empty when it fails none."""
    for sample in samples:
        if sample.report is None or sample.index not in verdict.supporters[:1]:
            continue
        for outcome in sample.report.outcomes:
            if not outcome.passed:
                text = f"the best program fails {outcome.test.strip()}: {outcome.message}"
                return shorten(text, _MAX_OUTCOME_CHARS)
    return ""

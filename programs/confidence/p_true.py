"""P(True): the model's own probability that the answer with the most support is right."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dspy
import numpy as np
from dspy.utils.exceptions import AdapterParseError, ContextWindowExceededError

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH
from ...errors import LacksLogprobs
from ...models import call_labels, metered
from ...models.adapter import LeanAdapter
from ...signatures.truth import IsTrue
from ...util.arrays import Array
from ..round_record import RoundRecord
from .base import Sample, Tally
from .gate import GateText
from .vectorized import RoundSamples
from .weighted_votes import ValuedVotes, WeightedTally, most_weighted

UNDECIDED = 0.5
"""P(True) where the model says neither word, or the question is too long to ask again."""

_GATE = GateText(
    name="p-true",
    label="share of the votes times P(True)",
    joined="share of the votes times P(True)",
    unit="of the votes times P(True)",
    heading="Can P(True) be trusted?",
    caption="A P(True) that can be trusted lies on the diagonal",
)


class PTrue(ValuedVotes):
    """The share of the votes times P(True) (Kadavath et al. 2022, arXiv 2207.05221).

        P(True) = probability of the word True, when the model is asked whether the answer is right
        answer = the one with the greatest sum of P(True) over its samples
        confidence = this sum / number of samples

    The round's reasoner is asked once for each different answer, in a greedy call of one token with
    its log-probability, which the engine must give. Departures: one sample has the paper's P(True)
    as confidence; several samples weight it by their votes, which the paper shows to the model
    instead. Where the model says False, P(True) is 1 minus the probability of that word.
    """

    kind = "p-true"
    finishing_calls_by_vote = True
    columns = ("p_true",)
    gate_text = _GATE

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        return PTrueTally(self, order, answers, str((inputs or {}).get("question") or ""))

    def values(self, samples: RoundSamples) -> Array:
        return samples.column("p_true")

    def share(self, votes: Array, values: Array) -> tuple[Array, Array, Array]:
        voted = votes >= 0
        if np.isnan(values[voted]).any():
            raise LacksLogprobs(
                "the record has no P(True), which the confidence 'p-true' needs: record a program "
                "whose round names it"
            )
        weights = np.where(voted, values, 0.0) / votes.shape[1]
        return most_weighted(votes, weights)

    def explain(self, record: RoundRecord, samples: int) -> str:
        most = next(iter(record["votes"].values()), 0)
        share = f"{record['confidence']:.0%}"
        return f"{most} of {record['asked']} samples agree, which times P(True) is {share}"


class PTrueTally(WeightedTally):
    """Counts the votes of one round, and asks for P(True) of each when all samples are there."""

    def __init__(
        self, confidence: PTrue, order: Sequence[int], answers: AnswerKind, question: str
    ) -> None:
        super().__init__(confidence, order, answers)
        self._question = question

    def value(self, sample: Sample) -> float | None:
        return sample.p_true

    async def finish(self) -> None:
        """Ask the round's reasoner once for each vote.

        Raises:
            LacksLogprobs: when its engine gives no log-probability.
        """
        for ranks in self.count.voters:
            supporters = [self._voted[rank] for rank in ranks]
            first = supporters[0]
            with call_labels(sample=first.index):
                probability = await p_true(self._question, str(first.answer))
            for sample in supporters:
                sample.p_true = probability


async def p_true(question: str, answer: str) -> float:
    """Return the probability that DSPy's current model gives to an answer being right.

    Raises:
        LacksLogprobs: when its engine gives no log-probability.
    """
    config = {"temperature": 0.0, "max_tokens": 1, "logprobs": True}
    # Other adapters begin a reply with a marker, and here its first token counts.
    with metered() as meter, dspy.context(adapter=LeanAdapter()):
        try:
            said = await dspy.Predict(IsTrue).acall(
                question=question, answer=answer, config=config, lm=dspy.settings.lm
            )
        except (AdapterParseError, ContextWindowExceededError):
            return UNDECIDED
    logprob = meter.calls[-1].logprob
    if logprob is None:
        raise LacksLogprobs(
            "the model returned no log-probabilities, which the confidence 'p-true' needs: name "
            "another confidence in the preset's round, such as 'votes'"
        )
    probability = min(1.0, math.exp(logprob))
    return probability if said.right == "True" else 1.0 - probability

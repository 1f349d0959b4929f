"""Agreement of free text: samples that say the same form a group, and the largest one answers."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH
from ...util.hashing import digest
from ...util.text import shorten
from ..round_record import RoundRecord
from .base import Confidence, Sample, Tally, Verdict
from .gate import VOTES
from .similarity import medoid
from .vectorized import RoundSamples, VerdictArrays, most_voted, verdict_arrays


class Agreement(Confidence):
    """Share of the samples in the largest group of those that say the same.

        confidence = samples of the largest group / number of samples

    The answer is the group's medoid: the sample that is most alike to the others by character
    n-grams. It needs no log-probabilities. A tie goes to the group whose first sample comes first
    in the round's seeded order.

    A subclass writes `kind` and `group`.
    """

    labels_are_answers = False
    gate_text = VOTES

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        return AgreementTally(self, order, str((inputs or {}).get("question") or ""))

    @abstractmethod
    async def group(self, question: str, texts: Sequence[str]) -> list[int]:
        """Return the group of each text, as numbers from 0; there are at least two texts."""

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        lead, most, supporters = most_voted(samples)
        answers = samples.in_order(samples.column("answer"))
        answered = samples.in_order(samples.answered)
        for row in np.flatnonzero(lead >= 0):
            members = np.flatnonzero(supporters[row])
            lead[row] = members[medoid([str(answers[row, place]) for place in members])]
        # Without a group the first answer is returned, and its confidence is 0.
        alone = (lead < 0) & answered.any(axis=1)
        lead = np.where(alone, answered.argmax(axis=1), lead)
        supporters[alone, lead[alone]] = True
        confidence = most / samples.order.shape[1]
        verdicts = verdict_arrays(samples, lead, confidence, supporters)
        # The leading sample forwards its plan, if it has one.
        rows = np.flatnonzero(lead >= 0)
        leaders = verdicts.leader[rows]
        forwarded = verdicts.forwarded.copy()
        planned = samples.planned[rows, leaders]
        forwarded[rows[planned]] = leaders[planned]
        return replace(verdicts, forwarded=forwarded)

    def explain(self, record: RoundRecord, samples: int) -> str:
        most = next(iter(record["votes"].values()), 0)
        return f"{most} of {record['asked']} samples say the same ({record['confidence']:.0%})"


class AgreementTally:
    """Collects the samples of a round and groups them when all are there."""

    def __init__(self, confidence: Agreement, order: Sequence[int], question: str) -> None:
        self.kind = confidence.kind
        self._confidence, self._question = confidence, question
        self._order, self._missing = list(order), len(order)
        self._samples: dict[int, Sample] = {}

    async def evaluate(self, sample: Sample) -> None:
        """Do nothing, because samples are grouped together."""

    async def add(self, sample: Sample) -> None:
        self._missing -= 1
        if sample.answer is not None:
            self._samples[sample.index] = sample

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        return self._missing == 0  # the groups are made of all samples

    async def finish(self) -> None:
        """Group the samples, and label each with its group."""
        samples = self._in_order()
        if not samples:
            return
        texts = [str(sample.answer) for sample in samples]
        distinct = list(dict.fromkeys(texts))
        numbers = [0]
        if len(distinct) > 1:
            numbers = await self._confidence.group(self._question, distinct)
        group_of = dict(zip(distinct, numbers, strict=True))
        for number in set(numbers):
            members = [text for text in texts if group_of[text] == number]
            label = _label(members[medoid(members)])
            for sample in samples:
                if group_of[str(sample.answer)] == number:
                    sample.vote_label = label

    def verdict(self) -> Verdict:
        samples = self._in_order()
        if not samples:
            return Verdict(None, 0.0, (), {})
        groups: dict[str, list[Sample]] = {}
        for sample in samples:
            if sample.vote_label is not None:
                groups.setdefault(sample.vote_label, []).append(sample)
        if not groups:
            return Verdict(samples[0].answer, 0.0, (samples[0].index,), {})
        ranked = sorted(groups, key=lambda label: -len(groups[label]))
        members = groups[ranked[0]]
        leader = members[medoid([str(sample.answer) for sample in members])]
        others = [sample.index for sample in members if sample is not leader]
        return Verdict(
            leader.answer,
            len(members) / len(self._order),
            (leader.index, *others),
            {label: len(groups[label]) for label in ranked},
        )

    def _in_order(self) -> list[Sample]:
        return [self._samples[index] for index in self._order if index in self._samples]


def _label(text: str) -> str:
    """Return a group's label: the beginning of its medoid, and a digest that tells it apart."""
    return f"{shorten(' '.join(text.split()), 60)} [{digest(text)[:6]}]"

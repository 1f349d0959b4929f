"""Program outputs: programs vote by the values that they return for the same inputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...answers.code.entry_point import guess_entry_point
from ...answers.code.probe_inputs import probe_calls
from ...answers.kinds.base import AnswerKind
from ...answers.kinds.code import CODE
from ...sandbox import Sandbox, TestSuite, open_sandbox
from ..round_record import RoundRecord
from ..sampling import derive_seed
from .base import Sample, Tally, Verdict
from .vectorized import (
    RoundSamples,
    VerdictArrays,
    decide_in_blocks,
    most_voted,
    verdict_arrays,
)
from .votes import VoteShare, VoteTally

_LONGEST = 120  # characters of a value within a vote


class ProgramOutputs(VoteShare):
    """Share of the programs that give the same results on the same inputs.

        confidence = programs with the most frequent results / number of samples

    The inputs are the calls in the question, then values generated from the function's signature.
    Objects vote by the program's own `repr`. A program that fails on every input has no vote, and
    neither has one whose objects differ only in their address, nor the only program of a round.

    Args:
        sandbox: opens the sandbox that the programs run in.
    """

    kind = "outputs"
    labels_are_answers = False
    compares_answers = False
    runs_programs = True
    counts_votes = False  # the heuristic rules were measured on answers only

    def __init__(self, sandbox: Callable[[], Sandbox] = open_sandbox) -> None:
        self._sandbox = sandbox

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = CODE,
    ) -> Tally:
        inputs = inputs or {}
        question = str(inputs.get("question") or "")
        name = inputs.get("entry_point") or guess_entry_point(question)
        suite = TestSuite(tuple(probe_calls(question, name)), "", name)
        return _OutputTally(order, suite, self._sandbox())

    def count_votes(self, labels: Sequence[str | None], leading: str | None) -> dict[str, int]:
        return super().count_votes(labels, leading) if len(labels) > 1 else {}

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        return decide_in_blocks(samples, _decide)

    def explain(self, record: RoundRecord, samples: int) -> str:
        if not record["votes"]:
            return "Nothing was shown to test the programs by"
        return super().explain(record, samples)


def _decide(samples: RoundSamples) -> VerdictArrays:
    drawn = samples.order.shape[1]
    lead, most, supporters = most_voted(samples)
    if drawn == 1:  # a single program is not run, because there is no other to agree with
        lead, most, supporters = np.full_like(lead, -1), most * 0, supporters & False
    answered = samples.in_order(samples.answered)
    first = answered.argmax(axis=1)
    # Without a vote the first program answers a last round, and its confidence is 0.
    silent = (lead < 0) & answered.any(axis=1)
    lead = np.where(silent, first, lead)
    supporters[silent, first[silent]] = True
    return verdict_arrays(samples, lead, most / drawn, supporters)


class _OutputTally(VoteTally):
    """Counts programs with the same outputs as one vote."""

    kind = ProgramOutputs.kind

    def __init__(self, order: Sequence[int], suite: TestSuite, sandbox: Sandbox) -> None:
        super().__init__(order, CODE)
        self._suite, self._sandbox = suite, sandbox
        self._without_output: dict[int, Sample] = {}  # by rank

    async def evaluate(self, sample: Sample) -> None:
        if sample.answer is None or not self._suite.tests or self.total == 1:
            return
        sample.report = await self._sandbox.run(sample.answer, self._suite)
        # A program that fails on every input has no vote. Neither has one whose result is an object
        # without a text of its own, because it differs from others only in its address.
        outcomes = sample.report.outcomes
        comparable = all(outcome.value is not None for outcome in outcomes if outcome.passed)
        if sample.report.passed and comparable:
            sample.vote_label = "; ".join(f"{o.test} = {_brief(o.value)}" for o in outcomes)

    async def add(self, sample: Sample) -> None:
        if sample.answer is not None and sample.vote_label is None:
            self._without_output[self._rank[sample.index]] = sample
            sample = Sample(sample.index)
        await super().add(sample)

    def verdict(self) -> Verdict:
        verdict = super().verdict()
        if verdict.answer is not None or not self._without_output:
            return verdict
        # Without a vote the first program answers a last round, and its confidence is 0.
        first = self._without_output[min(self._without_output)]
        return Verdict(first.answer, 0.0, (first.index,), {}, "nothing shown to test it by")


def _brief(value: str | None) -> str:
    if value is None:
        return "error"
    if len(value) <= _LONGEST:
        return value
    # The digest distinguishes long values.
    return f"{value[:_LONGEST]}... ({len(value)} characters, {derive_seed(value):08x})"

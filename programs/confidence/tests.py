"""Visible tests: a program is accepted when it passes the tests that the question shows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...answers.code.visible_tests import guess_entry_point, visible_tests
from ...answers.kinds.base import AnswerKind
from ...answers.kinds.code import CODE
from ...sandbox import Sandbox, TestSuite, open_sandbox
from ..round_record import RoundRecord
from .base import Confidence, Sample, Tally, Verdict
from .gate import GateText, PassOrFail
from .outputs import ProgramOutputs
from .vectorized import RoundSamples, VerdictArrays, verdict_arrays

GATE = GateText(
    name="tests",
    label="passes the shown tests",
    joined="shown tests passed",
    unit="",
    heading="Can the shown tests be trusted?",
    caption="How often the chosen program is right on all tests",
    pass_or_fail=PassOrFail(
        noun="program",
        level=("fails the shown tests", "passes the shown tests"),
        short=("fails", "passes"),
        plural=("fail them", "pass them"),
        first=("failing the shown tests first", "passing the shown tests first"),
    ),
)


class VisibleTests(Confidence):
    """The first program that passes all visible tests decides (arXiv 2506.11578, MBPP).

        confidence = 1 when a program passes all visible tests, else 0

    First means first in the round's seeded order: a program that finishes before earlier ones waits
    for them, so that the answer does not depend on speed. Without such a program the best one
    leads, and its plan is forwarded. For a question without visible tests, programs vote by their
    outputs, see `ProgramOutputs`.

    Args:
        sandbox: opens the sandbox that the programs run in.
    """

    kind = "tests"
    single_sample_decides = True
    runs_programs = True
    labels_are_answers = False
    gate_text = GATE

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
        tests = inputs.get("tests")
        if tests is None:
            tests = visible_tests(question)
        if not tests:
            return ProgramOutputs(self._sandbox).tally(order, inputs, answers)
        name = inputs.get("entry_point") or guess_entry_point(question)
        suite = TestSuite(tuple(tests), str(inputs.get("setup") or ""), name)
        return _TestTally(order, suite, self._sandbox())

    def count_votes(self, labels: Sequence[str | None], leading: str | None) -> dict[str, int]:
        counts = Counter(label for label in labels if label is not None)
        ranked = sorted(counts, key=lambda label: (label != leading, label))
        return {label: counts[label] for label in ranked}

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        passed = samples.in_order(samples.passed)
        lead = passed.argmax(axis=1)
        best = passed[np.arange(len(passed)), lead]
        was_run = best >= 0
        supporters = (passed == best[:, None]) & was_run[:, None]
        confidence = was_run & (best == samples.total)
        return verdict_arrays(samples, np.where(was_run, lead, -1), confidence, supporters)

    def explain(self, record: RoundRecord, samples: int) -> str:
        best = next(iter(record["votes"])).removeprefix("passes ")
        who = "A program passes" if best.startswith("all") else "The best program passes"
        return f"{who} {'the one shown test' if best == 'all 1' else f'{best} shown tests'}"

    def num_levels(self, samples: int) -> int:
        return 1  # tests pass or fail


class _TestTally:
    """Ranks programs by the number of visible tests that they pass."""

    kind = VisibleTests.kind

    def __init__(self, order: Sequence[int], suite: TestSuite, sandbox: Sandbox) -> None:
        self._rank = {index: rank for rank, index in enumerate(order)}
        self._suite, self._sandbox = suite, sandbox
        self._samples: dict[int, Sample] = {}  # by rank
        self._missing = set(self._rank.values())

    async def evaluate(self, sample: Sample) -> None:
        if sample.answer is None:
            return
        sample.report = await self._sandbox.run(sample.answer, self._suite)
        passed, total = sample.report.passed, len(self._suite.tests)
        sample.vote_label = (
            f"passes {passed} of {total}" if passed < total else f"passes all {total}"
        )

    async def add(self, sample: Sample) -> None:
        rank = self._rank[sample.index]
        self._missing.discard(rank)
        if sample.report:
            self._samples[rank] = sample

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        if not self._missing:
            return True
        earliest, whole = min(self._missing), len(self._suite.tests)
        return any(
            rank < earliest and s.report and s.report.passed == whole
            for rank, s in self._samples.items()
        )

    def _best(self) -> int:
        return max((s.report.passed for s in self._samples.values() if s.report), default=-1)

    def verdict(self) -> Verdict:
        if not self._samples:
            return Verdict(None, 0.0, (), {})
        best, total = self._best(), len(self._suite.tests)
        leading = [
            s for _, s in sorted(self._samples.items()) if s.report and s.report.passed == best
        ]
        votes = Counter(s.vote_label or "" for s in self._samples.values())
        tests = f"{total} visible test{'s' * (total > 1)}"
        words = (
            f"a program passes the {tests}" if best == total else f"no program passes the {tests}"
        )
        if 0 < best < total:
            words += f", the best passes {best}"
        return Verdict(
            answer=leading[0].answer,
            confidence=float(best == total),
            supporters=tuple(sample.index for sample in leading),
            votes={
                vote: votes[vote]
                for vote in sorted(votes, key=lambda vote: (vote != leading[0].vote_label, vote))
            },
            explanation=words,
        )

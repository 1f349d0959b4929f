"""Visible tests: a program is accepted when it passes the tests that the question shows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...answers.code.entry_point import guess_entry_point
from ...answers.code.proposed_tests import proposed_tests
from ...answers.code.visible_tests import visible_tests
from ...answers.kinds.base import AnswerKind
from ...answers.kinds.code import CODE
from ...sandbox import Sandbox, TestSuite, open_sandbox
from ..round_record import RoundRecord
from .base import Confidence, Tally
from .gate import GateText, PassOrFail
from .outputs import ProgramOutputs
from .proposed_tests import ProposedTestTally
from .suite_tally import SuiteTally
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


PROPOSED = "proposed_tests"
"""The input of a tally that holds tests that the round's planner wrote."""

KEPT = "kept_tests"
"""The input of a tally that holds the tests that earlier rounds kept of those."""


class VisibleTests(Confidence):
    """The first program that passes all visible tests decides (arXiv 2506.11578, MBPP).

        confidence = 1 when a program passes all visible tests, else 0

    First means first in the round's seeded order: a program that finishes before earlier ones waits
    for them, so that the answer does not depend on speed. Without such a program the best one
    leads, and its plan is forwarded. Tests that a planner wrote count where they hold, see
    `ProposedTestTally`. For a question without visible tests, programs vote by their
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
        name = inputs.get("entry_point") or guess_entry_point(question)
        tests = [*tests, *proposed_tests(str(inputs.get(KEPT) or ""), tests, name)]
        proposed = proposed_tests(str(inputs.get(PROPOSED) or ""), tests, name)
        if not tests and not proposed:
            return ProgramOutputs(self._sandbox).tally(order, inputs, answers)
        suite = TestSuite((*tests, *proposed), str(inputs.get("setup") or ""), name)
        if proposed:
            return ProposedTestTally(order, suite, len(tests), self._sandbox())
        return SuiteTally(order, suite, self._sandbox())

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

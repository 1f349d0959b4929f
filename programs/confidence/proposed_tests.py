"""A gate with tests that a model proposed, of which it keeps those that hold."""

from collections.abc import Sequence
from dataclasses import replace

from ...sandbox import Sandbox, TestReport, TestSuite
from .base import Sample, Tally
from .suite_tally import SuiteTally


class ProposedTestTally(SuiteTally):
    """Ranks programs by the visible tests and by the proposed tests that hold.

    A proposed test holds when most programs agree with it, or when one program passes all tests.
    The programs that pass the visible tests are asked; where none does, all are. The programs are
    independent samples, so that a wrong test seldom finds a majority.

    Args:
        order: the samples' indices in their seeded order.
        suite: the visible tests, and after them the proposed ones.
        visible: number of visible tests.
        sandbox: runs the programs.
    """

    def __init__(
        self, order: Sequence[int], suite: TestSuite, visible: int, sandbox: Sandbox
    ) -> None:
        super().__init__(order, suite, sandbox)
        self._visible = visible

    @property
    def kept_tests(self) -> tuple[str, ...]:
        """The proposed tests that hold, once the count is finished."""
        return self._suite.tests[self._visible :]

    async def finish(self) -> None:
        """Leave out the proposed tests that do not hold, in the suite and in all reports."""
        reports = [sample.report for sample in self._samples.values() if sample.report]
        kept = [*range(self._visible), *self._holding(reports)]
        tests = tuple(self._suite.tests[place] for place in kept)
        self._suite = replace(self._suite, tests=tests)
        for sample in self._samples.values():
            if sample.report:
                outcomes = sample.report.outcomes
                shown = tuple(outcomes[place] for place in kept if place < len(outcomes))
                sample.report = replace(sample.report, outcomes=shown)
                self._label(sample)

    def _holding(self, reports: list[TestReport]) -> list[int]:
        """Return the places of the proposed tests that hold."""
        proposed = range(self._visible, len(self._suite.tests))
        if any(report.all_passed for report in reports):
            return list(proposed)
        judges = [r for r in reports if all(o.passed for o in r.outcomes[: self._visible])]
        judges = judges or reports
        holding = []
        for place in proposed:
            agreeing = sum(r.outcomes[place].passed for r in judges if place < len(r.outcomes))
            if 2 * agreeing > len(judges):
                holding.append(place)
        return holding


def keep_tests(tally: Tally, shared: Sample, samples: Sequence[Sample]) -> None:
    """Make the tests that hold the plan of a round, which later rounds see and records keep."""
    kept = tally.kept_tests if isinstance(tally, ProposedTestTally) else ()
    shared.plan = "\n".join(kept)
    for sample in samples:
        sample.plan = shared.plan

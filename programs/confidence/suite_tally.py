"""Count the programs of a round by the tests that they pass."""

from collections import Counter
from collections.abc import Sequence

from ...sandbox import Sandbox, TestSuite
from .base import Sample, Verdict


class SuiteTally:
    """Ranks programs by the number of visible tests that they pass."""

    kind = "tests"

    def __init__(self, order: Sequence[int], suite: TestSuite, sandbox: Sandbox) -> None:
        self._rank = {index: rank for rank, index in enumerate(order)}
        self._suite, self._sandbox = suite, sandbox
        self._samples: dict[int, Sample] = {}  # by rank
        self._missing = set(self._rank.values())

    async def evaluate(self, sample: Sample) -> None:
        if sample.answer is None:
            return
        sample.report = await self._sandbox.run(sample.answer, self._suite)
        self._label(sample)

    def _label(self, sample: Sample) -> None:
        """Set the vote of a sample whose program was run."""
        assert sample.report is not None
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

"""Tests that pass: a program is trusted because it does what the question shows, not because others agree."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...answers.code.probe_inputs import probe_calls
from ...answers.code.visible_tests import entry_point_of, shown_tests
from ...answers.kinds.base import AnswerKind
from ...answers.kinds.code import CODE
from ...sandbox import Sandbox, Suite, open_sandbox
from ..sampling import seed_of
from .base import Sample, Tally, Verdict
from .votes import VoteTally

_LONGEST = 120  # characters of a value within a vote


class TestsPass:
    """A round is settled by the first program, in the round's seeded order, that passes all visible tests (arXiv 2506.11578, MBPP).

        confidence = 1 when a program passes all of them, else 0

    A program that is finished before those that come earlier in the order waits for them, so that the answer does not hang on who
    is faster. The best program leads otherwise, and the plan behind it is handed on. Where the question shows no test, programs
    vote by what they do: each is run on the same inputs (the calls that stand in the question, then values made up from
    the function's signature), and those that give the same results agree. Without such inputs nobody has a vote.

    Args:
        sandbox: opens the sandbox that the programs run in.
    """

    __test__ = False  # its name makes test runners collect it
    one_settles = True

    def __init__(self, sandbox: Callable[[], Sandbox] = open_sandbox) -> None:
        self._sandbox = sandbox

    def tally(
        self,
        order: Sequence[int],
        given: Mapping[str, Any] | None = None,
        answers: AnswerKind = CODE,
    ) -> Tally:
        given = given or {}
        question = str(given.get("question") or "")
        shown = given.get("tests")
        tests = tuple(shown_tests(question) if shown is None else shown)
        name = given.get("entry_point") or entry_point_of(question)
        if tests:
            return _ByTests(
                order, Suite(tests, str(given.get("setup") or ""), name), self._sandbox()
            )
        return _ByOutputs(
            order, Suite(tuple(probe_calls(question, name)), "", name), self._sandbox()
        )


class _ByTests:
    """Programs by how many of the visible tests they pass."""

    kind = "tests"

    def __init__(self, order: Sequence[int], suite: Suite, sandbox: Sandbox) -> None:
        self._rank = {index: rank for rank, index in enumerate(order)}
        self._suite, self._sandbox = suite, sandbox
        self._samples: dict[int, Sample] = {}  # by rank
        self._missing = set(self._rank.values())

    async def examine(self, sample: Sample) -> None:
        if sample.answer is None:
            return
        sample.report = await self._sandbox.run(sample.answer, self._suite)
        passed, total = sample.report.passed, len(self._suite.tests)
        sample.ballot = f"passes {passed} of {total}" if passed < total else f"passes all {total}"

    async def add(self, sample: Sample) -> None:
        rank = self._rank[sample.index]
        self._missing.discard(rank)
        if sample.report:
            self._samples[rank] = sample

    def settled(self, threshold: float | None, hands_on: bool) -> bool:
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
        votes = Counter(s.ballot or "" for s in self._samples.values())
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
                for vote in sorted(votes, key=lambda vote: (vote != leading[0].ballot, vote))
            },
            words=words,
        )


class _ByOutputs(VoteTally):
    """Programs by what they give on the same inputs."""

    kind = "outputs"

    def __init__(self, order: Sequence[int], suite: Suite, sandbox: Sandbox) -> None:
        super().__init__(order, CODE)
        self._suite, self._sandbox = suite, sandbox
        self._silent: dict[int, Sample] = {}  # by rank: programs without results

    async def examine(self, sample: Sample) -> None:
        if sample.answer is None or not self._suite.tests or self.total == 1:
            return
        sample.report = await self._sandbox.run(sample.answer, self._suite)
        if sample.report.passed:  # one that fails on everything votes for nothing
            sample.ballot = "; ".join(
                f"{o.test} = {_brief(o.value)}" for o in sample.report.outcomes
            )

    async def add(self, sample: Sample) -> None:
        if sample.answer is not None and sample.ballot is None:
            self._silent[self._rank[sample.index]] = sample
            sample = Sample(sample.index)
        await super().add(sample)

    def verdict(self) -> Verdict:
        found = super().verdict()
        if found.answer is not None or not self._silent:
            return found
        first = self._silent[
            min(self._silent)
        ]  # an answer for a last round, and no reason to stop before
        return Verdict(first.answer, 0.0, (first.index,), {}, "nothing shown to test it by")


def _brief(value: str | None) -> str:
    if value is None:
        return "error"
    if len(value) <= _LONGEST:
        return value
    return f"{value[:_LONGEST]}... ({len(value)} characters, {seed_of(value):08x})"  # the last tells long values apart

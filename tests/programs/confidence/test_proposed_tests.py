"""A gate keeps the proposed tests that most programs agree with, or that one program passes all together."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from support.plan_worlds import InProcess

from cope.programs import VisibleTests
from cope.programs.confidence.base import Sample
from cope.programs.confidence.proposed_tests import ProposedTestTally
from cope.programs.confidence.tests import PROPOSED

QUESTION = {"question": "Double.", "tests": ["assert f(1) == 2"], "entry_point": "f"}
RIGHT, PLUS_ONE, WRONG = "2 * x", "x + 1", "0"
TRUE, OF_PLUS_ONE, FALSE = "assert f(4) == 8", "assert f(4) == 5", "assert f(4) == 9"


def counted(
    programs: Sequence[str], proposed: Sequence[str], order: Sequence[int] | None = None
) -> tuple[ProposedTestTally, list[Sample]]:
    order = order or range(len(programs))
    inputs = QUESTION | {PROPOSED: "\n".join(proposed)}
    tally = VisibleTests(lambda: InProcess()).tally(order, inputs)  # type: ignore[arg-type]
    assert isinstance(tally, ProposedTestTally)
    samples = []
    for index, body in enumerate(programs):
        samples.append(Sample(index, answer=f"def f(x):\n    return {body}"))

    async def count() -> None:
        for index in order:
            await tally.evaluate(samples[index])
            await tally.add(samples[index])
        await tally.finish()

    asyncio.run(count())
    return tally, samples


@pytest.mark.parametrize(
    ("programs", "proposed", "kept", "confidence"),
    [
        ([RIGHT, WRONG, WRONG], [TRUE], [TRUE], 1.0),  # one program passes all
        ([PLUS_ONE, PLUS_ONE, RIGHT], [TRUE], [TRUE], 1.0),
        ([PLUS_ONE, PLUS_ONE, WRONG], [TRUE], [], 1.0),  # nobody agrees: the shown test decides
        ([RIGHT, RIGHT, WRONG], [FALSE], [], 1.0),
        ([RIGHT, RIGHT, PLUS_ONE], [TRUE, FALSE], [TRUE], 1.0),
        ([WRONG, WRONG], [TRUE], [], 0.0),
        ([RIGHT, PLUS_ONE], [TRUE, FALSE], [], 1.0),  # half is not most
        # Programs that fail the shown test are not asked where others pass it.
        ([RIGHT, "5", "5", "5"], [OF_PLUS_ONE, TRUE], [TRUE], 1.0),
    ],
)
def test_what_is_kept(
    programs: list[str], proposed: list[str], kept: list[str], confidence: float
) -> None:
    tally, samples = counted(programs, proposed)
    assert list(tally.kept_tests) == kept
    assert tally.verdict().confidence == confidence
    for sample in samples:
        assert sample.report is not None
        assert [o.test for o in sample.report.outcomes] == [*QUESTION["tests"], *kept]


def test_the_order_in_which_programs_finish_changes_nothing() -> None:
    programs = [PLUS_ONE, RIGHT, RIGHT, WRONG]
    found = set()
    for order in itertools.permutations(range(4)):
        tally, _ = counted(programs, [TRUE, FALSE], order)
        found.add((tally.kept_tests, tally.verdict().confidence))
    assert found == {((TRUE,), 1.0)}


def test_a_program_that_fails_a_kept_test_does_not_lead() -> None:
    tally, _ = counted([PLUS_ONE, RIGHT, RIGHT], [TRUE])
    assert tally.verdict().supporters == (1, 2)


def test_proposed_tests_gate_a_question_without_visible_ones() -> None:
    inputs = {"question": "Double.", "tests": [], "entry_point": "f", PROPOSED: TRUE}
    tally = VisibleTests(lambda: InProcess()).tally([0], inputs)  # type: ignore[arg-type]
    assert isinstance(tally, ProposedTestTally)

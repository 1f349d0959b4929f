"""Rules for stopping a vote early: what they save, what they may change, and that neither hangs on who is faster."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from support.cascade_replies import QUESTION

from cope import Cascade, CopeError, load_preset
from cope.answers.kinds.base import AnswerKind
from cope.answers.kinds.math import MATH
from cope.programs import Sample, VisibleTests, VoteShare, accepts
from cope.programs.confidence.early_stopping import HEURISTIC_RULES, RULES, rescale_confidence
from cope.programs.sampling import derive_seed, draw_samples, seeded_order
from cope.sandbox import TestOutcome, TestReport, TestSuite

EIGHT = load_preset("answer-cascade")  # eight votes of the small model, then of the large one
ORDER = seeded_order(8, 0, QUESTION, 1)


def by_rank(*answers: str):
    """Replies of round 1 by their place in the seeded order; later rounds say 9."""
    ranks = {derive_seed(0, 1, "reason", index): rank for rank, index in enumerate(ORDER)}
    return lambda ask: f"Answer: {answers[ranks[ask.seed]] if ask.seed in ranks else 9}"


@pytest.mark.parametrize(
    ("rule", "asked"), [("none", 8), ("exact", 6), ("adaptive-consistency", 4), ("esc", 4)]
)
def test_what_a_unanimous_vote_takes(scripted, rule: str, asked: int):
    slow = {
        derive_seed(0, 1, "reason", index) for index in ORDER[asked:]
    }  # what is not waited for never ends by itself
    answer = by_rank(*"33333333")

    async def reply(ask: Any) -> str:
        await s.until_asked(8)
        if ask.seed in slow:
            await asyncio.sleep(60)
        return answer(ask)

    s = scripted(reply)
    prediction = Cascade(EIGHT, s.team, early_stop=rule)(question=QUESTION)
    assert (prediction.answer, prediction.round, prediction.early_stop) == ("3", 1, rule)
    (first,) = prediction.rounds
    assert (first["asked"], first["early_stop"], len(first["samples"])) == (asked, rule, asked)
    assert s.small.cancelled == 8 - asked and s.small.running == 0
    assert prediction.confidence == (6 / 8 if rule == "exact" else 1.0)


def test_an_inexact_rule_may_decide_otherwise_and_the_exact_one_does_not(scripted):
    """Four agree first and the other four do not: half of all votes are not enough, all of four are."""
    decided = {}
    for rule in RULES:
        made = Cascade(EIGHT, scripted(by_rank(*"33334567")).team, early_stop=rule)(
            question=QUESTION
        )
        decided[rule] = (made.rounds[0]["accepted"], made.answer)
    assert decided == {
        "none": (False, "9"),
        "exact": (False, "9"),
        "adaptive-consistency": (True, "3"),
        "esc": (True, "3"),
    }


def test_where_the_papers_rules_differ(scripted):
    """Seven to one settles the one, and none of its windows agrees for the other before the second."""
    asked = {}
    for rule in HEURISTIC_RULES:
        made = Cascade(EIGHT, scripted(by_rank(*"43333333")).team, early_stop=rule)(
            question=QUESTION
        )
        asked[rule] = made.rounds[0]["asked"]
    assert asked == {"adaptive-consistency": 7, "esc": 8}


ANSWERS: list[str | None] = [None, "1", "1", "1", "2"]


async def decided(
    rule: str, answers: Sequence[str | None], ticks: Sequence[int]
) -> tuple[Any, ...]:
    async def make(index: int) -> Sample:
        for _ in range(ticks[index]):
            await asyncio.sleep(0)
        return Sample(index, plan=f"plan {index}", answer=answers[index])

    order = seeded_order(len(answers), "order")
    tally = VoteShare().tally(order)
    samples = await draw_samples(
        order, make, tally, threshold=0.6, forwards_plan=True, early_stop=rule
    )
    verdict = rescale_confidence(tally.verdict(), len(samples))
    return accepts(verdict, 0.6), verdict, [sample.index for sample in samples]


@pytest.mark.parametrize("rule", HEURISTIC_RULES)
def test_nothing_depends_on_which_is_faster(rule: str):
    chance, stopped = random.Random(rule), 0
    for _ in range(50):
        answers = chance.choices(ANSWERS, k=chance.randint(1, 10))
        times = ([0] * len(answers), *([chance.randint(0, 5) for _ in answers] for _ in range(3)))
        first, *others = (asyncio.run(decided(rule, answers, ticks)) for ticks in times)
        assert all(other == first for other in others)
        stopped += len(first[2]) < len(answers)
    assert 5 < stopped < 45


class Marks:
    """A sandbox that reads off a program how many tests it passes."""

    async def run(self, program: str, suite: TestSuite) -> TestReport:
        passed = int(program.split()[0])
        return TestReport(
            tuple(TestOutcome(test, number < passed) for number, test in enumerate(suite.tests))
        )


async def program_taken(
    rule: str, programs: Sequence[str | None], ticks: Sequence[int]
) -> tuple[Any, ...]:
    """Whether the gate accepts a program of a round of code, which, and how many were drawn."""
    order = seeded_order(len(programs), "order")
    tally = VisibleTests(Marks).tally(order, {"question": "", "tests": ["first", "second"]})

    async def make(index: int) -> Sample:
        for _ in range(ticks[index]):
            await asyncio.sleep(0)
        sample = Sample(index, answer=programs[index])
        await tally.evaluate(sample)
        return sample

    samples = await draw_samples(
        order, make, tally, threshold=0.5, forwards_plan=True, early_stop=rule
    )
    verdict = tally.verdict()
    accepted = accepts(verdict, 0.5)
    return accepted, verdict.answer if accepted else None, len(samples)


def test_the_exact_rule_takes_the_same_program_whoever_is_faster():
    """Programs that pass the visible tests differ on hidden ones, so which of them is taken matters."""
    chance, stopped, several = random.Random("code"), 0, 0
    for _ in range(50):
        count = chance.randint(1, 10)
        programs = [
            None if chance.random() < 0.2 else f"{chance.choice([0, 1, 2])} {n}"
            for n in range(count)
        ]
        whole = asyncio.run(program_taken("none", programs, [0] * count))
        for _ in range(4):
            found = asyncio.run(
                program_taken("exact", programs, [chance.randint(0, 5) for _ in programs])
            )
            assert found[:2] == whole[:2]
            stopped += found[2] < count
        several += sum(str(program).startswith("2") for program in programs) > 1
    assert several > 12 and stopped > 25


@pytest.mark.parametrize("rule", HEURISTIC_RULES)
def test_programs_that_are_tested_have_no_vote_to_stop(scripted, rule: str):
    s = scripted(lambda ask: "")
    with pytest.raises(
        CopeError,
        match=f"stopping early by {rule} is for votes, and a program .* use exact or none",
    ):
        Cascade("cope", s.team, domain="code", early_stop=rule)
    Cascade("cope", s.team, domain="code", early_stop="none")


def test_a_rule_that_does_not_exist_is_refused(scripted):
    with pytest.raises(
        CopeError, match="no rule for stopping early is named 'ecs': did you mean esc"
    ):
        Cascade("cope", scripted(lambda ask: "").team, early_stop="ecs")


def test_a_confidence_that_counts_no_votes_is_refused(scripted):
    class Own:
        single_sample_decides = False

        def tally(
            self,
            order: Sequence[int],
            given: Mapping[str, Any] | None = None,
            answers: AnswerKind = MATH,
        ) -> Any:
            tally: Any = VoteShare().tally(order)
            del tally.count
            tally.add = self.add
            return tally

        async def add(self, sample: Sample) -> None:
            pass

    s = scripted(lambda ask: "Answer: 1")
    with pytest.raises(CopeError, match="which this confidence does not count"):
        Cascade(EIGHT, s.team, confidence=Own(), early_stop="esc")(question=QUESTION)

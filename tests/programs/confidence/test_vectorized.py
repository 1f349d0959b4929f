"""Verdicts on arrays are those of the tallies that live rounds count with."""

import asyncio
import inspect
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support.sweeps import sweep

from cope import CopeError
from cope.answers.kinds.code import CODE
from cope.answers.kinds.math import MATH, MathKind
from cope.eval.recording.vote_ids import assign_vote_ids
from cope.programs import CONFIDENCES, Confidence, Sample
from cope.programs.confidence.decide import decide_round
from cope.programs.confidence.vectorized import RoundSamples
from cope.programs.sampling import seeded_order
from cope.sandbox import TestOutcome, TestReport

TESTS = ["assert f(1)", "assert f(2)", "assert f(3)"]


def made(kind: str) -> Confidence:
    """The confidence of this name, with a sandbox that runs nothing where it takes one."""
    make: Any = CONFIDENCES[kind]
    return make(lambda: None) if "sandbox" in inspect.signature(make).parameters else make()


def sample(kind: str, index: int, draw: random.Random, lone: bool) -> Sample:
    drawn = Sample(
        index,
        plan=draw.choice([None, "", f"plan {index}"]),
        answer=draw.choice([None, "1/2", "0.5", "3", "x"]),
        logprob_mean=-draw.choice([0.1, 0.2, 0.3]),
        logprob_window=-draw.choice([0.5, 0.7, 1e9]),
        p_true=draw.choice([0.0, 0.25, 0.5, 1.0]),
    )
    if made(kind).labels_are_answers or drawn.answer is None:
        return drawn
    if kind == "tests":
        passed = draw.randint(0, 3)
        drawn.report = TestReport(tuple(TestOutcome(t, n < passed) for n, t in enumerate(TESTS)))
        drawn.vote_label = f"passes {passed} of 3"
    elif not lone and draw.random() < 0.7:
        drawn.vote_label = draw.choice("abc")
    return drawn


def live(
    kind: str, samples: list[Sample], order: list[int]
) -> tuple[Any, float, tuple[int, ...], int]:
    """The tally's verdict, and the sample whose plan a round hands on."""

    async def count() -> Any:
        given = {"question": "", "tests": TESTS if kind == "tests" else []}
        tally = made(kind).tally(order, given)
        assert tally.kind == kind
        for one in random.Random(1).sample(samples, len(samples)):
            await tally.add(one)
        return tally.verdict()

    verdict = asyncio.run(count())
    plans = {one.index: one.plan for one in samples}
    survivor = next((index for index in (*verdict.supporters, *order) if plans[index]), -1)
    return verdict.answer, verdict.confidence, verdict.supporters, survivor


@sweep("kind", list(CONFIDENCES), every=4)
@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_verdicts_are_those_of_the_tallies(kind: str, count: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "cope.programs.confidence.vectorized._CELLS", 200
    )  # so that questions are counted in several blocks
    draw = random.Random(f"{kind}{count}")
    questions, orders = 24, []
    rows = {
        name: np.zeros((questions, count), dtype=object)
        for name in ("votes", "passed", "answered", "planned")
    }
    columns = {
        name: np.zeros((questions, count), dtype=object if name == "answer" else float)
        for name in (
            "answer",
            "reason_logprob",
            "reason_logprob_tokens",
            "reason_logprob_window",
            "p_true",
            "reason_completion_tokens",
        )
    }
    expected = []
    for place in range(questions):
        samples = [sample(kind, index, draw, count == 1) for index in range(count)]
        orders.append(seeded_order(count, place))
        votes = made(kind).vote_labels([vars(one) | {"ballot": one.vote_label} for one in samples])
        answers = MATH if made(kind).labels_are_answers else CODE
        keys, doubtful = asyncio.run(assign_vote_ids(votes, answers))
        assert not doubtful
        rows["votes"][place] = [-1 if key is None else key for key in keys]
        rows["passed"][place] = [one.report.passed if one.report else -1 for one in samples]
        rows["answered"][place] = [one.answer is not None for one in samples]
        rows["planned"][place] = [bool(one.plan) for one in samples]
        columns["answer"][place] = [one.answer for one in samples]
        columns["reason_logprob"][place] = [4 * (one.logprob_mean or 0) for one in samples]
        columns["reason_logprob_tokens"][place] = 4
        columns["p_true"][place] = [one.p_true for one in samples]
        columns["reason_logprob_window"][place] = [one.logprob_window for one in samples]
        expected.append((samples, live(kind, samples, orders[-1])))
    found = decide_round(
        np.full(questions, kind),
        RoundSamples(
            rows["votes"].astype(int),
            rows["passed"].astype(int),
            np.full(questions, 3 if kind == "tests" else -1),
            rows["answered"].astype(bool),
            rows["planned"].astype(bool),
            np.array(orders),
            columns.__getitem__,
        ),
    )
    for place, (samples, (answer, confidence, supporters, survivor)) in enumerate(expected):
        leader = found.leader[place]
        assert (samples[leader].answer if leader >= 0 else None) == answer
        assert (leader if leader >= 0 else None) == next(iter(supporters), None)
        assert found.confidence[place] == pytest.approx(confidence, rel=1e-12)
        assert set(np.flatnonzero(found.supporters[place])) == set(supporters)
        assert found.forwarded[place] == survivor


def test_each_question_of_a_round_is_decided_by_its_own_confidence():
    votes, passed = np.array([[0, 1], [0, 1], [0, 0]]), np.array([[0, 3], [-1, -1], [-1, -1]])
    order, yes = np.array([[0, 1]] * 3), np.ones((3, 2), dtype=bool)
    samples = RoundSamples(votes, passed, np.array([3, -1, -1]), yes, yes, order)
    found = decide_round(np.array(["tests", "votes", "outputs"]), samples)
    assert found.leader.tolist() == [1, 0, 0] and found.confidence.tolist() == [1.0, 0.5, 1.0]
    assert found.supporters.tolist() == [[False, True], [True, False], [True, True]]


def test_a_way_of_counting_that_is_not_known_is_an_error():
    one = np.zeros((1, 1), dtype=int)
    with pytest.raises(CopeError, match="mood"):
        decide_round(np.array(["mood"]), RoundSamples(one, one, one[0], one == 0, one == 0, one))


class Near(MathKind):
    """Numbers that are equal when they are near, as two decimals that round the same root."""

    async def equal_async(self, a: str, b: str) -> bool:
        return abs(float(a) - float(b)) < 0.15

    async def group_async(self, answers: Sequence[str | None]) -> list[int | None]:
        return [0] * len(answers)


def test_votes_are_doubtful_where_equality_is_not_transitive():
    assert asyncio.run(assign_vote_ids(["1.0", "1.1", "1.2"], Near())) == ([0, 0, 0], True)
    assert asyncio.run(assign_vote_ids(["1.0", "1.1", "1.0"], Near())) == ([0, 0, 0], False)
    assert asyncio.run(assign_vote_ids(["1/2", "0.50", "3"])) == ([0, 0, 1], False)
    assert asyncio.run(assign_vote_ids(["1/2", "0.5", None], CODE)) == ([0, 1, None], False)

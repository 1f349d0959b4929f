"""The vote and the gate: what a round's answers say together, and whether that is enough."""

import asyncio

import pytest

from cope.programs import Sample, Verdict, VoteShare, accepts


def tally(
    answers: list[str | None], order: list[int] | None = None, arrival: list[int] | None = None
):
    """A tally of these answers, by index; `order` breaks ties, `arrival` is how they come in."""

    async def add():
        made = VoteShare().tally(order or list(range(len(answers))))
        for index in arrival or range(len(answers)):
            await made.add(Sample(index, plan=f"plan {index}", answer=answers[index]))
        return made

    return asyncio.run(add())


def verdict(answers: list[str | None], **kwargs: list[int]) -> Verdict:
    return tally(answers, **kwargs).verdict()


@pytest.mark.parametrize(
    ("votes", "samples", "threshold", "accepted"),
    [
        (6, 8, 0.75, True),
        (5, 8, 0.75, False),
        (4, 8, 0.5, True),
        (3, 8, 0.5, False),
        (3, 10, 0.3, True),
        (2, 10, 0.3, False),
        (3, 30, 0.1, True),
        (7, 10, 0.7, True),
        (2, 3, 2 / 3, True),
        (1, 3, 1 / 3, True),
        (8, 8, 1.0, True),
        (7, 8, 1.0, False),
        (1, 1, 1.0, True),
        (1, 8, 0.01, True),
        (1, 8, None, True),
    ],
)
def test_a_share_at_or_above_the_threshold_is_accepted(
    votes: int, samples: int, threshold: float | None, accepted: bool
):
    said = verdict(["yes"] * votes + [None] * (samples - votes))
    assert said.confidence == votes / samples
    assert accepts(said, threshold) is accepted


def test_the_most_frequent_answer_leads():
    said = verdict(["3", "4", "4", "5", "4", "3"])
    assert (said.answer, said.confidence, said.supporters) == ("4", 3 / 6, (1, 2, 4))
    assert said.votes == {"4": 3, "3": 2, "5": 1} and list(said.votes) == ["4", "3", "5"]


def test_samples_without_a_vote_count_in_the_denominator():
    said = verdict(["3", None, None, "3"])
    assert (said.answer, said.confidence, said.votes) == ("3", 0.5, {"3": 2})


@pytest.mark.parametrize("threshold", [None, 0.01, 1.0])
def test_without_any_vote_there_is_no_answer_and_nothing_is_accepted(threshold: float | None):
    said = verdict([None, None])
    assert said == Verdict(None, 0.0, (), {})
    assert not accepts(said, threshold)


@pytest.mark.parametrize(
    ("order", "answer"),
    [([0, 1, 2, 3], "3"), ([1, 0, 2, 3], "4"), ([2, 3, 1, 0], "3"), ([3, 2, 1, 0], "4")],
)
@pytest.mark.parametrize("arrival", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]])
def test_a_tie_goes_to_the_first_in_the_seeded_order_however_they_come_in(
    order: list[int], answer: str, arrival: list[int]
):
    said = verdict(["3", "4", "3", "4"], order=order, arrival=arrival)
    assert said.answer == answer and said.supporters[0] == order[0]


def test_equal_answers_are_one_and_written_as_the_first_in_order_wrote_it():
    said = verdict(["0.5", "1/2", "2", "$\\frac{1}{2}$"], order=[1, 3, 0, 2])
    assert (said.answer, said.supporters, said.votes) == ("1/2", (1, 3, 0), {"1/2": 3, "2": 1})


def test_answers_that_only_algebra_can_compare():
    said = verdict(["x + 1", "2x", "1 + x"])
    assert said.votes == {"x + 1": 2, "2x": 1}


@pytest.mark.parametrize(
    ("answers", "of", "threshold", "forwards_plan", "settled"),
    [
        (["3"] * 6, 8, 0.75, True, True),
        (["3"] * 5, 8, 0.75, True, False),
        (["3", "4", "5"], 8, 0.75, False, False),  # 1 + 5 votes are enough
        (["3", "4", "5", "6"], 8, 0.75, False, True),  # 1 + 4 are not
        ([None] * 3, 8, 0.75, False, True),
        (
            ["3", "4", "5", "6"],
            8,
            0.75,
            True,
            False,
        ),  # who leads, and so whose plan goes on, is open
        (
            ["3", "3", "3", "4", "4", "5", "5"],
            8,
            0.75,
            True,
            True,
        ),  # 4 may come level, but from behind
        (["4", "3", "3", "5"], 5, 1.0, True, False),  # 4 may come level, and is first in order
        (["3"] * 4, 8, 0.5, False, True),  # another answer may come level, but from behind
        ([None, *["3"] * 4], 9, 0.5, False, False),
        (["3"] * 4, 8, None, False, True),
        (["3"] * 3, 8, None, False, False),
        ([None] * 7, 8, None, False, False),
        (["3", "4", "5", "6"], 4, 1.0, True, True),
    ],
)
def test_when_the_rest_can_be_left(
    answers: list[str | None], of: int, threshold: float | None, forwards_plan: bool, settled: bool
):
    made = tally([*answers, *[None] * (of - len(answers))], arrival=list(range(len(answers))))
    assert made.is_decided(threshold, forwards_plan) is settled


@pytest.mark.parametrize(("first", "settled"), [("plan 0", True), (None, False)])
def test_a_plan_that_could_not_be_read_is_not_the_one_that_is_drawn(
    first: str | None, settled: bool
):
    """Sample 2 is missing: it comes after sample 0, whose plan is drawn, but before sample 3, whose plan is drawn else."""

    async def scene() -> bool:
        made = VoteShare().tally(range(6))
        for index, answer in ((0, "3"), (1, "4"), (3, "3"), (4, "3"), (5, "3")):
            await made.add(Sample(index, plan=f"plan {index}" if index else first, answer=answer))
        return made.is_decided(1.0, True)

    assert asyncio.run(scene()) is settled

"""Early stops on recorded votes: the exact rule is that of the live vote, the others are their papers'."""

import asyncio

import numpy as np
import pytest
from support.sweeps import sweep

from cope.answers.kinds.code import CODE
from cope.optimize.calibration.early_stop_replay import replay_early_stop
from cope.programs.confidence.base import Sample
from cope.programs.confidence.early_stopping import (
    RULES,
    posterior_lead_probability,
    rescale_confidence,
)
from cope.programs.confidence.votes import VoteTally, accepts
from cope.programs.sampling import draw_samples


def random_votes(samples: int, questions: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(samples)
    return rng.integers(-1, 3, (questions, samples)), rng.random((questions, samples)) < 0.6


async def live(
    votes: np.ndarray, planned: np.ndarray, threshold: float | None, forwards_plan: bool
) -> tuple[int, str, bool]:
    """Feed a live tally one vote after the other until it is settled."""
    tally = VoteTally(range(len(votes)), CODE)
    asked = 0
    while not tally.is_decided(threshold, forwards_plan):
        vote = votes[asked]
        answer = None if vote < 0 else str(vote)
        await tally.add(Sample(asked, plan="a plan" if planned[asked] else None, answer=answer))
        asked += 1
    verdict = tally.verdict()
    return asked, verdict.answer, accepts(verdict, threshold)


@pytest.mark.parametrize("forwards_plan", [True, False])
@sweep(
    ("samples", "threshold"),
    [(5, 0.6), (8, 0.75), (8, None), (4, 1.0), (1, 1.0), (3, 0.2)],
    every=4,
)
def test_the_exact_rule_stops_where_a_live_vote_does(samples, threshold, forwards_plan):
    votes, planned = random_votes(samples)
    found = replay_early_stop(RULES["exact"], votes, threshold, planned, forwards_plan)
    for row in range(len(votes)):
        asked, answer, accepted = asyncio.run(
            live(votes[row], planned[row], threshold, forwards_plan)
        )
        assert found.num_samples[row] == asked
        assert found.accepted[row] == accepted
        if accepted:
            assert str(votes[row, found.leader[row]]) == answer


@sweep("threshold", [0.5, 0.75, 1.0, None], every=2)
def test_the_exact_rule_changes_no_decision(threshold):
    votes, _ = random_votes(8, 2000)
    whole, early = (replay_early_stop(RULES[name], votes, threshold) for name in ("none", "exact"))
    assert (whole.num_samples == 8).all()
    assert early.num_samples.mean() < 7.5
    np.testing.assert_array_equal(whole.accepted, early.accepted)
    np.testing.assert_array_equal(whole.leader[whole.accepted], early.leader[whole.accepted])


def test_adaptive_consistency_stops_at_four_of_four_and_seven_to_one():
    # P(p > 1/2) is 1 - 1/2^5 = 0.969 for Beta(5, 1), 0.938 for Beta(4, 1), and 0.980 for Beta(8, 2).
    votes = np.array([[1, 1, 1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1]])
    assert replay_early_stop(RULES["adaptive-consistency"], votes, 0.75).num_samples.tolist() == [
        4,
        7,
        8,
    ]


def test_esc_stops_after_a_window_that_agrees_and_the_majority_so_far_answers():
    votes = np.array(
        [[1, 1, 1, 1, 2, 2, 2, 2], [0, 1, 1, 1, 2, 2, 2, 2], [-1] * 8, [0, 0, 0, 1, 0, 0, 0, 1]]
    )
    found = replay_early_stop(RULES["esc"], votes, 0.75)  # windows of four: half of eight
    assert found.num_samples.tolist() == [4, 8, 8, 8]
    assert found.accepted.tolist() == [True, False, False, True]
    assert found.leader.tolist() == [0, 4, -1, 0]


def test_the_chance_to_lead_is_the_beta_distributions():
    from scipy.special import betainc

    for most in range(20):
        for second in range(most + 1):
            assert posterior_lead_probability(most, second) == pytest.approx(
                betainc(second + 1, most + 1, 0.5)
            )


@pytest.mark.parametrize("rule", ["adaptive-consistency", "esc"])
def test_a_live_round_stops_where_the_comparison_does(rule: str):
    """Whatever the order in which its samples are finished."""
    votes, planned = random_votes(8)
    found = replay_early_stop(RULES[rule], votes, 0.75, planned)
    ticks = np.random.default_rng(1).integers(0, 6, votes.shape)

    async def drawn(row: int) -> tuple[int, bool]:
        async def make(index: int) -> Sample:
            for _ in range(ticks[row, index]):
                await asyncio.sleep(0)
            return Sample(index, answer=None if votes[row, index] < 0 else str(votes[row, index]))

        tally = VoteTally(range(8), CODE)
        samples = await draw_samples(
            range(8), make, tally, threshold=0.75, forwards_plan=False, early_stop=rule
        )
        return len(samples), accepts(rescale_confidence(tally.verdict(), len(samples)), 0.75)

    for row in range(len(votes)):
        assert asyncio.run(drawn(row)) == (found.num_samples[row], found.accepted[row])

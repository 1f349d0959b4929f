"""Simulate the guarantee of both sequences: it is violated in at most delta of 1,000 populations."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from support.populations import COST, TAUS, N, Populations, populations
from support.sweeps import sweep

from cope.optimize.calibration.risk_test import fewest_units, p_values
from cope.optimize.calibration.selection import (
    Selection,
    fixed_sequence,
    learn_then_test,
    pareto_front,
)
from cope.optimize.calibration.sequence import (
    MONOTONE,
    SPLIT,
    monotone_path,
    resolve_sequence,
)

Calibrated = Callable[[np.ndarray, int, int, str], list[Selection]]

POPULATIONS = 1000
DELTA = 0.1
SAMPLING_ERROR = 3 * np.sqrt(DELTA * (1 - DELTA) / POPULATIONS)
LEVELS = np.arange(N, 0, -1) / N
PATH = np.array(
    [np.flatnonzero((step == TAUS).all(axis=1))[0] for step in monotone_path([LEVELS, LEVELS])]
)
"""The places of the monotone path's settings among all."""


@pytest.fixture(scope="module")
def world() -> Populations:
    return populations(POPULATIONS, np.random.default_rng(1))


@pytest.fixture(scope="module")
def calibrated(world: Populations) -> Calibrated:
    """Calibrate on a record of each population; both sequences get the same records."""

    @cache
    def drawn(questions: int, seed: int) -> tuple[np.ndarray, ...]:
        rng, half = np.random.default_rng(seed), questions // 2
        return *world.draw(half, rng), *world.draw(questions - half, rng)

    def choices(harm: np.ndarray, questions: int, seed: int, sequence: str) -> list[Selection]:
        loss, cost, lost, more_cost = drawn(questions, seed)
        half, found = questions // 2, []
        for row in range(POPULATIONS):
            limits = (harm[row], DELTA)
            if sequence == MONOTONE:
                total, use = loss[row] + lost[row], (cost[row] + more_cost[row]) / questions
                one = fixed_sequence(PATH, use, total, questions, *limits, baseline_cost=1.0)
            else:
                one = learn_then_test(
                    (loss[row] / half, cost[row] / half),
                    lost[row],
                    questions - half,
                    *limits,
                    baseline_cost=1.0,
                    strictness=TAUS.mean(axis=1),
                )
            found.append(one)
        return found

    return choices


def violated(world: Populations, harm: np.ndarray, chosen: list[int | None]) -> float:
    """Return the share of populations in which the true risk of the chosen setting is above the allowed one."""
    return float(
        np.mean([c is not None and world.risk[row, c] > harm[row] for row, c in enumerate(chosen)])
    )


def prices(world: Populations, chosen: list[int | None]) -> np.ndarray:
    """Return the true costs of the chosen settings; the large model alone costs 1."""
    return np.array([1.0 if c is None else world.cost[row, c] for row, c in enumerate(chosen)])


@pytest.mark.slow
@pytest.mark.parametrize(("sequence", "least"), [(SPLIT, (0.75, 0.85)), (MONOTONE, (0.8, 0.88))])
def test_the_guarantee_holds_at_a_cost_near_an_oracles(
    world: Populations, calibrated: Calibrated, sequence: str, least: tuple[float, float]
):
    harm = np.full(POPULATIONS, 0.05)
    oracle = np.minimum(np.where(world.risk <= 0.05, world.cost, 1.0).min(axis=1), 1.0)
    kept = {}
    print(f"cost of an oracle {oracle.mean():.3f}, where the large model alone costs 1")
    for questions in (200, 600, 2000):
        found = calibrated(harm, questions, questions, sequence)
        chosen = [choice.chosen for choice in found]
        wrong, price = violated(world, harm, chosen), prices(world, chosen)
        assert wrong <= DELTA + SAMPLING_ERROR
        kept[questions] = (1 - price.mean()) / (1 - oracle.mean())
        print(f"{sequence}, {questions}: violated {wrong:.3f}, cost {price.mean():.3f}")
    assert kept[200] < kept[600] < kept[2000]
    assert kept[600] > least[0], "three quarters of what an oracle saves"
    assert kept[2000] > least[1]


def hardest(world: Populations, sequence: str) -> np.ndarray:
    """Return, for each population, an allowed risk just below the true one of a setting in the sequence."""
    rng = np.random.default_rng(2)
    harm = np.empty(POPULATIONS)
    for row in range(POPULATIONS):
        order = PATH
        if sequence == SPLIT:
            order = pareto_front(world.risk[row], world.cost[row])
        risks = world.risk[row, order]
        hard = risks[(risks > 0.01) & (risks < 0.2)]
        harm[row] = 0.999 * rng.choice(hard) if hard.size else 0.01
    return harm


@sweep(
    ("sequence", "questions", "least"),
    [(SPLIT, 600, DELTA / 4), (MONOTONE, 600, DELTA / 4), (MONOTONE, 60, 0.0)],
    every=3,
)
def test_the_guarantee_holds_in_the_hardest_case(
    world: Populations, calibrated: Calibrated, sequence: str, questions: int, least: float
):
    harm = hardest(world, sequence)
    found = calibrated(harm, questions, 3, sequence)
    wrong = violated(world, harm, [choice.chosen for choice in found])
    print(f"{sequence}, {questions} questions: violated {wrong:.3f}")
    assert wrong <= DELTA + SAMPLING_ERROR
    assert wrong > least, "the test is not merely conservative"


def test_choosing_what_looks_safe_is_no_guarantee(world: Populations):
    harm, chosen = hardest(world, SPLIT), []
    lost, cost = world.draw(600, np.random.default_rng(4))
    for row in range(POPULATIONS):
        safe = np.flatnonzero(lost[row] / 600 <= harm[row])
        chosen.append(int(safe[cost[row, safe].argmin()]) if safe.size else None)
    looks_safe = violated(world, harm, chosen)
    print(f"choosing what looks safe on all questions: violated {looks_safe:.3f}")
    assert looks_safe > 4 * DELTA


@pytest.mark.slow
@pytest.mark.parametrize("harm", [0.02, 0.05, 0.1])
def test_power_of_both_sequences(world: Populations, calibrated: Calibrated, harm: float):
    """Compare their costs: `auto` takes the cheaper one. The figures of the documentation are printed."""
    allowed = np.full(POPULATIONS, harm)
    multiples = [factor * fewest_units(harm, DELTA) for factor in (1, 2, 3)]
    for questions in sorted([20, 50, 100, 200, 500, *multiples]):
        passes, cost = {}, {}
        for sequence in (SPLIT, MONOTONE):
            found = calibrated(allowed, questions, questions, sequence)
            chosen = [choice.chosen for choice in found]
            passes[sequence] = np.mean([c is not None for c in chosen])
            cost[sequence] = prices(world, chosen).mean()
            wrong = violated(world, allowed, chosen)
            print(
                f"harm {harm}, {questions} questions, {sequence}: a setting in "
                f"{passes[sequence]:.0%}, cost {cost[sequence]:.3f}, violated {wrong:.3f}"
            )
            assert wrong <= DELTA + SAMPLING_ERROR
        if resolve_sequence("auto", questions, harm, DELTA) == MONOTONE:
            assert cost[MONOTONE] <= cost[SPLIT]
            assert passes[MONOTONE] >= passes[SPLIT]


def test_groups_count_as_one():
    """Four questions of a group are lost together: counted as independent they pass too often, as groups they do not."""
    rng, harm, groups = np.random.default_rng(5), 0.05, 150
    lost = rng.binomial(groups, harm * 1.001, 20_000)  # the risk is a little above the allowed one
    assert np.mean(p_values(lost, groups, harm, exact=False) <= DELTA) <= DELTA
    assert np.mean(p_values(4 * lost, 4 * groups, harm) <= DELTA) > 2 * DELTA


def test_shares_of_groups_are_bounded_losses():
    """A group of three that loses one question loses a third; the guarantee holds for such losses, and is not conservative."""
    rng, harm, groups = np.random.default_rng(6), 0.05, 200
    shares = rng.binomial(3, harm * 1.001, (5_000, groups)).sum(axis=1) / 3
    assert np.mean(p_values(shares, groups, harm, exact=False) <= DELTA) <= DELTA
    safe = rng.binomial(3, harm / 3, (5_000, groups)).sum(axis=1) / 3
    assert np.mean(p_values(safe, groups, harm, exact=False) <= DELTA) > 0.75


def test_the_chosen_setting_is_the_cheapest_that_passed(world: Populations):
    rng = np.random.default_rng(7)
    (loss, cost), (lost, _) = world.draw(300, rng), world.draw(300, rng)
    choice = learn_then_test((loss[0] / 300, cost[0] / 300), lost[0], 300, 0.03, DELTA)
    passed = choice.sequence[: choice.num_passed]
    assert 1 < choice.num_passed < len(choice.sequence)
    assert choice.chosen == passed[-1] == passed[cost[0, passed].argmin()]
    assert (choice.p_values[: choice.num_passed] <= DELTA).all()
    assert choice.p_values[choice.num_passed] > DELTA
    assert (np.diff(loss[0, choice.sequence]) > 0).all()
    assert (np.diff(cost[0, choice.sequence]) < 0).all()


def test_large_alone_answers_where_it_is_cheaper_or_nothing_passes():
    loss, cost = np.array([0.0, 0.01]), np.array([1.5, 1.2])
    assert learn_then_test((loss, cost), np.array([0.0, 1.0]), 300, 0.05, DELTA).chosen == 1
    assert (
        learn_then_test(
            (loss, cost), np.array([0.0, 1.0]), 300, 0.05, DELTA, baseline_cost=1.0
        ).chosen
        is None
    )
    nothing = learn_then_test((loss, cost), np.array([30.0, 40.0]), 300, 0.05, DELTA)
    assert (nothing.num_passed, nothing.chosen) == (0, None)
    assert (
        learn_then_test((loss, cost * np.nan), np.array([0.0, 1.0]), 300, 0.05, DELTA).chosen
        is None
    )


def test_of_equal_settings_the_stricter_is_taken():
    loss, cost = np.array([0.0, 0.0, 0.1]), np.array([0.5, 0.5, 0.5])
    assert pareto_front(loss, cost, np.array([0.2, 0.9, 0.9])).tolist() == [1]
    assert COST.min() > 0

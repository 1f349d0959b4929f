"""Simulate the guarantee: it is violated in at most delta of 1,000 populations, at a cost near an oracle's."""

from collections.abc import Iterator

import numpy as np
import pytest
from support.populations import COST, TAUS, Populations, populations

from cope.optimize.calibration.risk_test import p_values
from cope.optimize.calibration.selection import Selection, learn_then_test, pareto_front

POPULATIONS = 1000
DELTA = 0.1
SAMPLING_ERROR = 3 * np.sqrt(DELTA * (1 - DELTA) / POPULATIONS)


@pytest.fixture(scope="module")
def world() -> Populations:
    return populations(POPULATIONS, np.random.default_rng(1))


def choices(world: Populations, harm: np.ndarray, questions: int, seed: int) -> Iterator[Selection]:
    """Calibrate on a record of each population, half to order and half to test."""
    rng, half = np.random.default_rng(seed), questions // 2
    (loss, cost), (lost, _) = world.draw(half, rng), world.draw(half, rng)
    for row in range(POPULATIONS):
        learn = loss[row] / half, cost[row] / half
        yield learn_then_test(
            learn,
            lost[row],
            half,
            harm[row],
            DELTA,
            baseline_cost=1.0,
            strictness=TAUS.mean(axis=1),
        )


def broken(world: Populations, harm: np.ndarray, chosen: list[int | None]) -> float:
    """Return the share of populations in which the true risk of the chosen setting is above the allowed one."""
    return float(
        np.mean([c is not None and world.risk[row, c] > harm[row] for row, c in enumerate(chosen)])
    )


def prices(world: Populations, chosen: list[int | None]) -> np.ndarray:
    """Return the true costs of the chosen settings; the large model alone costs 1."""
    return np.array([1.0 if c is None else world.cost[row, c] for row, c in enumerate(chosen)])


def test_the_guarantee_holds_at_a_cost_near_an_oracles(world: Populations):
    harm = np.full(POPULATIONS, 0.05)
    oracle = np.minimum(np.where(world.risk <= 0.05, world.cost, 1.0).min(axis=1), 1.0)
    kept = {}
    for questions in (200, 600, 2000):
        chosen = [choice.chosen for choice in choices(world, harm, questions, seed=questions)]
        broke, price = broken(world, harm, chosen), prices(world, chosen)
        assert broke <= DELTA + SAMPLING_ERROR
        kept[questions] = (1 - price.mean()) / (1 - oracle.mean())
        print(
            f"{questions} questions: broken {broke:.3f}, cost {price.mean():.3f}, oracle {oracle.mean():.3f} of large alone"
        )
    assert kept[200] < kept[600] < kept[2000]
    assert kept[600] > 0.75, "three quarters of what an oracle saves"
    assert kept[2000] > 0.85


def test_the_guarantee_holds_in_the_hardest_case(world: Populations):
    """The allowed risk is just below the true risk of a setting that any search by cost tries."""
    rng = np.random.default_rng(2)
    harm = np.empty(POPULATIONS)
    for row in range(POPULATIONS):
        risks = world.risk[row, pareto_front(world.risk[row], world.cost[row])]
        hard = risks[(risks > 0.01) & (risks < 0.2)]
        harm[row] = 0.999 * rng.choice(hard) if hard.size else 0.01
    found = list(choices(world, harm, 600, seed=3))
    broke = broken(world, harm, [choice.chosen for choice in found])
    assert broke <= DELTA + SAMPLING_ERROR
    assert broke > DELTA / 4, "the test is not merely conservative"

    naive = []
    lost, cost = world.draw(600, np.random.default_rng(4))
    for row in range(POPULATIONS):
        safe = np.flatnonzero(lost[row] / 600 <= harm[row])
        naive.append(int(safe[cost[row, safe].argmin()]) if safe.size else None)
    looks_safe = broken(world, harm, naive)
    print(f"broken {broke:.3f}; choosing what looks safe on all questions {looks_safe:.3f}")
    assert looks_safe > 4 * DELTA


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

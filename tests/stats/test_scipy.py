"""Tests, intervals and quantiles are SciPy's."""

from typing import Any

import numpy as np
import pytest

from cope.stats.bootstrap import resample
from cope.stats.distributions import (
    beta_quantile,
    normal_share,
    normal_upper_quantile,
    student_upper_quantile,
)
from cope.stats.paired import mcnemar, sign_flip_p

pytestmark = pytest.mark.slow  # importing `scipy.stats` takes a second, and no command does


@pytest.fixture
def stats() -> Any:
    from scipy import stats

    return stats


def test_they_are_scipys(stats: Any):
    for share in (0.0125, 0.025, 0.5, 0.8):
        assert normal_upper_quantile(share) == stats.norm.isf(share)
        for degrees in (1, 5, 200):
            assert student_upper_quantile(share, degrees) == stats.t.isf(share, degrees)
        for a, b in ((1, 9), (3.5, 20), (100, 1)):
            assert beta_quantile(share, a, b) == stats.beta.ppf(share, a, b)
    assert normal_share(-1.3) == stats.norm.cdf(-1.3)


@pytest.mark.parametrize(("wins", "losses"), [(12, 3), (1, 0), (7, 7), (90, 60)])
def test_mcnemar_is_the_binomial_test(wins: int, losses: int, stats: Any):
    assert mcnemar(wins, losses) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)


def test_the_grouped_test_is_scipys_permutation_test(stats: Any):
    net = np.array([3, -1, 2, 2, 0, 1, -2, 4])
    theirs = stats.permutation_test(
        (net, np.zeros(8)),
        lambda x, y, axis: np.sum(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
    )
    assert sign_flip_p(net) == pytest.approx(theirs.pvalue)


def test_the_percentiles_are_those_of_scipy_where_there_are_many_questions(stats: Any):
    d = np.random.default_rng(1).choice([1.0, -1.0, 0.0], 800, p=[0.2, 0.1, 0.7])
    ours = resample({"d": d, "n": np.ones(len(d))}).estimate(lambda s: s["d"] / s["n"])
    theirs = stats.bootstrap((d,), np.mean, method="percentile", rng=2).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.003)

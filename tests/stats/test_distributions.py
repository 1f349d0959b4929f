"""Quantiles without the import of `scipy.stats`; `test_scipy` compares."""

from pathlib import Path

import pytest
from scipy.special import bdtr

from cope.stats import distributions
from cope.stats.distributions import (
    beta_quantile,
    coin_share,
    normal_share,
    normal_upper_quantile,
    student_upper_quantile,
)


def test_known_quantiles():
    assert normal_upper_quantile(0.025) == pytest.approx(1.959964, abs=1e-6)
    assert normal_share(-1.959964) == pytest.approx(0.025, abs=1e-6)
    assert student_upper_quantile(0.025, 4) == pytest.approx(2.776445, abs=1e-6)
    assert beta_quantile(0.025, 1, 20) == pytest.approx(1 - 0.975 ** (1 / 20))


@pytest.mark.parametrize(("heads", "throws"), [(0, 1), (3, 15), (250, 500), (2400, 5000)])
def test_few_and_many_throws_of_a_coin(heads: int, throws: int):
    assert coin_share(heads, throws) == pytest.approx(bdtr(heads, throws, 0.5))
    assert coin_share(heads, throws + 5000) == pytest.approx(bdtr(heads, throws + 5000, 0.5))


def test_no_statistic_imports_scipy_stats():
    files = Path(distributions.__file__).parent.glob("*.py")
    imports = ("from scipy import stats", "from scipy.stats import", "import scipy.stats")
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not any(line in text for line in imports), file.name

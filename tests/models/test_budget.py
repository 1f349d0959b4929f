"""What a question is worth to a budget."""

import pytest

from cope.errors import CopeError
from cope.models.budget import cost_for_budget


def row(usd: float | None, calls: int, unpriced: int = 0, cancelled: int = 0) -> dict[str, object]:
    return {"usd": usd, "calls": calls, "unpriced": unpriced, "cancelled": cancelled}


def test_priced_calls_add_up():
    assert cost_for_budget([row(0.5, 2), row(0.25, 1)]) == 0.75


def test_a_call_that_was_stopped_counts_as_its_siblings():
    assert cost_for_budget([row(0.6, 8, unpriced=2, cancelled=2)]) == pytest.approx(0.8)


def test_only_stopped_calls_cost_nothing_that_is_known():
    assert cost_for_budget([row(None, 2, unpriced=2, cancelled=2)]) == 0.0


def test_a_finished_call_without_a_price_cannot_be_budgeted():
    with pytest.raises(CopeError, match="--price"):
        cost_for_budget([row(None, 3, unpriced=3)])

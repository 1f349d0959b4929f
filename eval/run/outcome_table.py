"""Turn the results of each tier alone into the table that trained systems learn from."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...errors import CopeError
from ...programs.systems.outcomes import OutcomeTable
from ...util.arrays import Array
from .store import QuestionResult

USD, CALLS, GIVEN = "USD", "calls", "given"
"""What costs are measured by: the money of the calls; the rank of the tier, 0 for the cheapest one
and 1 for the last one; or what the user says."""


def outcome_table(
    results: Mapping[str, Sequence[QuestionResult]],
    groups: Mapping[str, str] | None = None,
    costs: Mapping[str, float] | None = None,
    hide_answers: bool = False,
) -> tuple[OutcomeTable, str]:
    """Return the outcome of each tier on the questions that all tiers answered.

    Args:
        results: the results of each tier alone, the cheapest tier first.
        groups: the group of a question by its key.
        costs: the cost of a question by tier, that of the last tier is 1; a tier without one has
            the cost that is measured.
        hide_answers: whether the texts of answers are left out, because they tell who is right.

    Returns:
        The table, and what the costs are measured by.

    Raises:
        CopeError: when no question has a score for every tier.
    """
    by_tier: list[dict[str, QuestionResult]] = []
    for rows in results.values():
        by_tier.append({row.key: row for row in rows if row.error is None})
    keys = []
    for key in by_tier[0]:
        if all(key in rows and rows[key].score is not None for rows in by_tier):
            keys.append(key)
    if not keys:
        raise CopeError("no question has a right answer and an outcome for every tier")
    rows_of_tiers = [[rows[key] for key in keys] for rows in by_tier]
    measured, basis = _costs(rows_of_tiers, tuple(results), costs or {})
    first = rows_of_tiers[0]
    answers = np.array([[row.answer for row in rows] for rows in rows_of_tiers], dtype=object)
    if hide_answers:
        answers[answers != None] = ""  # noqa: E711 (elementwise)
    table = OutcomeTable(
        tuple(results),
        keys,
        [row.question for row in first],
        answers.T,
        np.array([[row.confidence or 0.0 for row in rows] for rows in rows_of_tiers]).T,
        np.array([[row.score for row in rows] for rows in rows_of_tiers], dtype=float).T,
        measured,
        [(groups or {}).get(key) for key in keys],
    )
    return table, basis


def _costs(
    rows_of_tiers: list[list[QuestionResult]],
    tiers: tuple[str, ...],
    given: Mapping[str, float],
) -> tuple[Array, str]:
    """Return (questions, tiers) of costs, with the last tier's mean at 1, and their basis."""
    usd = np.array(
        [[np.nan if row.usd is None else row.usd for row in rows] for rows in rows_of_tiers],
        dtype=float,
    ).T
    last = usd[:, -1].mean()
    basis = USD
    if np.isnan(usd).any() or last <= 0:
        basis = CALLS
        ranks = np.linspace(0.0, 1.0, len(tiers))
        costs = np.tile(ranks, (len(usd), 1))
    else:
        costs = usd / last
    for number, tier in enumerate(tiers):
        if tier in given:
            costs[:, number] = given[tier]
            basis = GIVEN
    return costs, basis

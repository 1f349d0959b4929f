"""Rules that stop a round early: the exact rule, and two heuristic rules from the literature.

The exact rule never changes a decision; the heuristic rules may. A live round and the comparison
on a recording (`cope calibrate --stop-report`) use the same rules.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import comb

from ...errors import CopeError, suggest_names
from ...stats.tolerance import FLOAT_TOLERANCE
from .base import Confidence, Tally, Verdict
from .vote_count import VoteCount

Rule = Callable[[VoteCount, float | None, bool], bool]
"""A function of the votes so far, the threshold, and whether a plan is forwarded: stop here?"""

NONE, EXACT, ADAPTIVE, ESC = "none", "exact", "adaptive-consistency", "esc"
HEURISTIC_RULES = (ADAPTIVE, ESC)
"""Rules that may change a decision. They receive votes in the seeded order."""

BETA = 0.95
"""The posterior probability at which adaptive consistency stops, as in its paper."""


def never(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """Return whether all samples are drawn."""
    return not count.missing


def exact(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """Return whether the decision, the answer and the forwarded plan cannot change any more."""
    missing = len(count.missing)
    if not missing:
        return True
    needed = 1 if threshold is None else math.ceil(threshold * count.total - FLOAT_TOLERANCE)
    most, _ = count.top_two
    if most + missing < needed and not forwards_plan:
        return True  # no answer can reach the threshold any more, and no plan is needed
    leader = count.leader
    if leader is None or not _leads_for_good(count, leader):
        return False
    if most >= needed:
        return True
    drawn = next((rank for rank in count.voters[leader] if rank in count.with_plan), count.total)
    return most + missing < needed and all(rank > drawn for rank in count.missing)


def _leads_for_good(count: VoteCount, leader: int) -> bool:
    """Return whether no other answer can overtake the leader with all the missing votes."""
    votes, first = len(count.voters[leader]), count.voters[leader][0]
    missing, earliest = len(count.missing), min(count.missing)
    rivals = [(0, earliest)]  # an answer that no sample has given yet
    for vote, ranks in enumerate(count.voters):
        if vote != leader:
            rivals.append((len(ranks), min(ranks[0], earliest)))
    for supporters, rank in rivals:
        most = supporters + missing
        if most > votes or (most == votes and rank < first):
            return False
    return True


def adaptive_consistency(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """Return whether the leader probably keeps its lead (Aggarwal et al. 2023, arXiv 2305.11860).

    P(p > 1/2) >= 0.95   with p ~ Beta(votes of the leader + 1, votes of the runner-up + 1)

    The round's threshold plays no part.
    """
    return not count.missing or posterior_lead_probability(*count.top_two) >= BETA


@cache
def posterior_lead_probability(most: int, second: int) -> float:
    """Return the posterior probability that the leader's share exceeds the runner-up's.

    For whole numbers the Beta distribution is a binomial tail:
    P(p > 1/2) = P(X > second) with X ~ Bin(most + second + 1, 1/2).

    >>> posterior_lead_probability(4, 0), posterior_lead_probability(7, 1)
    (0.96875, 0.98046875)
    """
    tosses = most + second + 1
    return sum(comb(tosses, heads) for heads in range(second + 1, tosses + 1)) / 2**tosses


def esc(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """Return whether the samples of one window all agree (Li et al. 2024, arXiv 2401.10480).

    Samples are drawn in windows of five, as in the paper; a round of fewer than ten has windows of
    half its samples. The round's threshold plays no part.
    """
    size = min(5, max(2, count.total // 2))
    if not count.missing:
        return True
    window = set(count.drawn[-size:])
    return (
        bool(count.drawn)
        and len(count.drawn) % size == 0
        and len(window) == 1
        and None not in window
    )


RULES: dict[str, Rule] = {NONE: never, EXACT: exact, ADAPTIVE: adaptive_consistency, ESC: esc}
"""By name."""


def check_rule(name: str, confidence: Confidence) -> str:
    """Return the name of a rule, after a check that it exists and suits a confidence.

    Raises:
        CopeError: for an unknown rule, or one that does not suit the confidence.
    """
    if name not in RULES:
        raise CopeError(
            f"no rule for stopping early is named {name!r}: {suggest_names(name, RULES)}"
        )
    if name in HEURISTIC_RULES and confidence.single_sample_decides:
        raise CopeError(
            f"stopping early by {name} is for votes, and a program is taken because it passes "
            f"the tests: use {EXACT} or {NONE}"
        )
    return name


def should_stop(name: str, tally: Tally, threshold: float | None, forwards_plan: bool) -> bool:
    """Return whether a rule stops a live round.

    Raises:
        CopeError: for a rule that counts votes, when the confidence counts none.
    """
    if name == NONE:
        return False
    if name == EXACT:
        return tally.is_decided(threshold, forwards_plan)
    count = getattr(tally, "count", None)
    if not isinstance(count, VoteCount):
        raise CopeError(
            f"stopping early by {name} is for votes, which this confidence does not count: "
            f"use {EXACT} or {NONE}"
        )
    return RULES[name](count, threshold, forwards_plan)


def rescale_confidence(verdict: Verdict, drawn: int) -> Verdict:
    """Return the verdict of a round that a heuristic rule stopped, relative to the samples drawn.

        confidence = votes of the leading answer / samples drawn

    Both papers take the majority of the samples drawn, and have no threshold. A cascade compares
    this share with the round's threshold; under the other rules it compares the share of all
    samples of the round. Three votes of four drawn are 75% here, and 37.5% of eight there. So a
    decision can change either way, which the exact rule never does.

    Args:
        verdict: the vote's.
        drawn: samples that the rule received, including samples without a vote.
    """
    if not drawn:
        return verdict
    return replace(verdict, confidence=len(verdict.supporters) / drawn)

"""When to stop drawing the votes of a round: the exact rule, which never changes a decision, and two well-known ones that may.

A live round and the comparison on a record (`cope calibrate --stop-report`) use these same rules.
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
"""The votes so far, the threshold, and whether a plan is handed on: stop here?"""

NONE, EXACT, ADAPTIVE, ESC = "none", "exact", "adaptive-consistency", "esc"
HEURISTIC_RULES = (ADAPTIVE, ESC)
"""The rules that may change a decision. They are for votes, and see them in the seeded order."""

BETA = 0.95
"""The posterior chance at which adaptive consistency stops, as in its paper."""


def never(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """All samples are drawn."""
    return not count.missing


def exact(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """Neither the gate's decision, nor the answer, nor the plan that is handed on can change any more."""
    missing = len(count.missing)
    if not missing:
        return True
    needed = 1 if threshold is None else math.ceil(threshold * count.total - FLOAT_TOLERANCE)
    most, _ = count.top_two
    if most + missing < needed and not forwards_plan:
        return True  # no answer can reach the threshold any more, and nobody asks for a plan
    leader = count.leader
    if leader is None or not _leads_for_good(count, leader):
        return False
    if most >= needed:
        return True
    drawn = next((rank for rank in count.voters[leader] if rank in count.with_plan), count.total)
    return most + missing < needed and all(rank > drawn for rank in count.missing)


def _leads_for_good(count: VoteCount, leader: int) -> bool:
    """Whether no other answer, seen or unseen, can overtake the leader with all the missing votes."""
    votes, first = len(count.voters[leader]), count.voters[leader][0]
    missing, earliest = len(count.missing), min(count.missing)
    rivals = [
        (len(v), min(v[0], earliest)) for vote, v in enumerate(count.voters) if vote != leader
    ]
    rivals.append((0, earliest))
    return all(
        many + missing < votes or (many + missing == votes and first < rank)
        for many, rank in rivals
    )


def adaptive_consistency(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """The leader would probably lead for good (Aggarwal et al. 2023, arXiv 2305.11860).

    P(p > 1/2) >= 0.95   with p ~ Beta(votes of the leader + 1, votes of the runner-up + 1)

    The round's threshold is not looked at.
    """
    return not count.missing or posterior_lead_probability(*count.top_two) >= BETA


@cache
def posterior_lead_probability(most: int, second: int) -> float:
    """The posterior chance that the leader's share is above that of the runner-up.

    For whole numbers the Beta distribution is a binomial tail: P(p > 1/2) = P(X > second) with X ~ Bin(most + second + 1, 1/2).

    >>> leads(4, 0), leads(7, 1)
    (0.96875, 0.98046875)
    """
    tosses = most + second + 1
    return sum(comb(tosses, heads) for heads in range(second + 1, tosses + 1)) / 2**tosses


def esc(count: VoteCount, threshold: float | None, forwards_plan: bool) -> bool:
    """Samples are drawn in windows, until those of one window all agree (Li et al. 2024, arXiv 2401.10480).

    The window is five samples, as in the paper, or half of fewer than ten. The round's threshold is not looked at.
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
    """The name of a rule, when there is such a rule and it suits the way in which samples become an answer.

    Raises:
        CopeError: when it does not.
    """
    if name not in RULES:
        raise CopeError(
            f"no rule for stopping early is named {name!r}: {suggest_names(name, RULES)}"
        )
    if name in HEURISTIC_RULES and confidence.single_sample_decides:
        raise CopeError(
            f"stopping early by {name} is for votes, and a program is taken because it passes the tests: use {EXACT} or {NONE}"
        )
    return name


def should_stop(name: str, tally: Tally, threshold: float | None, forwards_plan: bool) -> bool:
    """Whether the rule of this name leaves the missing samples of a live round.

    Raises:
        CopeError: for a rule that counts votes where there are none.
    """
    if name == NONE:
        return False
    if name == EXACT:
        return tally.is_decided(threshold, forwards_plan)
    count = getattr(tally, "count", None)
    if not isinstance(count, VoteCount):
        raise CopeError(
            f"stopping early by {name} is for votes, which this confidence does not count: use {EXACT} or {NONE}"
        )
    return RULES[name](count, threshold, forwards_plan)


def rescale_confidence(verdict: Verdict, drawn: int) -> Verdict:
    """What a round comes to that an inexact rule stopped: its confidence is the share of the votes among the samples drawn.

        confidence = votes of the leading answer / samples drawn

    Both papers take the majority of what was drawn, and have no gate. The gate of a cascade compares this share with the
    round's threshold; under the other rules it compares the share of all samples of the round. Three votes of four drawn are
    75% here, and 37.5% of eight there. So a decision can change either way, which the exact rule never does.

    Args:
        verdict: by the vote.
        drawn: samples that the rule saw, those without a readable answer too.
    """
    return replace(verdict, confidence=len(verdict.supporters) / drawn) if drawn else verdict

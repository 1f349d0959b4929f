"""The fewest calls that a question can take, known before any model is asked."""

from ...programs import Cascade
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.early_stopping import INEXACT, NONE, RULES
from ...programs.confidence.vote_count import VoteCount
from ...programs.confidence.votes import VoteShare


def fewest_calls(program: Cascade, last: int | None = None) -> int:
    """The calls of a question whose rounds settle as early as they can: by one voice, or by none that can be read.

    Args:
        program: the cascade; in an ensemble every program answers.
        last: the last round that runs; None runs all.

    >>> fewest_calls(Cascade("small")), fewest_calls(Cascade("cope"))
    (1, 12)
    """
    least = 0
    rounds = [round_ for round_ in program.rounds() if last is None or round_.number <= last]
    for round_ in reversed(rounds):
        least = min(
            _calls(program, round_, agreed=True), _calls(program, round_, agreed=False) + least
        )
    return least * (1 + len(program.peers))


def _calls(program: Cascade, round_: CascadeRound, agreed: bool) -> int:
    """The calls of a round in which all samples have one vote, or none has a vote."""
    shared = round_.planner is not None and round_.spec.plans == 1
    each = 2 if round_.planner is not None and not shared else 1
    return shared + each * _samples(
        program, round_, agreed, hands_on=round_.hands_on and not shared
    )


def _samples(program: Cascade, round_: CascadeRound, agreed: bool, hands_on: bool) -> int:
    if program.early_stop == NONE:
        return round_.spec.samples
    if not isinstance(program.confidence, VoteShare):
        return 1  # such as a program that passes its tests: one can be enough
    count, threshold = VoteCount(round_.spec.samples), round_.spec.threshold
    if program.early_stop in INEXACT and not agreed:
        return 1
    for rank in range(round_.spec.samples):
        count.add(rank, 0 if agreed else None, planned=True)
        if RULES[program.early_stop](count, threshold, hands_on):
            return rank + 1
    return round_.spec.samples

"""The fewest calls that a question can take, known before any model is asked."""

from ...programs import Cascade
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.early_stopping import NONE
from ...programs.ensemble import members_of


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
    return least * len(members_of(program))


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
    confidence = program.confidence_of(round_.number)
    return confidence.min_samples(round_.spec, agreed, program.early_stop, hands_on)

"""Rank the answers of a live run among the questions of a record."""

import numpy as np

from ...errors import CopeError
from ...programs import Cascade
from ...programs.identity import ProgramIdentity
from ...programs.ranking import rank_among
from ...util.arrays import Array
from ...util.hashing import digest
from ..recording.recording import Recording
from .replay import Replay


def rank_among_record(cascade: Cascade, recording: Recording) -> None:
    """Read the ranks of a cascade's confidences off a record, see `Confidence.ranks`.

    Args:
        cascade: the program.
        recording: has the same rounds, recorded with log-probabilities.

    Raises:
        CopeError: when a round is not in the record, or no round compares ranks.
    """
    replay = Replay(recording, ProgramIdentity.of_state(cascade.dump_state()))
    values: dict[int, list[float]] = {}
    for round_ in replay.rounds:
        confidence = cascade.confidence_of(round_.number)
        if round_.spec.threshold is None or not getattr(confidence, "ranks", False):
            continue
        if round_.raw_confidence is None:
            raise CopeError(f"{recording.name} cannot rank the answers: {round_.missing_reason}")
        values[round_.number] = _known(round_.raw_confidence)
    if not values:
        raise CopeError(
            f"no round of {cascade.name} compares ranks, so none are read off {recording.name}"
        )
    name = f"{str(recording.name).rsplit('/', 1)[-1]} ({digest(values)[:8]})"
    rank_among(cascade, values, name)


def _known(values: Array) -> list[float]:
    return [float(value) for value in values[~np.isnan(values)]]

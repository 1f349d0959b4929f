"""Rank the answers of a cascade among other questions, see `cope.programs.confidence.ranks`."""

from collections.abc import Iterable, Mapping

from .cascade import Cascade
from .cascade_round import CascadeRound
from .confidence.ranks import Ranks
from .predictor_name import round_attribute
from .round_record import RoundRecord


def rank_among(cascade: Cascade, values: Mapping[int, Iterable[float]], reference: str) -> None:
    """Rank answers among the questions of a record instead of those seen so far.

    Args:
        cascade: the program; its runs are filed under the reference from now on.
        values: by round, from 1, the values that its confidence had on the questions of the record.
        reference: the record's name, for tables and for the identity of a run.
    """
    cascade.rank_settings["ranks"] = reference
    for number, known in values.items():
        _round(cascade, number).ranks = Ranks(known)


def remember_ranks(cascade: Cascade, records: Iterable[RoundRecord]) -> None:
    """Count the rounds of a question that an earlier run answered among those seen so far."""
    for record in records:
        value = record.get("raw_confidence")
        if value is not None and record["round"] <= len(cascade.preset.rounds):
            _round(cascade, record["round"]).ranks.add(value)


def _round(cascade: Cascade, number: int) -> CascadeRound:
    return getattr(cascade, round_attribute(number))

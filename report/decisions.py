"""Sentences on what a round decided and why, and the names of what decides it."""

from ..programs.confidence.base import Confidence
from ..programs.confidence.gate import GateText, join_gates, plain_gate
from ..programs.confidence.registry import confidence_by_name
from ..programs.round_record import RoundRecord, kind_of
from .sources.base import ReportSystem, RoundView


def explain_decision(round_record: RoundRecord, round_: RoundView, is_last: bool) -> str:
    """Say why a round's answer was taken, or why the question went on.

    Args:
        round_record: the round, as a record of an evaluation holds it.
        round_: what it is.
        is_last: whether no round comes after it.

    >>> told = {"answer": "18", "votes": {"18": 6}, "confidence": 0.75, "threshold": 0.75, "accepted": True, "asked": 8}
    >>> decision(told, RoundView(1, "small", samples=8, threshold=0.75), False)
    '6 of 8 samples agree (75%), and 75% are enough: accepted.'
    """
    threshold = round_record["threshold"]
    if round_record["answer"] is None:
        outcome = (
            "the question stays without an answer"
            if is_last
            else _explain_escalation(round_record, round_)
        )
        return f"No answer could be read: {outcome}."
    confidence = confidence_by_name(kind_of(round_record))
    is_scale = _gate_text(confidence).pass_or_fail is None
    if is_scale and threshold is None and round_.samples == 1:
        return "One sample was asked, and its answer is given."
    explanation = confidence.explain(round_record, round_.samples)
    if threshold is None:
        return f"{explanation}; this is the last round, so its answer is given."
    if round_record["accepted"]:
        enough = f", and {threshold:.0%} are enough" if is_scale else ""
        return f"{explanation}{enough}: accepted."
    needed = f", and {threshold:.0%} are needed" if is_scale else ""
    return f"{explanation}{needed}: {_explain_escalation(round_record, round_)}."


def _explain_escalation(round_record: RoundRecord, round_: RoundView) -> str:
    plan = ", with a plan" if round_record.get("plan") else ""
    return f"the question goes on to round {round_.number + 1}{plan}"


def round_gate_text(system: ReportSystem, number: int) -> GateText:
    """Return the texts of what decides whether a round's answer is taken, which may differ from question to question.

    Args:
        system: the system.
        number: the round's.
    """
    kinds: set[str] = set()
    for record in system.records:
        for entry in record.rounds:
            if entry["round"] == number and entry["votes"]:
                kinds.add(kind_of(entry))
    return join_gates(_gate_text(confidence_by_name(kind)) for kind in kinds)


def _gate_text(confidence: Confidence) -> GateText:
    return confidence.gate_text or plain_gate(confidence.kind)

"""Explanations of a round's decision, and the texts of the confidence that made it."""

from ..programs.confidence.base import Confidence
from ..programs.confidence.gate import GateText, join_gates, plain_gate
from ..programs.confidence.registry import confidence_by_name
from ..programs.round_record import RoundRecord, kind_of
from .sources.base import ReportSystem, RoundView


def explain_decision(round_record: RoundRecord, round_: RoundView, is_last: bool) -> str:
    """Explain why a round's answer was accepted, or why the question escalated.

    Args:
        round_record: the round as it is stored in the record of a question.
        round_: the round of the system.
        is_last: whether no round follows.

    >>> record = {"answer": "18", "votes": {"18": 6}, "asked": 8}
    >>> record |= {"confidence": 0.75, "threshold": 0.75, "accepted": True}
    >>> explain_decision(record, RoundView(1, "small", samples=8, threshold=0.75), False)
    '6 of 8 samples agree (75%), and 75% are enough: accepted.'
    """
    threshold = round_record["threshold"]
    if round_record["answer"] is None and is_last:
        return "No answer could be read: the question stays without an answer."
    if round_record["answer"] is None:
        return f"No answer could be read: {_explain_escalation(round_record, round_)}."
    confidence = confidence_by_name(kind_of(round_record))
    is_scale = _gate_text(confidence).pass_or_fail is None
    if is_scale and threshold is None and round_.samples == 1:
        return "One sample was asked, and its answer is given."
    explanation = confidence.explain(round_record, round_.samples)
    if threshold is None:
        return f"{explanation}; this is the last round, so its answer is given."
    decision, verdict = "accepted", "enough"
    if not round_record["accepted"]:
        decision, verdict = _explain_escalation(round_record, round_), "needed"
    if is_scale:
        explanation += f", and {threshold:.0%} are {verdict}"
    return f"{explanation}: {decision}."


def _explain_escalation(round_record: RoundRecord, round_: RoundView) -> str:
    escalation = f"the question escalates to round {round_.number + 1}"
    if round_record.get("plan"):
        escalation += ", with a plan"
    return escalation


def round_gate_text(system: ReportSystem, number: int) -> GateText:
    """Return the texts of the confidence that decides a round.

    The confidence may differ from question to question; then the texts of all are joined.

    Args:
        system: the system.
        number: the number of the round.
    """
    kinds: set[str] = set()
    for record in system.records:
        for entry in record.rounds:
            if entry["round"] == number and entry["votes"]:
                kinds.add(kind_of(entry))
    return join_gates(_gate_text(confidence_by_name(kind)) for kind in kinds)


def _gate_text(confidence: Confidence) -> GateText:
    return confidence.gate_text or plain_gate(confidence.kind)

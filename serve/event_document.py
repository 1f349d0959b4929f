"""An event as JSON, for clients that display what happens: the field `cope_event` of a chunk."""

from ..programs import Cascade
from ..programs.events import Event, Planned, RoundDecided, RoundStarted, SampleCounted
from ..programs.round_text import describe_round
from ..util.json_types import JsonObject


def event_document(event: Event, cascade: Cascade) -> JsonObject:
    """Return an event as plain data; empty for a part of the answer's text.

    Args:
        event: the event.
        cascade: the program that it comes from.

    >>> event_document(Planned(1, None, "Add the prices."), Cascade("small"))
    {'type': 'plan', 'round': 1, 'sample': None, 'plan': 'Add the prices.'}
    """
    match event:
        case RoundStarted():
            return {
                "type": "round",
                "round": event.round,
                "rounds": len(cascade.preset.rounds),
                "planner": event.planner,
                "reasoner": event.reasoner,
                "samples": event.samples,
                "threshold": cascade.preset.rounds[event.round - 1].threshold,
                "description": describe_round(cascade.preset, event.round, cascade.domain),
            }
        case Planned():
            return {
                "type": "plan",
                "round": event.round,
                "sample": event.sample,
                "plan": event.plan,
            }
        case SampleCounted():
            return {
                "type": "sample",
                "round": event.round,
                "sample": event.sample,
                "answer": event.answer,
                "votes": dict(event.votes),
            }
        case RoundDecided():
            return {
                "type": "gate",
                "round": event.round,
                "answer": event.answer,
                "confidence": event.confidence,
                "threshold": event.threshold,
                "accepted": event.accepted,
                "votes": dict(event.votes),
                "samples_drawn": event.samples_drawn,
                "samples": event.samples,
                "reason": event.reason,
            }
    return {}

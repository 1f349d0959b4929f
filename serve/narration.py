"""What happens in a cascade as lines of text, for the reasoning that clients display."""

from ..programs import Cascade
from ..programs.events import Event, Planned, RoundDecided, RoundStarted, SampleCounted
from ..programs.round_text import describe_round
from ..util.text import one_line, shorten

LONGEST_LINE = 400


def narrate(event: Event, cascade: Cascade) -> str:
    """Return an event as one line of text with its line break.

    Args:
        event: the event.
        cascade: the program that it comes from.

    >>> event = Planned(1, None, "Add the prices.")
    >>> narrate(event, Cascade("small"))
    'plan: Add the prices.\\n'
    """
    match event:
        case RoundStarted():
            text = f"round {event.round}: " + describe_round(
                cascade.preset, event.round, cascade.domain
            )
        case Planned():
            text = f"plan: {event.plan}"
        case SampleCounted():
            answer = "no answer could be read" if event.answer is None else event.answer
            text = f"sample {event.sample + 1}: {answer}"
        case RoundDecided():
            text = f"{_decision(event, cascade)}: {event.reason}"
    return shorten(one_line(text), LONGEST_LINE) + "\n"


def _decision(event: RoundDecided, cascade: Cascade) -> str:
    if event.accepted:
        return "accepted"
    is_last = event.round == len(cascade.preset.rounds)
    return "not answered" if is_last else "escalated"

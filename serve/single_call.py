"""Whether one call of a model is the answer, so that its settings and tokens are a client's."""

from ..programs import Cascade
from ..programs.domains.registry import domain_by_name


def answers_with_one_call(cascade: Cascade) -> bool:
    """Return whether a single call of a model answers a question, without votes and plans."""
    rounds = cascade.preset.rounds
    first = rounds[0]
    return len(rounds) == 1 and first.samples == 1 and first.planner is None


def shows_tokens(cascade: Cascade) -> bool:
    """Return whether the tokens of one reply are those of the answer."""
    is_reply = cascade.json_form is not None or domain_by_name(cascade.domain).answer_is_reply
    return is_reply and answers_with_one_call(cascade)

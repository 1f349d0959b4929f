"""How many calls a question may take."""

from ..models.loading import limit_slots
from ..util.text import plural
from .cascade import Cascade
from .ensemble import members_of


def most_calls(program: Cascade) -> dict[str, int]:
    """Return the calls that a question takes at most, by tier.

    Requests that fail and are made again are not counted.

    Args:
        program: a cascade; of an ensemble all members may answer.

    >>> most_calls(Cascade("large")), most_calls(Cascade("self-consistency"))
    ({'large': 1}, {'small': 8})
    """
    calls: dict[str, int] = {}
    for member in members_of(program):
        for number, spec in enumerate(member.preset.rounds, 1):
            if spec.planner:
                plans = 1 if spec.plans == 1 else spec.samples
                calls[spec.planner] = calls.get(spec.planner, 0) + plans
            confidence = member.confidence_of(number)
            solved = spec.samples + getattr(confidence, "finishing_calls", 0)
            if getattr(confidence, "finishing_calls_by_vote", False):
                solved += spec.samples  # every sample may have a vote of its own
            calls[spec.reasoner] = calls.get(spec.reasoner, 0) + solved
    return {tier: calls[tier] for tier in program.preset.tier_order}


def fit_to_one_question(program: Cascade) -> None:
    """Let embedded models take memory for the requests of one question at a time.

    Called before they are loaded.
    """
    limit_slots(program.team, most_calls(program))


def most_calls_text(program: Cascade) -> str:
    """Return the same as a line for the user.

    >>> most_calls_text(Cascade("large"))
    'a question takes at most 1 call: large 1'
    """
    calls = most_calls(program)
    tiers = ", ".join(f"{tier} {count:,}" for tier, count in calls.items())
    return f"a question takes at most {plural(sum(calls.values()), 'call')}: {tiers}"

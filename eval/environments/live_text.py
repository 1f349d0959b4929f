"""The steps of an episode as lines for a terminal, as they happen."""

from ...programs.agent.records import StepRecord
from ...util.text import one_line, printable, shorten

_LONGEST = 200  # characters of an observation


def step_lines(step: StepRecord) -> list[str]:
    """Return what a player saw and did at a step, as lines.

    >>> step_lines({"attempt": 1, "step": 1, "observation": "A hall.", "action": None, \
"reward": 0.0, "end": "won"})
    ['  A hall.', 'ended: won']
    """
    lines = [f"  {shorten(printable(one_line(step['observation'])), _LONGEST)}"]
    rounds = step.get("rounds", [])
    if rounds:
        last = rounds[-1]
        action = printable(step["action"] or "no readable action")
        how = f"round {last['round']}, {last['confidence']:.0%} of {last['asked']} samples"
        lines.append(f"step {step['step']}: {action}  ({how})")
        plan = next((one["plan"] for one in reversed(rounds) if one["plan"]), None)
        if plan:
            lines.append(f"  plan: {shorten(printable(one_line(plan)), _LONGEST)}")
    end = step.get("end")
    if end:
        lines.append(f"ended: {printable(end)}")
    return lines

"""What an optimizer that reflects reads about a game: how it went, step by step."""

from collections.abc import Sequence
from itertools import pairwise

from ...programs.agent.history import PastStep, history_text
from ...programs.agent.records import StepRecord, is_decision, is_escalated, written_text
from ...util.text import plural

_MAX_CHARS = 1500  # of the steps


def describe_episode(steps: Sequence[StepRecord]) -> str:
    """Return why a game ended, and the steps of its last attempt.

    Args:
        steps: the records of the steps, of all attempts.
    """
    last = [step for step in steps if step["attempt"] == steps[-1]["attempt"]]
    past: list[PastStep] = []
    for step, after in pairwise(last):
        said = "" if step["action"] else written_text(step.get("rounds", []))
        past.append(PastStep(step["action"], after["observation"], said))
    decided = [step for step in last if is_decision(step)]
    escalated = sum(map(is_escalated, decided))
    head = f"The game ended after {plural(len(decided), 'step')}: {last[-1].get('end', 'unknown')}."
    if escalated:
        head += f" {plural(escalated, 'step')} escalated."
    return f"{head} The steps:\n{history_text(past, _MAX_CHARS)}"

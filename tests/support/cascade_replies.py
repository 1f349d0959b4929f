"""What scripted models say in the tests of the cascade."""

from typing import Any

from cope.programs import preset_names

QUESTION = (
    "A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total?"
)
_OTHERS = {
    "cope-agent": "plays games only",
    "cope-act": "plays games only",
    "cope-react": "plays games only",
    "cope-tests": "answers programs only",
    "cope-three-tiers": "needs a third tier",
    "cope-two-large": "its last round is never asked, because the large tier agrees with itself",
    "cope-verified": "answers programs only",
    "cope-blueprint": "says nothing before a compile writes its plan, so its prompts have none",
    "cope-diagnosis": "its planner sees answers",
    "greedy-first": "answers programs only",
    "program-of-thought": "its replies are programs",
    "program-of-thought-large": "its replies are programs",
}
PRESETS = [name for name in preset_names() if name not in _OTHERS]
"""The presets for which these replies ask every round, and whose planners see the question only."""


def no_agreement(ask: Any) -> str:
    """Every small sample says something else, so that the question goes through all rounds."""
    if ask.role == "plan":
        return f"Goal {ask.seed}." if ask.tier == "small" else f"Guideline {ask.seed}."
    return (
        f"WORKINGS {ask.seed}.\nAnswer: {100 + (ask.seed or 0)}"
        if ask.tier == "small"
        else "So.\nAnswer: 3"
    )


def agreement(ask: Any) -> str:
    return f"Plan {ask.seed}." if ask.role == "plan" else "WORKINGS.\nAnswer: 3"

"""Planner, Reasoner and Cascade as DSPy modules, the vote, and the presets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cascade import Cascade
    from .domain import DOMAINS, Domain
    from .planner import Planner
    from .preset import Preset, Round, load_preset, preset_names
    from .reasoner import Reasoner
    from .sample import Confidence, Sample, Tally, Verdict
    from .tests_pass import TestsPass
    from .vote import VoteShare, accepts

# Loaded on first use, so that reading a preset does not pay for dspy.
_HOMES = {
    "Cascade": ".cascade",
    "Confidence": ".sample",
    "DOMAINS": ".domain",
    "Domain": ".domain",
    "Planner": ".planner",
    "Preset": ".preset",
    "Reasoner": ".reasoner",
    "Round": ".preset",
    "Sample": ".sample",
    "Tally": ".sample",
    "TestsPass": ".tests_pass",
    "Verdict": ".sample",
    "VoteShare": ".vote",
    "accepts": ".vote",
    "load_preset": ".preset",
    "preset_names": ".preset",
}

__all__ = [
    "DOMAINS", "Cascade", "Confidence", "Domain", "Planner", "Preset", "Reasoner", "Round", "Sample", "Tally", "TestsPass",
    "Verdict", "VoteShare", "accepts", "load_preset", "preset_names",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'cope.programs' has no attribute {name!r}")

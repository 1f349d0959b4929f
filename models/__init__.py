"""The team: tiers of language models, their engines, and the meter that counts what they use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .allowance import Allowance, Halt, allowed_by
    from .ledger import Appender, Ledger, read_lines, recorded_in
    from .meter import Call, Meter, Usage, labelled, metered
    from .prices import Price
    from .running import run_sync
    from .scripted import ScriptedEngine
    from .team import DEFAULT_LARGE, DEFAULT_SMALL, Team, Tier

# Loaded on first use, so that light parts (prices, weights) do not pay for dspy.
_HOMES = {
    "Allowance": ".allowance",
    "Appender": ".ledger",
    "Call": ".meter",
    "DEFAULT_LARGE": ".team",
    "DEFAULT_SMALL": ".team",
    "Halt": ".allowance",
    "Ledger": ".ledger",
    "Meter": ".meter",
    "Price": ".prices",
    "ScriptedEngine": ".scripted",
    "Team": ".team",
    "Tier": ".team",
    "Usage": ".meter",
    "allowed_by": ".allowance",
    "labelled": ".meter",
    "metered": ".meter",
    "read_lines": ".ledger",
    "recorded_in": ".ledger",
    "run_sync": ".running",
}

__all__ = [
    "DEFAULT_LARGE", "DEFAULT_SMALL", "Allowance", "Appender", "Call", "Halt", "Ledger", "Meter", "Price", "ScriptedEngine",
    "Team", "Tier", "Usage", "allowed_by", "labelled", "metered", "read_lines", "recorded_in", "run_sync",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'cope.models' has no attribute {name!r}")

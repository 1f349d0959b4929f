"""Where model-written code runs, and nowhere else: one verb, backends behind it, verdicts that cannot be forged."""

from .backends import Backend, Bare, Bubblewrap
from .deno import Deno
from .limits import Limits
from .sandbox import Sandbox
from .select import open_sandbox
from .tests import Outcome, Report, Suite

__all__ = [
    "Backend",
    "Bare",
    "Bubblewrap",
    "Deno",
    "Limits",
    "Outcome",
    "Report",
    "Sandbox",
    "Suite",
    "open_sandbox",
]

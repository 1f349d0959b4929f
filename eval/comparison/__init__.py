"""Systems compared on the same questions: paired intervals and tests, lines to be above, and what it takes to be sure."""

from .comparing import MARGIN, Comparison, Figures, compare
from .lines import Beside
from .price_ratio import BASES, RATIOS, PriceRatio
from .sharing import SharedLedger, Sharing, shared_by
from .systems import System
from .verdict import points, settling, shares, verdict
from .versus import Costs, Versus

__all__ = [
    "BASES", "MARGIN", "RATIOS", "Beside", "Comparison", "Costs", "Figures",
    "PriceRatio", "SharedLedger", "Sharing", "System", "Versus", "compare",     "points", "settling", "shared_by", "shares",
    "verdict",
]  # fmt: skip

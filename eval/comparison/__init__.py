"""Systems compared on the same questions: paired intervals and tests, lines to be above, and what it takes to be sure."""

from .compare import MARGIN, Comparison, Figures, compare
from .document import comparison_document
from .pair import Costs, Versus
from .price_ratio import BASES, RATIOS, PriceRatio
from .routing_baselines import Beside
from .systems import System
from .text import points, settling, shares, verdict

__all__ = [
    "BASES",
    "MARGIN",
    "RATIOS",
    "Beside",
    "Comparison",
    "Costs",
    "Figures",
    "PriceRatio",
    "System",
    "Versus",
    "compare",
    "comparison_document",
    "points",
    "settling",
    "shares",
    "verdict",
]

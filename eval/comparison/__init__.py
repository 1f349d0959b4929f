"""Systems compared on the same questions: paired intervals and tests, lines to be above, and what it takes to be sure."""

from .bootstrap import DRAWS, Estimate, Sums, resample
from .comparing import MARGIN, Comparison, Figures, compare
from .lines import Beside
from .paired_test import holm, mcnemar, paired_p
from .power import POWER, detectable, questions_needed
from .price_ratio import BASES, RATIOS, PriceRatio
from .sharing import SharedLedger, Sharing, shared_by
from .systems import System
from .verdict import points, settling, shares, verdict
from .versus import Costs, Versus

__all__ = [
    "BASES", "DRAWS", "MARGIN", "POWER", "RATIOS", "Beside", "Comparison", "Costs", "Estimate", "Figures",
    "PriceRatio", "SharedLedger", "Sharing", "Sums", "System", "Versus", "compare", "detectable", "holm", "mcnemar",
    "paired_p", "points", "questions_needed", "resample", "settling", "shared_by", "shares",
    "verdict",
]  # fmt: skip

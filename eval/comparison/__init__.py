"""Compare systems on the same questions: paired tests, routing baselines, questions needed."""

from .compare import DEFAULT_MARGIN, Comparison, SystemSummary, compare
from .document import comparison_document
from .formats import format_points, format_ratio
from .margin import MarginTest, margin_test
from .pair import PairedComparison, PairedCosts
from .price_ratio import PRICE_BASES, PRICE_RATIOS, PriceRatio
from .routing_baselines import RoutingBaselines
from .systems import SystemScores
from .text import conclusion, questions_for_significance

__all__ = [
    "DEFAULT_MARGIN",
    "PRICE_BASES",
    "PRICE_RATIOS",
    "Comparison",
    "MarginTest",
    "PairedComparison",
    "PairedCosts",
    "PriceRatio",
    "RoutingBaselines",
    "SystemScores",
    "SystemSummary",
    "compare",
    "comparison_document",
    "conclusion",
    "format_points",
    "format_ratio",
    "margin_test",
    "questions_for_significance",
]

"""Convert a comparison to plain data, for `comparison.json` and `--json`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...programs.reply_counts import ReplyCounts
from ..run.question_result import QuestionResult
from .compare import Comparison
from .margin import margin_test
from .pair import PairedComparison
from .price_ratio import PRICE_BASES
from .text import questions_for_significance, stored_conclusion


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data; None for unknown values and missing bounds."""
    systems = {name: summary.as_dict() for name, summary in comparison.summaries.items()}
    baselines: dict[str, dict[str, Any]] = {}
    for measure, rows in comparison.routing_baselines.items():
        baselines[measure] = {name: one.as_dict() for name, one in rows.items()}
    basis = comparison.price_basis
    savings = [saving.as_dict() for saving in comparison.savings]
    return {
        "systems": systems,
        "against": comparison.reference,
        "last_tier": comparison.last_tier,
        "by": comparison.measure,
        "groups": comparison.groups,
        "margin": comparison.margin,
        "draws": comparison.draws,
        "bootstrap_seed": comparison.seed,
        "comparisons": [_pair(pair, comparison) for pair in comparison.pairs],
        "beside": baselines,
        "price_ratio_of": PRICE_BASES[basis] if basis else None,
        "saving": savings[0] if savings else None,
        "savings": savings,
        "flips": [table.as_dict() for table in comparison.flips],
        "envelope": comparison.envelope and comparison.envelope.as_dict(),
    }


def replies_of(results: Sequence[QuestionResult]) -> ReplyCounts | None:
    """Return how many replies of a system's results gave no answer."""
    return ReplyCounts.of_rounds(
        round_ for result in results if result.error is None for round_ in result.rounds
    )


def reply_counts(counts: Mapping[str, ReplyCounts | None]) -> dict[str, dict[str, int] | None]:
    """Return, by system, how many replies gave no answer, as plain data; None where unknown."""
    plain: dict[str, dict[str, int] | None] = {}
    for name, one in counts.items():
        plain[name] = None if one is None else one.as_dict()
    return plain


def _pair(pair: PairedComparison, comparison: Comparison) -> dict[str, Any]:
    document = pair.as_dict()
    document["verdict"] = stored_conclusion(pair, comparison)
    document["margin_test"] = margin_test(pair, comparison.margin).as_dict()
    document["settling"] = None if pair.significant else questions_for_significance(pair)
    return document

"""A comparison as plain data, as `comparison.json` and `--json` have it."""

from typing import Any

from .compare import Comparison
from .pair import Versus
from .price_ratio import BASES
from .text import settling, verdict


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data. None stands for what is not known or has no bound."""
    systems = {name: vars(figures) for name, figures in comparison.figures.items()}
    beside: dict[str, dict[str, Any]] = {}
    for measure, rows in comparison.beside.items():
        beside[measure] = {name: one.as_dict() for name, one in rows.items()}
    basis = comparison.basis
    return {
        "systems": systems,
        "against": comparison.against,
        "last_tier": comparison.last_tier,
        "by": comparison.by,
        "groups": comparison.groups,
        "margin": comparison.margin,
        "draws": comparison.draws,
        "bootstrap_seed": comparison.seed,
        "comparisons": [_pair(pair, comparison) for pair in comparison.pairs],
        "beside": beside,
        "price_ratio_of": BASES[basis] if basis else None,
    }


def _pair(pair: Versus, comparison: Comparison) -> dict[str, Any]:
    document = pair.as_dict()
    document["verdict"] = verdict(pair, comparison)
    document["settling"] = None if pair.settled else settling(pair)
    return document

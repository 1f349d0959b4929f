"""The result of a compile as plain data, for `--json`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .estimate import CostEstimate
from .result import CompileResult


def result_document(
    result: CompileResult,
    settings: Mapping[str, Any],
    estimate: CostEstimate,
    output: Path,
    frontier: Sequence[Path],
) -> dict[str, Any]:
    """Return the result of a compile as plain data.

    Args:
        result: the result.
        settings: the `document` of its settings.
        estimate: the estimate before its start.
        output: the program file.
        frontier: the files of the frontier's programs; empty when none were saved.
    """
    mean, low, high = result.gain
    files = [str(file) for file in frontier] or [None] * len(result.frontier)
    document = dict(settings)
    document |= {
        "before": result.before.as_dict(),
        "after": result.after.as_dict(),
        "improved": result.improved,
        "gain": {"mean": mean, "low": low, "high": high},
        "candidates": len(result.candidates),
        "estimate": estimate.as_dict(),
        "spent": result.usage.totals(),
        "stopped": result.stop_reason,
        "lost": result.proposal_warnings,
        "output": str(output),
    }
    rows = []
    for (_, scores), file in zip(result.frontier, files, strict=True):
        row = dict(scores.as_dict())
        row["file"] = file
        rows.append(row)
    document["frontier"] = rows
    document["plots"] = result.provenance.get("plots", [])
    document["mlflow"] = result.provenance.get("mlflow")
    return document

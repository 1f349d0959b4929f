"""Log a comparison to MLflow: one run with a child run for each system."""

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...tracking.names import run_name
from ..run.store import RunStore
from .compare import Comparison, SystemSummary
from .margin import margin_test
from .store import DOCUMENT_FILE, ComparisonStore

if TYPE_CHECKING:
    from ...tracking import Tracker


def track_comparison(
    tracker: "Tracker",
    comparison: Comparison,
    document: Mapping[str, Any],
    text: str,
    store: ComparisonStore,
    stores: Mapping[str, RunStore],
    tracking_store: str | None,
) -> dict[str, str]:
    """Log a comparison.

    The same comparison resumes its run. A system gets a new child run if it has more questions.

    Args:
        tracker: logs the run.
        comparison: the comparison.
        document: the same as plain data, with its pictures.
        text: the same as text.
        store: the folder of the comparison, which contains the id of the run.
        stores: the runs of the systems by name.
        tracking_store: the URI of the MLflow store; None for the default one.

    Returns:
        The id of the run, and the URI of its store.
    """
    params = {f"model.{tier}": model for tier, model in document["models"].items()}
    for name in ("task", "split", "data", "seed", "against", "by"):
        params[name] = document[name]
    tags = {"folder": document["folder"], "systems": ", ".join(comparison.summaries)}
    task, data = document["task"], document["data"] or document["split"]
    programs = {}
    for name in comparison.summaries:
        programs[name] = document["origins"][name]["program_file"] or name
    with tracker.open(
        f"cope-compare-{task}",
        run_name(task, programs.values(), data, f"against {comparison.reference}"),
        params,
        tags=tags,
        run_id=store.metadata().get("mlflow_run"),
        store=tracking_store,
        traces=False,
    ) as run:
        store.update_metadata(mlflow_run=run.id)
        run.log_metrics(_metrics(comparison, document))
        run.log_text(text, "comparison.txt")
        untracked = dict(document)
        untracked["mlflow"] = None
        run.log_text(json.dumps(untracked, ensure_ascii=False, indent=1), DOCUMENT_FILE)
        for picture in document["pictures"]:
            run.log_artifact(Path(picture))
        logged = run.children()
        for name, summary in comparison.summaries.items():
            key = f"{name} {stores[name].path.name} {summary.n}"
            if key not in logged:
                settings = json.dumps(stores[name].settings, indent=1)
                child = run_name(task, [programs[name]], data)
                run.log_child_run(key, child, _system_metrics(summary), {"settings.json": settings})
        return {"run": run.id, "store": run.uri}


def _metrics(comparison: Comparison, document: Mapping[str, Any]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name in ("made", "shared", "stopped"):
        metrics[f"calls.{name}"] = document["calls"][name]
    for pair in comparison.pairs:
        metrics[f"{pair.system}.difference"] = pair.difference.value
        metrics[f"{pair.system}.p"] = pair.p
        metrics[f"{pair.system}.p_holm"] = pair.adjusted_p
        found = margin_test(pair, comparison.margin)
        metrics[f"{pair.system}.not_worse"] = float(found.is_not_worse)
        if isfinite(found.smallest):
            metrics[f"{pair.system}.smallest_margin"] = found.smallest
    for flips in comparison.flips:
        if flips.total.questions:
            metrics[f"{flips.system}.churn"] = flips.total.churn / flips.total.questions
    for name, one in (comparison.envelope.systems if comparison.envelope else {}).items():
        if isfinite(one.gain.value):
            metrics[f"{name}.above_envelope"] = one.gain.value
    for saving in comparison.savings:
        if isfinite(saving.saving.value):
            metrics[f"{saving.system}.saving"] = saving.saving.value
    return metrics


def _system_metrics(summary: SystemSummary) -> dict[str, float]:
    low, high = summary.interval
    metrics = {
        "accuracy": summary.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "questions": summary.n,
    }
    for name, value in summary.costs.items():
        if value is not None:
            metrics[f"{name}.mean"] = value
    return metrics

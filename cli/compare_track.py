"""A comparison in MLflow: one run, with a run inside it for each system."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .display.comparison import comparison_text

if TYPE_CHECKING:
    from ..eval import RunStore
    from ..eval.comparison import Comparison
    from ..eval.comparison.store import ComparisonStore


def track(
    document: Mapping[str, Any],
    found: "Comparison",
    options: Mapping[str, Any],
    store: "ComparisonStore",
    folders: "Mapping[str, RunStore]",
) -> dict[str, str]:
    """Log a comparison; the same comparison goes on in its run, and a system's run is made anew when its questions are more.

    Returns:
        The run and its store.
    """
    from ..eval.comparison.store import DOCUMENT_FILE
    from ..tracking import tracked

    params = {f"model.{tier}": model for tier, model in document["models"].items()}
    params |= {name: document[name] for name in ("task", "split", "data", "seed", "against", "by")}
    tags = {"folder": document["folder"], "systems": ", ".join(found.figures)}
    with tracked(
        f"cope-compare-{document['task']}",
        f"against {found.against}",
        params,
        tags,
        store.metadata().get("mlflow_run"),
        options["store"],
        traces=False,
    ) as run:
        store.update_metadata(mlflow_run=run.id)
        run.metrics(
            {f"calls.{name}": document["calls"][name] for name in ("made", "shared", "stopped")}
        )
        for pair in found.pairs:
            run.metrics(
                {
                    f"{pair.system}.difference": pair.difference.value,
                    f"{pair.system}.p": pair.p,
                    f"{pair.system}.p_holm": pair.adjusted,
                }
            )
        run.text(comparison_text(found, document), "comparison.txt")
        run.text(
            json.dumps({**document, "mlflow": None}, ensure_ascii=False, indent=1),
            DOCUMENT_FILE,
        )
        for picture in document["pictures"]:
            run.artifact(Path(picture))
        there = run.children()
        for name, figures in found.figures.items():
            key = f"{name} {folders[name].path.name} {figures.n}"
            if key not in there:
                run.child(
                    key,
                    name,
                    _metrics(figures),
                    {"settings.json": json.dumps(folders[name].settings, indent=1)},
                )
        return {"run": run.id, "store": run.uri}


def _metrics(figures: Any) -> dict[str, float]:
    low, high = figures.interval
    known = {f"{name}.mean": value for name, value in figures.costs.items() if value is not None}
    return {
        "accuracy": figures.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "questions": figures.n,
        **known,
    }

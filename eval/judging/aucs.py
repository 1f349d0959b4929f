"""How well confidences tell good answers from others, by a judge's scores."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...stats.roc import auc
from ..run.judge_summary import summarize_judge
from ..run.store import QuestionResult
from .runs import confidence_values


def confidence_aucs(results: Sequence[QuestionResult]) -> dict[str, float | None]:
    """Return, by the name of a confidence, its area under the ROC curve against the scores.

    An answer is good when its score is 1. The value is None where all answers are good or none is.
    """
    columns: dict[str, tuple[list[float], list[bool]]] = {}
    for result in results:
        if result.error is not None or result.score is None:
            continue
        for name, value in confidence_values(result).items():
            values, good = columns.setdefault(name, ([], []))
            values.append(value)
            good.append(result.score >= 1.0)
    aucs: dict[str, float | None] = {}
    for name, (values, good) in columns.items():
        aucs[name] = auc(np.array(values), np.array(good))
    return aucs


def judged_systems(results: Mapping[str, Sequence[QuestionResult]]) -> dict[str, dict[str, Any]]:
    """Return what the judge of each system did, and the AUC of confidences; empty without one."""
    systems: dict[str, dict[str, Any]] = {}
    for name, rows in results.items():
        judge = summarize_judge(rows)
        if judge is not None:
            systems[name] = judge.as_dict() | {"auc": confidence_aucs(rows), "text": judge.text()}
    return systems


def judged_lines(systems: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the sentences of a comparison whose answers a judge scored.

    >>> judged_lines({"cope": {"text": "the judge answered 2 calls", "auc": {"votes": 0.7}}})
    ['cope: the judge answered 2 calls', 'cope: AUC against the judge: votes 0.70']
    """
    lines: list[str] = []
    for name, system in systems.items():
        lines.append(f"{name}: {system['text']}")
        aucs = [f"{kind} {value:.2f}" for kind, value in system["auc"].items() if value is not None]
        if aucs:
            lines.append(f"{name}: AUC against the judge: {', '.join(aucs)}")
    return lines

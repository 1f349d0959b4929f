"""The file of a fitted confidence: the coefficients of a logistic regression."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...util.json_text import parse_json

FEATURES = ("mean_logprob", "window_logprob", "log_tokens", "agreement")
"""What the combination weighs: the mean log-probability of the leading sample's tokens, that of its
least sure passage, the logarithm of its number of tokens, and the share of the round's samples that
say the same by character n-grams."""

_FORMAT = 1


@dataclass(frozen=True)
class FittedConfidence:
    """A fitted logistic combination.

    Attributes:
        intercept: of the linear predictor.
        weights: by the names of `FEATURES`.
        answers: number of answers that it was fitted on.
        auc: its area under the ROC curve on other answers than it was fitted on; None if unknown.
        record: the record's name.
    """

    intercept: float
    weights: dict[str, float]
    answers: int = 0
    auc: float | None = None
    record: str = ""

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability of a good answer, 0 to 1; NaN where a feature is unknown."""
        linear = self.intercept
        for name, weight in self.weights.items():
            linear += weight * features[name]
        if math.isnan(linear):
            return math.nan
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, linear))))

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            CopeError: when it cannot be written.
        """
        document: dict[str, Any] = {"confidence": "logistic", "format": _FORMAT}
        document |= asdict(self)
        try:
            path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise CopeError(f"cannot write {path}: {error.strerror or error}") from None


def read_fitted(path: Path) -> FittedConfidence:
    """Read a file that `cope fit-confidence` wrote.

    Raises:
        CopeError: when it cannot be read or is no such file.
    """
    remedy = "make one with cope fit-confidence"
    try:
        document = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CopeError(f"cannot read the confidence {path}: {reason}; {remedy}") from None
    except ValueError:
        raise CopeError(f"{path} is no fitted confidence: {remedy}") from None
    if not isinstance(document, dict) or document.get("confidence") != "logistic":
        raise CopeError(f"{path} is no fitted confidence: {remedy}")
    weights = document.get("weights")
    if not isinstance(weights, dict) or set(weights) != set(FEATURES):
        raise CopeError(f"{path} has damaged coefficients: {remedy}")
    intercept = _coefficient(document.get("intercept"))
    known = {name: _coefficient(weights[name]) for name in FEATURES}
    if math.isnan(intercept + sum(known.values())):
        raise CopeError(f"{path} has damaged coefficients: {remedy}")
    return FittedConfidence(intercept, known)


def is_fitted(path: Path) -> bool:
    """Return whether a file is a fitted confidence."""
    try:
        read_fitted(path)
    except CopeError:
        return False
    return True


def _coefficient(value: object) -> float:
    """Return a finite number; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return math.nan
    return float(value)

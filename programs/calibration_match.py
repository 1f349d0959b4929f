"""Load a calibration for the program, models and settings that it was made for, and describe it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import CopeError
from .calibration_file import Certificate, load_certificate
from .identity import ProgramIdentity


def load_matching_certificate(
    file: Path,
    program: ProgramIdentity,
    models: Mapping[str, str],
    asked: Mapping[str, Any],
    task: str | None,
    weights: Callable[[str], str | None],
) -> Certificate:
    """Load a calibration that must have been made for this program and these models.

    Args:
        file: the calibration's.
        program: that is to be calibrated.
        models: each tier's model.
        asked: what changes the requests, see `Certificate.misfit`.
        task: the task's name, where there is one.
        weights: gives the digest of a tier's weights; called only where the calibration knows them.

    Raises:
        CopeError: when there is none, or it does not fit.
    """
    certificate = load_certificate(file)
    digests = {}
    for tier in certificate.weights:
        if models.get(tier) == certificate.models.get(tier):
            digests[tier] = weights(tier)
    misfit = certificate.mismatch_reason(program, models, asked, task=task, weights=digests)
    if misfit:
        raise CopeError(f"the calibration {file} does not fit: {misfit}")
    return certificate


def check_answer_kind(file: Path | None, certificate: Certificate | None, kind: str) -> None:
    """Raise an error when a calibration counted votes by another kind of answers.

    Args:
        file: the calibration's.
        certificate: the calibration; None without one. It names no kind when its record names
            none, as records of earlier versions do.
        kind: the name of the kind by which answers are compared.

    Raises:
        CopeError: when the kinds differ.
    """
    made_for = certificate.program.get("answer_kind") if certificate else None
    if made_for is not None and made_for != kind:
        raise CopeError(
            f"the calibration {file} does not fit: it compared answers as {made_for}, and these "
            f"are compared as {kind}: give --match {made_for}, or calibrate again"
        )


def describe_calibration(file: Path, certificate: Certificate) -> str:
    """Return a line on what a calibration chose, with its guarantee."""
    return f"calibration {file}: {certificate.description}. {certificate.promise}"


def calibration_summary(
    file: Path | None, certificate: Certificate | None
) -> dict[str, Any] | None:
    """Return what a JSON document says about a calibration; None without one."""
    if certificate is None:
        return None
    summary = {
        "file": str(file),
        "setting": certificate.setting,
        "promise": certificate.promise,
    }
    for name in ("harm", "delta", "loss"):
        summary[name] = certificate.aim[name]
    return summary

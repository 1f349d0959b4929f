"""Warnings before a program is measured: questions it was compiled on, settings that differ."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .output import warn

if TYPE_CHECKING:
    from ..eval.run.contamination import Contamination
    from ..programs.calibration_file import Certificate


def warn_about_contamination(
    compiled: Mapping[str, Any], questions: Iterable[str], name: str | None = None
) -> "Contamination | None":
    """Warn when a program was compiled on some of the questions that measure it.

    Args:
        compiled: the metadata of the compile.
        questions: those of the measurement.
        name: the program's name, where there are several.

    Returns:
        The number of those questions; None when the metadata holds no questions.
    """
    import dspy

    from ..eval.run.contamination import count_overlap

    seen = count_overlap(compiled, [dspy.Example(question=question) for question in questions])
    if seen and seen.summary:
        warn(f"{name}: {seen.summary}" if name else seen.summary)
    return seen


def warn_about_settings(compiled: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Warn about settings that differ from those of a program's compile."""
    from ..programs.compile_metadata import setting_mismatches

    mismatches = setting_mismatches(compiled, current)
    if mismatches:
        warn(mismatches)


def warn_about_questions(
    certificate: "Certificate | None", task: str, questions: Iterable[tuple[str, str | None]]
) -> None:
    """Warn when the guarantee of a calibration may not hold for some questions.

    Args:
        certificate: the calibration; None for no warning.
        task: the task's name.
        questions: each with its right answer.
    """
    if certificate is None:
        return
    pairs = list(questions)
    texts, gold = [question for question, _ in pairs], [answer for _, answer in pairs]
    for warning in certificate.warnings(task, texts, gold):
        warn(warning)

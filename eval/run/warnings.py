"""Warn before a program is measured: questions it was compiled on, settings that differ.

Each warning is a line for the user that begins with "warning: ".
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import dspy

from ...programs import Cascade, System
from ...programs.agent.agent import Agent
from ...programs.agent.missing_games import missing_games
from ...programs.calibration_file import Certificate
from ...programs.compile_metadata import setting_mismatches
from .contamination import Contamination, count_overlap

Notify = Callable[[str], None]


def warn_about_contamination(
    compiled: Mapping[str, Any],
    questions: Iterable[str],
    notify: Notify,
    name: str | None = None,
) -> Contamination | None:
    """Warn when a program was compiled on some of the questions that measure it.

    Args:
        compiled: the metadata of the compile.
        questions: those of the measurement.
        notify: receives the warning.
        name: the program's name, where there are several.

    Returns:
        The number of those questions; None when the metadata holds no questions.
    """
    seen = count_overlap(compiled, [dspy.Example(question=question) for question in questions])
    if seen and seen.summary:
        notify(f"warning: {name}: {seen.summary}" if name else f"warning: {seen.summary}")
    return seen


def warn_about_settings(
    compiled: Mapping[str, Any], current: Mapping[str, Any], notify: Notify
) -> None:
    """Warn about settings that differ from those of a program's compile."""
    mismatches = setting_mismatches(compiled, current)
    if mismatches:
        notify(f"warning: {mismatches}")


def warn_about_calibration(
    certificate: Certificate | None,
    task: str,
    questions: Iterable[str],
    gold: Iterable[str | None],
    notify: Notify,
) -> None:
    """Warn when the guarantee of a calibration may not hold for some questions.

    Args:
        certificate: the calibration; None for no warning.
        task: the task's name.
        questions: the questions.
        gold: their right answers.
        notify: receives the warnings.
    """
    if certificate is not None:
        for warning in certificate.warnings(task, questions, gold):
            notify(f"warning: {warning}")


def warn_about_turns(system: System, notify: Notify) -> None:
    """Warn when rounds that read a game as turns have no solved games, see `missing_games`."""
    program = system.program if isinstance(system, Agent) else system
    missing = missing_games(program) if isinstance(program, Cascade) else None
    if missing:
        notify(f"warning: {missing}")

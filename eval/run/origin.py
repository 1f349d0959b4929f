"""Where a measured system comes from, and which of the questions it has seen."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dspy

from ...programs import Cascade, System
from ...programs.compile_metadata import read_compile_metadata
from .contamination import count_overlap


def program_origin(
    file: Path | None,
    examples: Sequence[dspy.Example],
    notify: Callable[[str], None],
    task: str | None = None,
) -> dict[str, Any]:
    """Return the file of a program or system, and how many of the questions it was made from.

    Args:
        file: the file of the program or trained system; None for a preset.
        examples: the questions.
        notify: receives a warning if the program was compiled on some of the questions, or a system
            was trained for another task.
        task: the task's name.
    """
    if file is None:
        return {"program_file": None, "seen": None}
    metadata = read_compile_metadata(file)
    if metadata.get("system") and task not in (None, metadata["task"]):
        notify(
            f"warning: {file} was trained for {metadata['task']}, and these questions are of "
            f"{task}: train it on such questions to measure what it can do"
        )
    overlap = count_overlap(metadata, list(examples))
    if overlap and overlap.summary:
        notify(f"warning: {overlap.summary}")
    return {"program_file": str(file), "seen": overlap.as_dict() if overlap else None}


def warn_about_pregate(
    system: System, examples: Sequence[dspy.Example], notify: Callable[[str], None]
) -> None:
    """Warn when the router before a cascade's rounds was trained on some of the questions."""
    if not isinstance(system, Cascade) or system.preset.pregate is None:
        return
    file = Path(system.preset.pregate.file)
    overlap = count_overlap(read_compile_metadata(file), list(examples))
    if overlap and overlap.summary:
        notify(f"warning: {file}: {overlap.summary}")

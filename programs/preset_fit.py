"""Whether a preset suits a kind of questions."""

from .confidence.registry import confidence_by_name
from .domains.base import Domain
from .preset import Preset


def preset_misfit(preset: Preset, domain: Domain) -> str | None:
    """Return why a preset does not suit a kind of questions; None when it does.

    A program, or a text of several lines, is never equal to another, so that confidences which
    compare answers would find no majority.

    >>> from cope.programs import DOMAINS, load_preset
    >>> preset_misfit(load_preset("best-of-tests"), DOMAINS["short-answer"])
    "the confidence 'tests' runs programs, and these questions are of kind 'short-answer'"
    """
    for round_ in preset.rounds:
        if round_.confidence is None:
            continue
        confidence = confidence_by_name(round_.confidence)
        has_lines = domain.answers_are_lines and not domain.needs_sandbox
        does = ""
        if getattr(confidence, "runs_programs", False) and not domain.needs_sandbox:
            does = "runs programs"
        elif getattr(confidence, "compares_answers", False) and not has_lines:
            does = "compares answers of one line"
        if does:
            return (
                f"the confidence {round_.confidence!r} {does}, and these questions are of kind "
                f"{domain.name!r}"
            )
    return None

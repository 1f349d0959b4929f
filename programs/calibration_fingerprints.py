"""Digests by which a calibration knows its program and the right answers to its questions."""

from typing import Any

from ..util.hashing import digest
from .identity import ProgramIdentity


def calibration_fingerprint(program: ProgramIdentity) -> str:
    """Return a digest of a program without thresholds and samples, which a calibration sets.

    The rule `give-up` is left out too, because a calibration brings its counts.
    """
    left_out = ("threshold", "samples", "plans", "give_up")
    rounds = [r.identity(left_out=left_out) for r in program.preset.rounds]
    plans = [r.plans > 1 for r in program.preset.rounds]
    parts: list[Any] = [rounds, plans, program.domain, program.prompts]
    if program.preset.pregate is not None:  # fingerprints of presets without one stay the same
        parts.append(program.preset.pregate.model_dump(mode="json"))
    return digest(*parts)


def answer_fingerprint(answer: str | None) -> str | None:
    """Return a digest of a right answer, however it is spaced; None where there is none."""
    return None if answer is None else digest(" ".join(answer.split()))

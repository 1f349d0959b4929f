"""The calibrated cascade of a recording, as one more system of a comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import CopeError
from ...programs.calibration_file import Certificate
from ...programs.calibration_match import load_matching_certificate
from ...programs.identity import ProgramIdentity
from ...util.hashing import question_fingerprint
from ..replay.match import recorded_identity, single_tier_program
from ..replay.programs import left_replay
from ..replay.replay import Replay

if TYPE_CHECKING:
    from .replay_request import ReplayRequest


@dataclass(frozen=True)
class CalibratedSystem:
    """The recording's own program with the setting of a calibration.

    Attributes:
        name: its name in the comparison.
        replay: its replay.
        summary: the guarantee and the questions of the comparison, as plain data.
        rows: the positions of the questions on which all systems are compared.
    """

    name: str
    replay: Replay
    summary: dict[str, Any]
    rows: set[int]


def calibrated_system(request: "ReplayRequest") -> CalibratedSystem:
    """Replay the recording's own program with the setting of a calibration.

    It is the last tier alone if the calibration chose that. All systems are then compared on the
    questions that the calibration did not use; if there are none, on those that it used only for
    testing.

    Raises:
        CopeError: if the calibration does not fit the recording, or if it selected its setting on
            all questions.
    """
    recording = request.recording
    assert request.calibration is not None
    name, manifest = next(iter(recording.programs)), recording.manifest
    program = recorded_identity(recording, name)
    certificate = load_matching_certificate(
        request.calibration,
        program,
        recording.models,
        manifest.settings,
        manifest.task,
        manifest.weights.get,
    )
    replay = _calibrated_replay(request, program, certificate)
    questions = recording.questions[: request.limit]
    new, tested = _unused_questions(questions, certificate)
    rows = new or tested
    if not rows:
        raise CopeError(
            f"the thresholds of {request.calibration} were chosen on all these questions: compare "
            "it on a record of others, or of more"
        )
    summary = {
        "file": str(request.calibration),
        "promise": certificate.promise,
        "words": certificate.description,
        "setting": certificate.setting,
        "questions": len(rows),
        "left_out": len(questions) - len(rows),
        "new": bool(new),
    }
    return CalibratedSystem(f"{name}, calibrated", replay, summary, rows)


def _unused_questions(
    questions: Sequence[str], certificate: Certificate
) -> tuple[set[int], set[int]]:
    """Return the positions of questions on which a calibration did not select its setting.

    Returns:
        Those that it did not use at all, and those that it used only for testing.
    """
    selected_on, tested_on = set(certificate.rows["learn"]), set(certificate.rows["test"])
    new: set[int] = set()
    tested: set[int] = set()
    for position, question in enumerate(questions):
        fingerprint = question_fingerprint(question)
        if fingerprint in selected_on:
            continue
        if fingerprint in tested_on:
            tested.add(position)
        else:
            new.add(position)
    return new, tested


def _calibrated_replay(
    request: "ReplayRequest", program: ProgramIdentity, certificate: Certificate
) -> Replay:
    recording, setting = request.recording, certificate.setting
    if setting is None:
        alone = single_tier_program(recording, program.preset.last_tier)
        return Replay(recording, alone, prices=request.prices)
    replay = Replay(
        recording,
        program,
        samples=setting["samples"],
        thresholds=tuple(setting["thresholds"]),
        prices=request.prices,
    )
    return left_replay(replay, certificate, str(request.calibration))

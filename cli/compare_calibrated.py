"""`cope compare --replay RECORD --calibration FILE`: a calibrated cascade beside the others, on questions that are new to it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import CopeError
from .calibrated import certificate_for

if TYPE_CHECKING:
    from ..eval import Recording, Replay


def calibrated_system(
    record: "Recording", options: Mapping[str, Any]
) -> "tuple[tuple[str, Replay], dict[str, Any], set[int]]":
    """The record's own program with the setting of a calibration, or the large model alone where that was chosen.

    Returns:
        Its name and replay; the promise and what it is looked at on, as plain data; the places of the questions that all
        systems are compared on: those that the setting was not chosen on, or else the half that it was only tested on.

    Raises:
        CopeError: when the calibration does not fit the record, or all questions served to order its settings.
    """
    from ..eval import Replay
    from ..eval.replay.match import recorded_program
    from ..programs.calibration_file import print_of
    from ..stats.measures import LARGE

    own, manifest, prices = next(iter(record.programs)), record.manifest, dict(options["prices"])
    program = recorded_program(record, own)
    chosen = certificate_for(
        options, program, record.models, manifest.settings, manifest.task, manifest.weights.get
    )
    if chosen.setting is None:
        replay = Replay(
            record,
            recorded_program(record, LARGE) if LARGE in record.programs else LARGE,
            prices=prices,
        )
    else:
        thresholds = tuple(chosen.setting["thresholds"])
        replay = Replay(
            record, program, samples=chosen.setting["samples"], thresholds=thresholds, prices=prices
        )
    marks = [print_of(question) for question in record.questions[: options["limit"]]]
    ordered, tested = (set(chosen.rows[half]) for half in ("learn", "test"))
    new = {place for place, mark in enumerate(marks) if mark not in ordered | tested}
    rows = new or {place for place, mark in enumerate(marks) if mark not in ordered}
    if not rows:
        raise CopeError(
            f"the thresholds of {options['calibration']} were chosen on all these questions: compare it on a record of others, or "
            "of more"
        )
    told = {
        "file": str(options["calibration"]),
        "promise": chosen.promise,
        "words": chosen.words,
        "setting": chosen.setting,
        "questions": len(rows),
        "left_out": len(marks) - len(rows),
        "new": bool(new),
    }
    return (f"{own}, calibrated", replay), told, rows

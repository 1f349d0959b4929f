"""Make the certificate of a calibration: the content of its file."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ... import __version__
from ...eval import Recording
from ...eval.replay.match import recorded_identity
from ...models.team import PROMPT_SETTINGS
from ...programs.calibration_file import (
    RULE,
    SHOWN,
    Certificate as Certificate,
    is_calibration as is_calibration,
    load_certificate as load_certificate,
)
from ...programs.calibration_fingerprints import answer_fingerprint, calibration_fingerprint
from ...programs.confidence.early_stopping import EXACT
from ...programs.give_up import GIVE_UP
from ...programs.hedging import ESCALATION
from ...stats.measures import MEASURES
from ...util.hashing import question_fingerprint
from .escalation import escalation_counts
from .reference import REFERENCE, reference
from .result import Calibration
from .sequence import fewest_by_sequence

_Document = dict[str, Any]


def certify(calibration: Calibration, **reports: Any) -> Certificate:
    """Return the certificate of a calibration.

    Args:
        calibration: the calibration.
        reports: tables that the file holds in addition, as plain data.
    """
    record, setting = calibration.record, calibration.setting
    manifest = record.manifest
    name = next(iter(record.programs))
    shortfall = calibration.shortfall
    reports["units_needed"] = shortfall.needed if shortfall else None
    reports[REFERENCE] = reference(calibration)
    if calibration.replay is not None:
        tested = calibration.split.test.rows
        reports[ESCALATION] = escalation_counts(calibration.replay, tested)
    learned = calibration.give_up
    if learned is not None:
        reports[GIVE_UP] = learned.as_dict()
    return Certificate(
        promise=calibration.guarantee,
        setting=setting._asdict() if setting else None,
        aim=_target(calibration),
        p=calibration.p_value,
        program={
            "name": name,
            "source": manifest.source,
            "domain": manifest.domain,
            "answer_kind": manifest.as_dict().get("answer_kind"),
            "mark": calibration_fingerprint(recorded_identity(record, name)),
        },
        models=manifest.models,
        weights=manifest.weights,
        asked=_prompt_settings(record),
        data=_data(calibration),
        rows=_question_fingerprints(calibration),
        gold=_answer_fingerprints(record),
        held_out=_held_out(calibration),
        tested=_tested_settings(calibration),
        tried=len(calibration.grid.settings),
        more=reports,
        sequence=_sequence(calibration),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )


def _target(calibration: Calibration) -> _Document:
    target, last = calibration.target, calibration.last_tier
    document = asdict(target)
    document["minimized"] = MEASURES[str(target.minimize)].description_for(last)
    document["last_tier"] = last
    return document


def _sequence(calibration: Calibration) -> _Document:
    """Return what ordered the settings, and the fewest units that each sequence needs."""
    target = calibration.target
    return {
        "name": calibration.sequence,
        "asked": target.sequence,
        "units": calibration.split.units,
        "needed": fewest_by_sequence(target.harm, target.delta),
    }


def _prompt_settings(record: Recording) -> _Document:
    recorded = record.manifest.settings
    settings = {name: recorded[name] for name in (*PROMPT_SETTINGS, SHOWN) if name in recorded}
    settings[RULE] = EXACT  # a replay counts votes as the exact rule does
    return settings


def _data(calibration: Calibration) -> _Document:
    manifest, split = calibration.record.manifest, calibration.split
    document: _Document = {
        "task": manifest.task,
        "fingerprint": manifest.data_fingerprint,
        "questions": len(calibration.record),
        "grouped": split.grouped,
    }
    for name, half in (("learn", split.learn), ("test", split.test)):
        document[name] = {"questions": len(half.rows), "units": half.units}
    return document


def _question_fingerprints(calibration: Calibration) -> dict[str, list[str]]:
    questions, split = calibration.record.questions, calibration.split
    fingerprints = {}
    for name, half in (("learn", split.learn), ("test", split.test)):
        fingerprints[name] = sorted(question_fingerprint(questions[row]) for row in half.rows)
    return fingerprints


def _held_out(calibration: Calibration) -> _Document:
    chosen, baseline = calibration.held_out
    return {
        "chosen": chosen.as_dict() if chosen else None,
        "large": baseline.as_dict(),
        "saved": {name: share.as_dict() for name, share in calibration.savings.items()},
    }


def _tested_settings(calibration: Calibration) -> list[_Document]:
    """Return the sequence up to the first setting that fails; later ones were not tested."""
    selection, grid = calibration.selection, calibration.grid
    use = grid.learn_use[str(calibration.target.minimize)]
    tested = []
    for position, index in enumerate(selection.sequence[: selection.num_passed + 1]):
        row = grid.settings[index]._asdict()
        learned = bool(calibration.split.learn.units)
        row["learn_loss"] = float(grid.learn_loss[index]) if learned else None
        row["learn_use"] = float(use[index])
        row["test_loss"] = float(grid.test_loss[index] / calibration.split.test.units)
        row["p"] = float(selection.p_values[position])
        row["passed"] = position < selection.num_passed
        tested.append(row)
    return tested


def _answer_fingerprints(record: Recording) -> dict[str, str]:
    """Return the fingerprint of the right answer, by that of the question.

    A question that occurs several times with different right answers is left out.
    """
    answers: dict[str, set[str]] = {}
    for question, answer in zip(record.questions, record.gold, strict=True):
        fingerprint = answer_fingerprint(answer)
        if fingerprint is not None:
            answers.setdefault(question_fingerprint(question), set()).add(fingerprint)
    return {name: found.pop() for name, found in sorted(answers.items()) if len(found) == 1}

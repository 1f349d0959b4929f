"""A calibration's certificate: what its file holds, and for which program, models and data."""

from collections.abc import Iterable
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
    answer_fingerprint,
    calibration_fingerprint,
    is_calibration as is_calibration,
    load_certificate as load_certificate,
    print_of,
)
from ...programs.confidence.early_stopping import EXACT
from ...stats.measures import MEASURES
from .calibration import Calibration


def certify(calibration: Calibration, **more: Any) -> Certificate:
    """What a calibration's file holds; `more` are reports to keep beside it."""
    record, halves, setting = calibration.record, calibration.split, calibration.setting
    manifest, chosen = record.manifest, calibration.held_out
    name = next(iter(record.programs))
    minimized = MEASURES[str(calibration.target.minimize)].description_for(calibration.last_tier)
    aim = {**asdict(calibration.target), "minimized": minimized, "last_tier": calibration.last_tier}
    return Certificate(
        promise=calibration.guarantee,
        setting=setting._asdict() if setting else None,
        aim=aim,
        p=calibration.p_value,
        program={
            "name": name,
            "source": manifest.source,
            "domain": manifest.domain,
            "mark": calibration_fingerprint(recorded_identity(record, name)),
        },
        models=manifest.models,
        weights=manifest.weights,
        asked={
            **{
                name: manifest.settings[name]
                for name in (*PROMPT_SETTINGS, SHOWN)
                if name in manifest.settings
            },
            RULE: EXACT,
        },
        data={
            "task": manifest.task,
            "fingerprint": manifest.data_fingerprint,
            "questions": len(record),
            "grouped": halves.grouped,
            **{
                side: {"questions": len(half.rows), "units": half.units}
                for side, half in _named(calibration)
            },
        },
        rows={
            side: sorted(print_of(record.questions[row]) for row in half.rows)
            for side, half in _named(calibration)
        },
        gold=_gold_prints(record),
        held_out={
            "chosen": chosen[0].as_dict() if chosen[0] else None,
            "large": chosen[1].as_dict(),
            "saved": {name: share.as_dict() for name, share in calibration.savings.items()},
        },
        tested=list(_tested(calibration)),
        tried=len(calibration.grid.settings),
        more={
            **more,
            "units_needed": None
            if calibration.selection.num_passed
            else calibration.num_units_needed,
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )


def _named(calibration: Calibration) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return ("learn", calibration.split.learn), ("test", calibration.split.test)


def _tested(calibration: Calibration) -> Iterable[dict[str, Any]]:
    """The sequence up to the first that fails; what comes after was not tested."""
    choice, tried = calibration.selection, calibration.grid
    use = tried.learn_use[str(calibration.target.minimize)]
    for place, index in enumerate(choice.sequence[: choice.num_passed + 1]):
        yield {
            **tried.settings[index]._asdict(),
            "learn_loss": float(tried.learn_loss[index]),
            "learn_use": float(use[index]),
            "test_loss": float(tried.test_loss[index] / calibration.split.test.units),
            "p": float(choice.p_values[place]),
            "passed": place < choice.num_passed,
        }


def _gold_prints(record: Recording) -> dict[str, str]:
    """By question; one that stands there several times with different right answers is left out."""
    found: dict[str, set[str]] = {}
    for question, answer in zip(record.questions, record.gold, strict=True):
        if (mark := answer_fingerprint(answer)) is not None:
            found.setdefault(print_of(question), set()).add(mark)
    return {name: marks.pop() for name, marks in sorted(found.items()) if len(marks) == 1}

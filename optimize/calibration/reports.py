"""Further reports of a calibration: how reliable votes are, and what early stopping saves."""

from dataclasses import dataclass
from typing import Any

from ...stats.reliability import Reliability
from .early_stop_report import EarlyStopRow, compare_early_stops
from .give_up_report import GiveUpRow, give_up_rows
from .reliability import reliability
from .result import Calibration


@dataclass(frozen=True)
class CalibrationReports:
    """The reports that were asked for; None for the others."""

    reliability: list[Reliability] | None = None
    early_stop: list[EarlyStopRow] | None = None
    give_up_saved: list[GiveUpRow] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the reports as plain data, without those that were not asked for."""
        plain = {}
        for name, rows in vars(self).items():
            if rows is not None:
                plain[name] = [row.as_dict() for row in rows]
        return plain


def make_reports(calibration: Calibration, risk: bool, stops: bool) -> CalibrationReports:
    """Make the reports that are asked for.

    Args:
        calibration: the calibration.
        risk: whether to report how far the share of votes can be trusted.
        stops: whether to report what each rule of early stopping would save.

    Raises:
        CopeError: when `risk` is asked for and the record has no right answers.
    """
    risks, rules, left = None, None, None
    if risk:
        calibration.record.require_answers("--risk-report", "leave it out")
        risks = reliability(calibration.cascade, calibration.groups, calibration.target.seed)
    if stops:
        seed = calibration.target.seed
        rules = compare_early_stops(calibration.cascade, seed)
        left = give_up_rows(calibration.cascade, calibration.give_up, calibration.units, seed)
    return CalibrationReports(risks, rules, left)

"""`cope compare --calibration FILE`: a calibration that must fit the record's own program."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import reject_options_of_calibration

if TYPE_CHECKING:
    from ..optimize.calibration import Certificate
    from ..programs.identity import ProgramIdentity


def certificate_for(
    options: Mapping[str, Any],
    program: "ProgramIdentity",
    models: Mapping[str, str],
    asked: Mapping[str, Any],
    task: str | None,
    weights: Callable[[str], str | None],
) -> "Certificate":
    """Return the calibration that the options name, see `load_matching_certificate`.

    Raises:
        click.UsageError: when thresholds or samples are given too.
        CopeError: when there is none, or it does not fit.
    """
    from ..programs.resolve import load_matching_certificate

    reject_options_of_calibration()
    return load_matching_certificate(
        Path(options["calibration"]), program, models, asked, task, weights
    )

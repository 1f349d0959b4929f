"""`cope calibrate`: choose thresholds and samples from a record, with a statistical guarantee."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...util.output_files import check_output
from ..option_types import PATH, flag, option, usd
from ..options import json_option, match_option, output_option, price_option, seed_option
from ..output import notify, print_json

if TYPE_CHECKING:
    from ...models import Price

_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command()
@click.argument("record", type=PATH)
@option(
    "--harm", type=_SHARE, default=0.02, metavar="SHARE", help="Largest share of lost questions."
)
@option(
    "--delta",
    type=_SHARE,
    default=0.1,
    metavar="SHARE",
    help="Largest chance that the guarantee is violated.",
)
@option(
    "--loss",
    type=click.Choice(["harm", "judged-worse", "disagreement"]),
    default="harm",
    help="Lost is a question that the cascade gets wrong and the large model alone right; or, "
    "without labels, one that they answer differently, or on a judged record one whose answer is "
    "judged worse.",
)
@option(
    "--minimize",
    type=click.Choice(["cost", "cost-small-free", "large-tokens", "seconds", "large-calls"]),
    help="The cost to minimize. [default: the first of these that the record holds]",
)
@usd("--budget-usd-per-1k", "budget", help="Maximum cost of 1,000 questions.")
@option(
    "--group",
    metavar="COLUMN",
    help="Questions with the same value there are split together and count as one. "
    "[default: the record's]",
)
@option(
    "--preset",
    metavar="NAME",
    help="Calibrate this one of the recorded programs. [default: the record's own]",
)
@option(
    "--sequence",
    type=click.Choice(["auto", "monotone", "split"]),
    default="auto",
    help="What orders the settings: one half of the questions (split), or no question (monotone). "
    "auto takes monotone where there are few questions.",
)
@match_option
@seed_option
@flag("--risk-report", help="Print the reliability of the share of votes too, round by round.")
@flag(
    "--stop-report",
    help="Print what each rule of --early-stop saves too, and which decisions it changes.",
)
@output_option("Write the calibration, for --calibration of cope ask and cope eval.")
@price_option
@json_option
def command(
    record: Path,
    preset: str | None,
    match: str | None,
    risk_report: bool,
    stop_report: bool,
    output: Path | None,
    prices: "dict[str, Price]",
    as_json: bool,
    **target: Any,
) -> None:
    """Choose thresholds and samples from RECORD, a file of cope record or cope import.

    One half of the questions orders the settings from the safest to the cheapest, and the other
    half tests them in that order until one fails; or the thresholds alone order them, and all
    questions test. The cheapest setting that passed is chosen. The guarantee is about questions
    like those of the record.
    """
    from ...eval import open_recording
    from ...optimize.calibration import CalibrationTarget, calibrate, certify, is_calibration
    from ...optimize.calibration.reports import make_reports
    from ...optimize.calibration.tables import print_calibration, print_reports
    from ..display.results import result_console

    if output:
        check_output(output, [record], "calibration", is_calibration)
    recording = open_recording(record, match)
    if preset:
        recording = recording.with_primary(preset)
    calibration = calibrate(recording, CalibrationTarget(**target), prices)
    reports = make_reports(calibration, risk_report, stop_report)
    certificate = certify(calibration, **reports.as_dict())
    if output:
        certificate.save(output)
    if as_json:
        print_json(certificate.as_dict())
    else:
        console = result_console()
        print_calibration(console, calibration, certificate)
        print_reports(console, reports)
    if output:
        notify(f"written to {output}; use it with --calibration")

"""`cope fit-confidence`: fit a confidence on a record with scores."""

from pathlib import Path

import click

from ...util.output_files import check_output
from ..options import json_option, match_option, output_option
from ..output import notify, print_json


@click.command()
@click.argument("record", type=click.Path(path_type=Path))
@output_option('The fitted confidence, for confidence = "logistic:FILE" in a preset\'s round.')
@match_option
@json_option
def command(record: Path, output: Path | None, match: str | None, as_json: bool) -> None:
    """Fit a logistic combination of log-probabilities and agreement on RECORD.

    The record was made with log-probabilities. Its scores are those of right answers, or of a judge
    (cope judge).
    """
    from ...eval import open_recording
    from ...optimize.fit_confidence import fit_confidence
    from ...programs.confidence.fitted import is_fitted

    if output is None:
        raise click.UsageError("Missing option '-o': the fitted confidence is written there.")
    check_output(output, [record], "fitted confidence", is_fitted)
    fit = fit_confidence(open_recording(record, match))
    fit.fitted.save(output)
    if as_json:
        print_json(fit.as_dict())
    else:
        for line in fit.lines():
            click.echo(line)
    notify(f'written to {output}; name it in a round: confidence = "logistic:{output}"')

"""`cope import`: a record of samples that others published."""

from pathlib import Path

import click

from ...util.output_files import check_output
from ..option_types import PATH, NameValue, option
from ..options import (
    group_option,
    json_option,
    limit_option,
    match_option,
    output_option,
    seed_option,
)
from ..output import notify


@click.command()
@click.argument("file", type=PATH)
@option(
    "--small",
    required=True,
    metavar="MODEL",
    help="The file's name of the model whose samples vote.",
)
@option(
    "--large",
    metavar="MODEL",
    help="The file's name of the model that answers the rest. [default: the model of the last "
    "--tier]",
)
@option(
    "--tier",
    "tiers",
    multiple=True,
    type=NameValue(str),
    metavar="NAME=MODEL",
    help="One more of the file's models, asked after small and before large. Repeatable.",
)
@option(
    "--variant",
    "variants",
    multiple=True,
    metavar="[TIER=]NAME",
    help="Take samples of this prompt, in this order; of one tier with TIER=. Repeatable. "
    "[default: all]",
)
@option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.75,
    metavar="T",
    help="Share of the votes that is accepted, of every tier but the last.",
)
@match_option
@seed_option
@limit_option
@group_option
@output_option("The record. [default: FILE's name with .parquet]")
@json_option
def command(
    file: Path,
    small: str,
    large: str | None,
    tiers: tuple[tuple[str, str], ...],
    variants: tuple[str, ...],
    threshold: float,
    match: str | None,
    seed: int,
    limit: int | None,
    group: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Import FILE: JSON lines with id, question, gold where it is known, and samples by model.

    A sample has an answer, and may have text, tokens, chars and variant. The record has two rounds:
    the small model's samples vote, and the large model answers where the vote does not decide. Each
    --tier adds a round; without --large the last tier answers the rest. What the file lacks, such
    as tokens, stays unknown.
    """
    from ...eval import import_samples, is_recording, write_recording
    from ...eval.recording.import_tiers import last_tier_note, models_by_tier, variants_by_tier
    from ..display.results import show_recording

    path = output or Path(f"{file.stem}.parquet")
    check_output(path, [file], "record", is_recording)
    models = models_by_tier(small, tiers, large)
    if len(models) < 2:
        raise click.UsageError("Missing option '--large', or a --tier in its place.")
    thresholds = (threshold,) * (len(models) - 1)
    made = import_samples(
        file,
        models,
        variants_by_tier(variants, tuple(models)),
        thresholds=thresholds,
        seed=seed,
        match=match,
        group=group,
        limit=limit,
    )
    write_recording(path, made.manifest, made.rows)
    show_recording(path, as_json)
    last = list(models)[-1]
    note = last_tier_note(last, made.manifest.settings["variants"][last])
    if note:
        notify(f"note: {note}")

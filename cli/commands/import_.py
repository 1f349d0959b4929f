"""`cope import`: a record of samples that others published."""

from collections.abc import Sequence
from pathlib import Path

import click

from ...errors import CopeError
from ..option_types import PATH, NameValue, option
from ..options import (
    group_option,
    json_option,
    limit_option,
    match_option,
    output_option,
    seed_option,
)
from ..output_files import check_output

RESERVED = ("small", "large")


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
    from ..display.results import show_recording

    path = output or Path(f"{file.stem}.parquet")
    check_output(path, [file], "record", is_recording)
    models = _models(small, tiers, large)
    thresholds = (threshold,) * (len(models) - 1)
    made = import_samples(
        file,
        models,
        _variants(variants, tuple(models)),
        thresholds=thresholds,
        seed=seed,
        match=match,
        group=group,
        limit=limit,
    )
    write_recording(path, made.manifest, made.rows)
    show_recording(path, as_json)
    last = list(models)[-1]
    _note_about_last(last, made.manifest.settings["variants"][last])


def _models(small: str, tiers: Sequence[tuple[str, str]], large: str | None) -> dict[str, str]:
    """Return each tier's model, in the order of the rounds."""
    between: dict[str, str] = {}
    for name, model in tiers:
        if name in (*RESERVED, *between):
            raise CopeError(
                f"--tier {name}={model}: that tier is named already; --small and --large set "
                "those two"
            )
        between[name] = model
    models = {"small": small, **between}
    if large:
        models["large"] = large
    if len(models) < 2:
        raise click.UsageError("Missing option '--large', or a --tier in its place.")
    return models


def _note_about_last(last: str, variants: Sequence[str]) -> None:
    """Print a note on stderr when samples of the last tier vote: alone, the tier is one of them."""
    if len(variants) < 2:
        return
    names = list(dict.fromkeys(variants))
    several = (
        f"{len(variants)} samples"
        if len(names) == 1
        else f"{len(names)} variants ({', '.join(names)})"
    )
    remedy = "" if len(names) == 1 else f"; take one with --variant {last}={names[0]}"
    note = f"note: {last} has {several}: its round votes over them, and {last} alone is the first"
    click.echo(f"{note} of them{remedy}", err=True)


def _variants(given: Sequence[str], tiers: Sequence[str]) -> dict[str, list[str]]:
    """Return the prompts to take by tier: those of a tier, else those of all tiers."""
    named: dict[str, list[str]] = {}
    for text in given:
        tier, equals, name = text.partition("=")
        if equals and tier not in tiers:
            either = " or ".join(f"{tier}=NAME" for tier in tiers)
            raise CopeError(f"--variant {text}: {tier!r} is no tier of an import: write {either}")
        named.setdefault(tier if equals else "", []).append(name if equals else tier)
    every = named.pop("", None)
    return {tier: names for tier in tiers if (names := named.get(tier, every))}

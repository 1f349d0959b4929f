"""`cope import`: a record of samples that others published."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..errors import CopeError

TIERS = ("small", "large")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--small", required=True, metavar="MODEL", help="The file's name of the model whose samples vote.")
@click.option("--large", required=True, metavar="MODEL", help="The file's name of the model that answers the rest.")
@click.option("--variant", "variants", multiple=True, metavar="[TIER=]NAME",
              help="Take samples of this prompt, in this order; of one tier with TIER=. Repeatable. [default: all]")  # fmt: skip
@click.option("--threshold", type=click.FloatRange(0, 1, min_open=True), default=0.75, show_default=True, metavar="T",
              help="Share of the small votes that is accepted.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Breaks ties between votes.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N questions, from the start.")
@click.option("--group", metavar="FIELD", help="Questions with the same value there belong together.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="The record. [default: FILE's name with .parquet]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(file: Path, **options: Any) -> None:
    """Import FILE: JSON lines with id, question, gold, and samples by model, each with answer and maybe text, tokens, chars
    and variant.

    The record has two rounds: the small model's samples vote, the large one answers what they leave open. What the file does
    not tell, such as tokens, stays unknown.
    """
    from ..eval import import_samples, write_record
    from .record_view import contents, print_contents

    made = import_samples(
        file, {tier: options[tier] for tier in TIERS}, _variants(options["variants"]),
        thresholds=(options["threshold"],), seed=options["seed"], group=options["group"], limit=options["limit"],
    )  # fmt: skip
    path = options["output"] or Path(f"{file.stem}.parquet")
    write_record(path, made.manifest, made.rows)
    found = contents(path)
    if options["as_json"]:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print_contents(found)


def _variants(given: Sequence[str]) -> dict[str, list[str]]:
    """The prompts to take by tier: those named for a tier, else those named for both."""
    named: dict[str, list[str]] = {}
    for text in given:
        tier, equals, name = text.partition("=")
        if equals and tier not in TIERS:
            raise CopeError(f"--variant {text}: {tier!r} is no tier of an import: write small=NAME or large=NAME")
        named.setdefault(tier if equals else "", []).append(name if equals else tier)
    both = named.pop("", None)
    return {tier: names for tier in TIERS if (names := named.get(tier, both))}

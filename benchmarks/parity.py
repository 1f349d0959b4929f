"""Does the framework cost accuracy, compared with one plain chat request?

The presets `small` and `large` answer the same questions as a request that a user would write by
hand: the question and a line of instruction. Both use the same weights, engine, greedy settings and
length, and the same parsing and comparison of answers. They alternate, a few questions at a time.
Calls are stored under --runs: an interrupted run resumes.
"""

import argparse
import asyncio
from typing import Any

from _shared import (
    ASKED,
    Asked,
    Ratio,
    add_models,
    ask_all,
    asked_row,
    difference,
    finish,
    load_questions,
    mean,
    models,
    open_ledger,
    run,
    say,
)

INSTRUCTION = 'Think step by step. Finish with a line "Answer: " and the result.'
CHUNK = 8


def plain(team: Any, tier: str) -> Any:
    """Return a function that asks with one plain request, as a user would write it."""
    from cope.answers.kinds.math import MATH

    async def ask(question: str) -> str | None:
        messages = [{"role": "user", "content": f"{question}\n\n{INSTRUCTION}"}]
        (output,) = await team[tier].lm.acall(messages=messages, temperature=0.0)
        return MATH.parse(output["text"] if isinstance(output, dict) else output)

    return ask


def preset(team: Any, tier: str) -> Any:
    """Return a function that asks with the tier's preset: one greedy call through the cascade."""
    from cope.programs import Cascade

    cascade = Cascade(tier, team)

    async def ask(question: str) -> str | None:
        return (await cascade.acall(question=question)).answer

    return ask


async def compare(
    team: Any, tier: str, examples: list[Any], ledger: Any
) -> tuple[list[Asked], list[Asked]]:
    """Ask all questions with the preset and with the plain request; return both results."""
    ways, done = (preset(team, tier), plain(team, tier)), ([], [])
    for start in range(0, len(examples), CHUNK):
        say(f"{tier}: {start} of {len(examples)} questions")
        # The second method may find the machine warmer, or the questions' tokens in the cache.
        for way in (0, 1) if start // CHUNK % 2 else (1, 0):
            done[way].extend(await ask_all(ways[way], examples[start : start + CHUNK], ledger))
    return done


def verdicts(tier: str, ours: list[Asked], bare: list[Asked]) -> list[Any]:
    """Return the difference in accuracy with its paired interval, and ratios of tokens and time."""
    lines: list[Any] = [
        f"{tier}: preset minus plain, accuracy: {difference(ours, bare)}, aim not below 0"
    ]
    for what, name, aim in (
        ("prompt", "prompt tokens", "at most 2"),
        ("completion", "completion tokens", ""),
    ):
        values = [
            getattr(a, what) / getattr(b, what)
            for a, b in zip(ours, bare, strict=True)
            if getattr(b, what)
        ]
        if values:
            lines.append(Ratio.of(f"{tier}: preset / plain, {name}", values, aim))
    seconds = mean(bare, "seconds")
    if seconds:
        lines.append(f"{tier}: preset / plain, seconds: {mean(ours, 'seconds') / seconds:.2f}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", required=True, help="JSONL, CSV or Parquet with question and answer"
    )
    parser.add_argument("--limit", type=int, default=40, help="questions (40)")
    parser.add_argument(
        "--tiers", nargs="+", choices=("small", "large"), default=("small", "large"), help="(both)"
    )
    add_models(parser)
    parser.add_argument("--runs", default=".cope", help="folder for records (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    asyncio.run(_all(args))


async def _all(args: argparse.Namespace) -> None:
    from cope.models import Team

    team = Team(**models(args), cache=False)
    examples, ledger = load_questions(args.data, args.limit), open_ledger(args.runs, "parity")
    lines: list[Any] = []
    table: list[list[Any]] = []
    for tier in args.tiers:
        ours, bare = await compare(team, tier, examples, ledger)
        table += [asked_row(tier, "preset", ours), asked_row(tier, "plain", bare)]
        lines += verdicts(tier, ours, bare)
    finish(args.json, ASKED, table, lines)


if __name__ == "__main__":
    run(main)

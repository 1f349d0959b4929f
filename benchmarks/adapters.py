"""Which adapter reads small models best?

Every adapter asks the same questions in single greedy calls (the presets `small` and `large`).
Calls are stored under --runs: an interrupted run resumes, and a finished one is printed again
without calls.
"""

import argparse
import asyncio
from typing import Any

from _shared import (
    ASKED,
    Asked,
    add_models,
    ask_all,
    asked_row,
    difference,
    finish,
    load_questions,
    models,
    open_ledger,
    run,
    say,
)

ADAPTERS = ("lean", "chat", "json", "xml")


async def measure(team: Any, tier: str, examples: list[Any], ledger: Any) -> list[Asked]:
    """Ask one tier all questions through the team's adapter."""
    from cope.programs import Cascade

    cascade = Cascade(tier, team)

    async def ask(question: str) -> str | None:
        return (await cascade.acall(question=question)).answer

    return await ask_all(ask, examples, ledger)


def verdicts(done: dict[tuple[str, str], list[Asked]]) -> list[str]:
    """Format, by tier, the accuracy of `lean` minus that of each other adapter."""
    return [
        f"{tier}: lean minus {adapter}, accuracy: {difference(done[tier, 'lean'], asked)}"
        for (tier, adapter), asked in done.items()
        if adapter != "lean" and (tier, "lean") in done
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", required=True, help="JSONL, CSV or Parquet with question and answer"
    )
    parser.add_argument("--limit", type=int, default=40, help="questions (40)")
    parser.add_argument("--adapters", nargs="+", choices=ADAPTERS, default=ADAPTERS, help="(all)")
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

    examples, ledger = load_questions(args.data, args.limit), open_ledger(args.runs, "adapters")
    done: dict[tuple[str, str], list[Asked]] = {}
    for tier in args.tiers:
        for adapter in args.adapters:
            say(f"{tier}, {adapter}: {len(examples)} questions")
            team = Team(**models(args), adapter=adapter, cache=False)
            done[tier, adapter] = await measure(team, tier, examples, ledger)
    finish(
        args.json, ASKED, [asked_row(*key, asked) for key, asked in done.items()], verdicts(done)
    )


if __name__ == "__main__":
    run(main)

"""Does it pay to let a small model, or the text so far, draft tokens for a large one?

Asks the embedded large model greedily, one question at a time, without drafts, with drafts of the
small tier's weights and with n-grams, each question in all ways before the next one. It prints
tokens per second, the share of drafted tokens that the model accepted, and whether the replies are
the same. Replies of a CPU may differ in late tokens, where two were nearly as likely.
"""

import argparse
import asyncio
from typing import Any

from _shared import Ratio, finish, load_questions, run, say

HEADER = ("drafts", "tokens / s", "tokens", "drafted", "accepted", "equal replies")
WAYS = {"none": "", "small": "?draft=small", "ngram": "?draft=ngram"}


async def ask(tier: Any, question: str) -> tuple[str, Any]:
    """Return the reply and its call."""
    from cope.models import metered

    with metered() as meter:
        (reply,) = await tier.lm.acall(
            messages=[{"role": "user", "content": question}], temperature=0.0
        )
    return reply, meter.calls[0]


def row(way: str, asked: list[tuple[str, Any]], plain: list[tuple[str, Any]]) -> list[Any]:
    """Return the row of a way."""
    calls = [call for _, call in asked]
    tokens = sum(call.completion_tokens for call in calls)
    drafted = sum(call.drafted or 0 for call in calls)
    accepted = sum(call.draft_accepted or 0 for call in calls)
    equal = sum(ours == theirs for (ours, _), (theirs, _) in zip(asked, plain, strict=True))
    speed = tokens / sum(call.seconds for call in calls)
    share = f"{accepted / drafted:.0%}" if drafted else ""
    return [way, speed, tokens, drafted, share, f"{equal} of {len(asked)}"]


def speeds(asked: list[tuple[str, Any]]) -> list[float]:
    """Return the tokens per second of each call."""
    return [call.completion_tokens / call.seconds for _, call in asked]


async def measure(args: argparse.Namespace) -> None:
    from cope.models import Team

    teams = {}
    for way, draft in WAYS.items():
        teams[way] = Team(
            small=args.small, large=args.large + draft, cache=False, max_tokens=args.max_tokens
        )
        _ = await ask(teams[way]["large"], "Say hello.")  # loads the weights
    results: dict[str, list[tuple[str, Any]]] = {way: [] for way in WAYS}
    examples = load_questions(args.data, args.limit)
    for number, example in enumerate(examples):
        say(f"{number} of {len(examples)} questions")
        for way, team in teams.items():
            results[way].append(await ask(team["large"], example.question))
    rows = [row(way, asked, results["none"]) for way, asked in results.items()]
    ratios = []
    for way in ("small", "ngram"):
        pairs = zip(speeds(results[way]), speeds(results["none"]), strict=True)
        ratios.append(Ratio.of(f"{way} / none, tokens a second", [a / b for a, b in pairs], "1"))
    finish(args.json, HEADER, rows, ratios)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", required=True, help="JSONL, CSV or Parquet with question and answer"
    )
    parser.add_argument("--limit", type=int, default=20, help="questions (20)")
    parser.add_argument("--max-tokens", type=int, default=128, help="tokens of a reply (128)")
    parser.add_argument("--small", default="local/small", help="(%(default)s)")
    parser.add_argument("--large", default="local/large", help="(%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    asyncio.run(measure(args))


if __name__ == "__main__":
    run(main)

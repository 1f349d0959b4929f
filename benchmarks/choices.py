"""How much longer does a reply take that has to be one of many texts, such as a game's actions?

Asks the embedded small model for an action in three forms, one after the other for each seed: a
free line, one of the actions as our engine asks for it (`models/engines/choice_grammar.py`), and an
object whose field is one of them, which llama.cpp makes a grammar of. All read the same prompt from
the cache. It prints the processor time of a reply and its tokens.
"""

import argparse
import asyncio
import time
from statistics import median
from typing import Any

from _shared import Ratio, finish, run, say

HEADER = ("reply", "processor seconds", "tokens")
FREE = "free line"
PLACES = ("cabinet", "countertop", "drawer", "shelf")


def actions(number: int) -> list[str]:
    """Return the possible actions of a step."""
    found = ["inventory", "look", "open fridge 1", "take plate 1 from fridge 1"]
    for index in range(1, number // len(PLACES) + 1):
        found += [f"go to {place} {index}" for place in PLACES]
    return found


def forms(texts: list[str]) -> dict[str, Any]:
    """Return the settings of each form."""
    one = {"type": "string", "enum": texts}
    field = {"type": "object", "properties": {"action": one}, "required": ["action"]}
    found: dict[str, Any] = {FREE: {"stop": ["\n"]}}
    for name, schema in (("one of the actions", one), ("field of an object", field)):
        form = {"type": "json_schema", "json_schema": {"name": "action", "schema": schema}}
        found[name] = {"response_format": form}
    return found


async def ask(
    tier: Any, texts: list[str], seed: int, settings: dict[str, Any]
) -> tuple[float, int]:
    """Return the processor seconds of a reply, and its tokens."""
    from cope.models import metered

    listed = "\n".join(texts)
    prompt = f"Possible actions:\n{listed}\nTask: put a clean plate in shelf. Your next action?"
    began = time.process_time()
    with metered() as meter:
        _ = await tier.lm.acall(prompt, temperature=0.8, seed=seed, max_tokens=40, **settings)
    return time.process_time() - began, meter.calls[0].completion_tokens or 0


async def measure(args: argparse.Namespace) -> None:
    from cope.models import Team

    tier = Team(small=args.small, large=args.small, cache=False)["small"]
    texts = actions(args.actions)
    settings = forms(texts)
    _ = await ask(tier, texts, 0, settings[FREE])  # loads the weights, reads the prompt
    results: dict[str, list[tuple[float, int]]] = {form: [] for form in settings}
    for seed in range(args.runs):
        say(f"{seed} of {args.runs} runs")
        for form in settings:
            results[form].append(await ask(tier, texts, seed, settings[form]))
    rows: list[list[Any]] = []
    ratios = []
    free = [seconds for seconds, _ in results[FREE]]
    for form, asked in results.items():
        seconds = [one for one, _ in asked]
        rows.append([form, median(seconds), median(tokens for _, tokens in asked)])
        if form != FREE:
            pairs = zip(seconds, free, strict=True)
            ratios.append(Ratio.of(f"{form} / {FREE}", [a / b for a, b in pairs], "2"))
    finish(args.json, HEADER, rows, ratios)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--actions", type=int, default=32, help="possible actions, about (32)")
    parser.add_argument("--runs", type=int, default=20, help="replies of each form (20)")
    parser.add_argument("--small", default="local/small", help="(%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    asyncio.run(measure(args))


if __name__ == "__main__":
    run(main)

"""Do our tiers cost throughput, and can both run at once?

Measures tokens per second over all requests, at 1, 4, 8 and 16 in flight, through the team's
language models and on the engine directly: llama.cpp in this process through its own
`handle_chat_completions` from threads, or an Ollama server through plain HTTP (--small
ollama/NAME). Both methods use the same weights in memory, questions of one kind, greedy decoding
and the same length, and count the generated tokens. They run one after the other, in alternating
order, so that a machine that slows down slows both. No two requests share a prefix, so the prefix
cache helps neither; what it saves for eight samples of one question is printed on its own line.
"""

import argparse
import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from _shared import Ratio, add_models, finish, models, run, say

QUESTIONS = (
    "A baker fills {0} trays with {1} rolls each and sells three quarters of them. How many rolls "
    "are left?",
    "A train covers {0} km in the first hour and {1} km less in the second. How far has it come "
    "after two hours?",
    "Lena reads {1} pages a day for {0} days, and the book has 900 pages. How many pages are left?",
    "A shop buys {0} lamps at 14 euros and sells each for {1} euros. What does it earn in all?",
)
_number = itertools.count(1)

Ask = Callable[[str, int], Awaitable[int]]


def fresh() -> str:
    """Return a new question, which differs from the others in its first word."""
    n = next(_number)
    return f"{n * 7919 % 10007}. " + QUESTIONS[n % len(QUESTIONS)].format(20 + n, 11 + n % 17)


@dataclass
class Way:
    """A tier's model, called through the team and directly; a call returns generated tokens."""

    name: str
    ours: Ask
    direct: Ask
    clock: Callable[[], float] = time.perf_counter


def through_us(tier: Any) -> Ask:
    """Return a function that calls the tier's language model as predictors do."""
    from cope.models import metered

    async def ask(question: str, tokens: int) -> int:
        with metered() as meter:
            await tier.lm.acall(
                messages=[{"role": "user", "content": question}], temperature=0.0, max_tokens=tokens
            )
        return sum((call.completion_tokens or 0) for call in meter.calls)

    return ask


def embedded(tier: Any, most: int) -> Way:
    """Return both methods for llama.cpp, which share the server that the tier's engine loaded."""
    server, pool = tier.lm.engine.server(), ThreadPoolExecutor(most)

    def call(question: str, tokens: int) -> int:
        messages = [{"role": "user", "content": question}]
        made = server.handle_chat_completions(
            {"messages": messages, "temperature": 0.0, "max_tokens": tokens}
        )
        return made["usage"]["completion_tokens"]

    async def direct(question: str, tokens: int) -> int:
        return await asyncio.get_running_loop().run_in_executor(pool, call, question, tokens)

    return Way(f"{tier.name}, embedded", through_us(tier), direct)


def ollama(tier: Any, client: Any, context: int) -> Way:
    """Return both methods for an Ollama server; the direct one posts to /api/chat itself."""
    engine = tier.lm.engine

    async def direct(question: str, tokens: int) -> int:
        options = {"temperature": 0.0, "num_predict": tokens, "num_ctx": context}
        messages = [{"role": "user", "content": question}]
        body = {
            "model": engine.model,
            "messages": messages,
            "stream": False,
            "keep_alive": "30m",
            "options": options,
        }
        answer = await client.post(f"{engine.host}/api/chat", json=body)
        return answer.raise_for_status().json()["eval_count"]

    return Way(f"{tier.name}, ollama", through_us(tier), direct)


async def speed(
    ask: Ask, in_flight: int, tokens: int, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    """Return tokens per second and seconds of `in_flight` requests at once."""
    started = clock()
    made = await asyncio.gather(*(ask(fresh(), tokens) for _ in range(in_flight)))
    seconds = clock() - started
    return sum(made) / seconds, seconds


async def levels(way: Way, args: argparse.Namespace) -> tuple[list[list[Any]], Ratio]:
    """Return a row per number in flight, and the ratio of our throughput to the direct one."""
    await asyncio.gather(way.ours(fresh(), 1), way.direct(fresh(), 1))
    rows, ratios = [], []
    for turn, in_flight in enumerate(args.levels * args.repeats):
        say(f"{way.name}: {in_flight} in flight")
        ours = direct = 0.0
        for mine in (True, False) if turn % 2 else (False, True):
            ask = way.ours if mine else way.direct
            rate, _ = await speed(ask, in_flight, args.tokens, way.clock)
            ours, direct = (rate, direct) if mine else (ours, rate)
        rows.append([way.name, in_flight, direct, ours, ours / direct])
        ratios.append(ours / direct)
    return rows, Ratio.of(f"{way.name}: ours / direct, tokens a second", ratios, "at least 0.95")


async def together(small: Way, large: Way, args: argparse.Namespace) -> Ratio:
    """Return the seconds of eight requests to each tier at once, over those one after the other."""

    async def once() -> float:
        started = time.perf_counter()
        await asyncio.gather(speed(small.ours, 8, args.tokens), speed(large.ours, 8, args.tokens))
        return time.perf_counter() - started

    async def in_turn() -> float:
        return (await speed(small.ours, 8, args.tokens))[1] + (
            await speed(large.ours, 8, args.tokens)
        )[1]

    ratios = []
    for turn in range(args.repeats):
        say("both tiers, at once and one after the other")
        first = await once() if turn % 2 else await in_turn()
        second = await in_turn() if turn % 2 else await once()
        ratios.append(first / second if turn % 2 else second / first)
    return Ratio.of(
        f"{small.name} and {large.name}: seconds at once / one by one", ratios, "at most 1"
    )


async def shared(tier: Any, tokens: int) -> str:
    """Format the share of the prompts of eight samples of one question that is computed."""
    from cope.models import metered

    messages = [{"role": "user", "content": fresh()}]
    with metered() as meter:
        asks = (
            tier.lm.acall(
                messages=messages, temperature=0.8, seed=s, rollout_id=s, max_tokens=tokens
            )
            for s in range(8)
        )
        await asyncio.gather(*asks)
    prompt = sum((call.prompt_tokens or 0) for call in meter.calls)
    part = (prompt - sum(call.cached_tokens for call in meter.calls)) / prompt
    share = f"computed part of eight samples' prompts: {part:.2f}"
    return f"{tier.name}: {share}, 0.12 where all is shared"


async def measure(args: argparse.Namespace) -> None:
    """Measure the selected tiers and print the results."""
    import httpx

    from cope.models import Team

    # DSPy warns about truncated answers, and all answers are truncated at the same length here.
    logging.getLogger("dspy.clients.lm").setLevel(logging.ERROR)
    most = max(8, *args.levels)
    settings: dict[str, Any] = {
        "cache": False,
        "context": 512,
        "limits": {"small": most, "large": most},
    }
    rows: list[list[Any]] = []
    ratios: list[Any] = []
    async with httpx.AsyncClient(timeout=600, limits=httpx.Limits(max_connections=None)) as client:
        team = Team(**models(args), **settings)
        tiers = [team[name] for name in args.tiers]
        ways = [
            ollama(t, client, 512) if t.model.startswith("ollama/") else embedded(t, most)
            for t in tiers
        ]
        for way in ways:
            if args.processor:
                way.clock = time.process_time
            more, ratio = await levels(way, args)
            rows += more
            ratios.append(ratio)
        if len(ways) > 1:
            ratios.append(await together(ways[0], ways[1], args))
        ratios += [await shared(t, args.tokens) for t in tiers if t.model.startswith("local/")]
    finish(
        args.json,
        ["model", "in flight", "direct, tokens/s", "ours, tokens/s", "ours / direct"],
        rows,
        ratios,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_models(parser)
    parser.add_argument(
        "--tiers", nargs="+", choices=("small", "large"), default=["small", "large"], help="(both)"
    )
    parser.add_argument("--tokens", type=int, default=64, help="most tokens of an answer (64)")
    parser.add_argument(
        "--levels", nargs="+", type=int, default=[1, 4, 8, 16], help="requests in flight (1 4 8 16)"
    )
    parser.add_argument("--repeats", type=int, default=1, help="how often all is measured (1)")
    parser.add_argument(
        "--processor",
        action="store_true",
        help="tokens per processor second of this process, on a machine that does other work",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one tier, smollm2-135m, 24 tokens, three times 1 and 4",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    if args.quick:
        args.small, args.tiers, args.tokens, args.levels, args.repeats = (
            "local/smollm2-135m",
            ["small"],
            24,
            [1, 4],
            3,
        )
    asyncio.run(measure(args))


if __name__ == "__main__":
    run(main)

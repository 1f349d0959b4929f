"""How much of a round's time is the cascade's own?

A stub server in its own process answers every request after a fixed delay. Each method makes the
requests of one round with one more layer: bare HTTP, the engine, DSPy's language model, DSPy's
predictor, the tier (limits, meter), the cascade, the cascade's synchronous call. A layer's cost is
the difference from the layer before.
"""

import argparse
import asyncio
import gc
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from _shared import finish, say
from _stub import REPLY, serving

from cope.models.engines.async_adapter import AsyncEngineAdapter

Way = Callable[[str], Awaitable[Any]]
AIM = "at most 1 ms"


def ways(url: str | None, samples: int) -> dict[str, Way]:
    """Return the methods: one round, `samples` requests at once, through ever more layers.

    Without a server they start at `dspy.LM`.
    """
    import dspy
    import httpx

    from cope.models import ScriptedEngine, Team
    from cope.models.adapter import LeanAdapter
    from cope.models.engines.ollama import OllamaEngine
    from cope.programs import Cascade
    from cope.programs.preset import Preset
    from cope.programs.preset_round import Round
    from cope.signatures import reason_signature

    engine = OllamaEngine("stub", url) if url else ScriptedEngine(lambda messages, request: REPLY)
    plain = dspy.LM(
        "ollama/stub",
        engine=engine,
        async_engine=AsyncEngineAdapter(engine),
        cache=False,
        max_tokens=512,
    )
    team = Team(
        small=engine, large=engine, cache=False, limits={"small": samples, "large": samples}
    )
    adapter, signature = LeanAdapter(), reason_signature({}, 1)
    predict = dspy.Predict(signature)
    round_ = Round(reasoner="small", samples=samples, temperature=0.8)  # pyright: ignore[reportCallIssue]
    cascade = Cascade(Preset(name="round", rounds=(round_,)), team, early_stop="none")
    rollouts = itertools.count()

    async def each(call: Callable[[], Awaitable[Any]]) -> None:
        await asyncio.gather(*(call() for _ in range(samples)))

    def settings() -> dict[str, Any]:
        rollout = next(rollouts)
        return {"temperature": 0.8, "rollout_id": rollout, "seed": rollout}

    async def of_lm(question: str) -> None:
        messages = adapter.format(signature, [], {"question": question})
        await each(lambda: plain.acall(messages=messages, **settings()))

    async def of_predictor(question: str, lm: Any = plain) -> None:
        with dspy.context(lm=lm, adapter=adapter):
            await each(lambda: predict.acall(question=question, config=settings()))

    async def of_tier(question: str) -> None:
        await of_predictor(question, team["small"].lm)

    async def of_cascade(question: str) -> None:
        await cascade.acall(question=question)

    async def of_synchronous(question: str) -> None:
        await asyncio.to_thread(cascade, question=question)

    made: dict[str, Way] = {}
    if url:
        pool = httpx.Limits(max_connections=None, max_keepalive_connections=samples)
        client, body = (
            httpx.AsyncClient(limits=pool),
            {"model": "stub", "stream": True, "options": {"temperature": 0.8}},
        )

        async def bare(question: str) -> None:
            messages = [{"role": "user", "content": question}]
            await each(lambda: client.post(f"{url}/api/chat", json={**body, "messages": messages}))

        async def of_engine(question: str) -> None:
            request = dspy.lm15.Request(model="stub", messages=(dspy.lm15.Message.user(question),))
            await each(lambda: engine.agenerate(request))

        made |= {"bare requests": bare, "the engine": of_engine}
    return made | {
        "dspy.LM": of_lm,
        "dspy.Predict": of_predictor,
        "Predict on a tier": of_tier,
        "Cascade": of_cascade,
        "Cascade, synchronous": of_synchronous,
    }


async def measure(made: dict[str, Way], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return wall and processor seconds of every round; a repetition runs all methods, shuffled."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
    draw = random.Random(0)
    for number in range(rounds + 3):
        gc.collect()  # so that no round pays for the garbage of the round before
        for name in draw.sample(list(made), len(made)):
            wall, cpu = time.perf_counter(), time.process_time()
            await made[name](f"Question {number}: what is 2 + 2?")
            if number >= 3:  # the first ones open connections and run lazy imports
                times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
        if number % 50 == 0:
            say(f"repetition {number} of {rounds}")
    return times


def report(
    times: dict[str, list[tuple[float, float]]], delay: float
) -> tuple[list[list[Any]], list[str]]:
    """Return rows of milliseconds per round, and lines on the differences that have an aim.

    A difference is taken within each repetition, which gives its median and quartiles, for wall and
    processor time. The difference of the fastest rounds is added, because other work on the machine
    disturbs it least.
    """
    rows, before = [], delay
    for name, values in times.items():
        wall, cpu = ([v[kind] * 1000 for v in values] for kind in (0, 1))
        middle = statistics.median(wall)
        rows.append([name, middle, min(wall), statistics.median(cpu), min(cpu), middle - before])
        before = middle
    lines = []
    for base, aim in (("dspy.Predict", f", aim {AIM}"), ("bare requests", "")):
        for kind, clock in enumerate(("wall", "processor")):
            if base not in times:
                continue
            ours, theirs = ([v[kind] * 1000 for v in times[name]] for name in ("Cascade", base))
            low, middle, high = statistics.quantiles(
                [a - b for a, b in zip(ours, theirs, strict=True)], n=4
            )
            span = f"(quartiles {low:.2f} to {high:.2f}; quickest {min(ours) - min(theirs):.2f})"
            lines.append(f"Cascade minus {base}, {clock} ms a round: {middle:.2f} {span}{aim}")
    return rows, lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=8, help="requests in a round (8)")
    parser.add_argument(
        "--delay", type=float, default=20, help="milliseconds after which the stub answers (20)"
    )
    parser.add_argument("--rounds", type=int, default=200, help="repetitions of every way (200)")
    parser.add_argument(
        "--scripted",
        action="store_true",
        help="no server: an engine in this process, without delay",
    )
    parser.add_argument("--quick", action="store_true", help="10 repetitions")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rounds = 10 if args.quick else args.rounds
    if args.scripted:
        times = asyncio.run(measure(ways(None, args.samples), rounds))
    else:
        with serving(args.delay / 1000) as url:
            times = asyncio.run(measure(ways(url, args.samples), rounds))
    rows, lines = report(times, 0.0 if args.scripted else args.delay)
    header = [
        "way",
        "ms a round",
        "quickest ms",
        "processor ms",
        "quickest processor ms",
        "this layer",
    ]
    finish(args.json, header, rows, lines)


if __name__ == "__main__":
    main()

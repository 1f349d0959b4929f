"""One client of `peers.py` in an environment of its own: `python _peer.py NAME URL SAMPLES`.

It prints "ready", then asks one round for each line of its standard input, and prints the
processor seconds and the seconds that the round took. It imports nothing of this project but in
the peers whose names begin with `cascade`, so that any environment can run it.
"""

import asyncio
import gc
import importlib
import json
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

Ask = Callable[[str], Awaitable[Any]]

MODEL, KEY = "stub", "none"
SETTINGS: dict[str, Any] = {"temperature": 0.8, "max_tokens": 512}


def _its_hub(url: str, samples: int) -> Ask:
    models = importlib.import_module("its_hub.core.lms.openai_lm")
    algorithms = importlib.import_module("its_hub.core.algorithms.self_consistency")
    lm = models.OpenAICompatibleLanguageModel(
        endpoint=f"{url}/v1", api_key=KEY, model_name=MODEL, **SETTINGS
    )
    vote = algorithms.SelfConsistency(lambda text: text.rpartition("Answer:")[2].strip())

    async def ask(question: str) -> Any:
        return await vote.ainfer(lm, question, budget=samples)

    return ask


def _openai(url: str, samples: int) -> Ask:
    openai = importlib.import_module("openai")
    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY)

    async def ask(question: str) -> Any:
        messages = [{"role": "user", "content": question}]
        create = client.chat.completions.create
        calls = [create(model=MODEL, messages=messages, **SETTINGS) for _ in range(samples)]
        return await asyncio.gather(*calls)

    return ask


def _litellm(url: str, samples: int) -> Ask:
    litellm = importlib.import_module("litellm")

    async def ask(question: str) -> Any:
        messages = [{"role": "user", "content": question}]
        calls = []
        for _ in range(samples):
            call = litellm.acompletion(
                model=f"openai/{MODEL}",
                messages=messages,
                api_base=f"{url}/v1",
                api_key=KEY,
                **SETTINGS,
            )
            calls.append(call)
        return await asyncio.gather(*calls)

    return ask


def _dspy(url: str, samples: int) -> Ask:
    dspy = importlib.import_module("dspy")
    lm = dspy.LM(f"openai/{MODEL}", api_base=f"{url}/v1", api_key=KEY, cache=False, **SETTINGS)
    predict = dspy.Predict("question -> reasoning, answer")
    predict.set_lm(lm)
    adapter = _labels_adapter(dspy)

    async def ask(question: str) -> Any:
        with dspy.context(adapter=adapter):
            return await asyncio.gather(*(predict.acall(question=question) for _ in range(samples)))

    return ask


def _labels_adapter(dspy: Any) -> Any:
    """Return an adapter that reads the stub's reply, which has none of DSPy's own marks."""

    class Labels(dspy.ChatAdapter):
        def parse(self, signature: Any, completion: str) -> dict[str, str]:
            reasoning, _, answer = completion.rpartition("Answer:")
            return {"reasoning": reasoning.strip(), "answer": answer.strip()}

    return Labels()


def _cascade(url: str, samples: int, model: str = "", sampling: str = "requests") -> Ask:
    from cope.models import Team
    from cope.programs import Cascade
    from cope.programs.preset import Preset
    from cope.programs.preset_round import Round

    model = model or f"openai/{MODEL}@{url}/v1"
    limits = {"small": samples, "large": samples}
    team = Team(small=model, large=model, cache=False, limits=limits, sampling=sampling)
    round_ = Round(reasoner="small", samples=samples, temperature=0.8)  # pyright: ignore[reportCallIssue]
    cascade = Cascade(Preset(name="round", rounds=(round_,)), team, early_stop="none")

    async def ask(question: str) -> Any:
        return await cascade.acall(question=question)

    return ask


def _cascade_ollama(url: str, samples: int) -> Ask:
    return _cascade(url, samples, f"ollama/{MODEL}@{url}")


def _cascade_batch(url: str, samples: int) -> Ask:
    return _cascade(url, samples, sampling="batch")


PEERS: dict[str, Callable[[str, int], Ask]] = {
    "its_hub": _its_hub,
    "openai": _openai,
    "dspy": _dspy,
    "cascade": _cascade,
    "cascade-ollama": _cascade_ollama,
    "cascade-batch": _cascade_batch,
    "litellm": _litellm,
}
"""By name, what makes the function that asks one question `samples` times at once."""


async def _serve(ask: Ask) -> None:
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        gc.collect()  # so that no round pays for the garbage of the round before
        wall, cpu = time.perf_counter(), time.process_time()
        await ask(line.strip())
        seconds = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        print(json.dumps(seconds), flush=True)


def main() -> None:
    warnings.simplefilter("ignore")
    name, url, samples = sys.argv[1:]
    asyncio.run(_serve(PEERS[name](url, int(samples))))


if __name__ == "__main__":
    main()

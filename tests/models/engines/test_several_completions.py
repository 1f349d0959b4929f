"""An engine that takes several completions of a prompt in one request is asked for them together."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from dspy.lm15 import Message, Request, Response

from cope import Cascade, Team, metered
from cope.models import ScriptedEngine
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.engines.token_stream import TokenStream
from cope.models.plain_reply import usage_of
from cope.models.unchecked import changed
from cope.programs.confidence.votes import VoteShare
from cope.programs.preset import Preset
from cope.programs.preset_round import Round

REQUEST = Request("m", (Message.user("0 or 1?"),))


def drawn(messages: list[dict[str, str]], request: Any) -> str:
    return f"So.\nAnswer: {request.config.seed % 2}"


class SeveralEngine(ScriptedEngine):
    """Gives at most four completions of a prompt at once, each with a seed of its own."""

    takes_several = True

    def __init__(self) -> None:
        super().__init__(drawn)
        self.counts: list[int] = []
        self.most = 4

    async def agenerate_several(self, request: Request, count: int) -> Sequence[Response]:
        self.counts.append(count)
        responses: list[Response] = []
        for index in range(min(count, self.most)):
            config = changed(request.config, seed=(request.config.seed or 0) + index)
            made = await self.agenerate(changed(request, config=config))
            if index:
                made = changed(made, usage=usage_of(0, made.usage.output_tokens))
            responses.append(made)
        return responses


def run(engine: ScriptedEngine, sampling: str) -> tuple[Any, list[tuple[int | None, int | None]]]:
    spec = Round(reasoner="small", samples=6, temperature=0.8)  # pyright: ignore[reportCallIssue]
    preset = Preset(name="six", rounds=(spec,))
    team = Team(engine, engine, cache=False, sampling=sampling)
    with metered() as meter:
        prediction = Cascade(preset, team, early_stop="none", seed=1)(question="0 or 1?")
    return prediction, sorted((call.sample, call.prompt_tokens) for call in meter.calls)


def test_samples_are_drawn_by_one_request_and_what_is_missing_by_others() -> None:
    engine = SeveralEngine()
    prediction, calls = run(engine, "batch")
    assert engine.counts == [6] and len(engine.requests) == 6
    assert sum(prediction.votes.values()) == 6
    prompt = calls[0][1]
    assert prompt and [tokens for _, tokens in calls] == [prompt, 0, 0, 0, prompt, prompt]
    seeds = [request.config.seed or 0 for request in engine.requests]
    assert len(set(seeds)) == 6 and seeds[:4] == [seeds[0] + index for index in range(4)]


@pytest.mark.parametrize(
    ("sampling", "confidence", "counts"),
    [
        ("requests", "majority", []),
        ("auto", "majority", [6]),
        ("auto", "first", []),
        ("batch", "first", [6]),
    ],
)
def test_one_request_is_chosen_by_a_rule_so_that_no_answer_depends_on_time(
    sampling: str, confidence: str, counts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VoteShare, "single_sample_decides", confidence == "first")
    engine = SeveralEngine()
    engine.most = 6
    run(engine, sampling)
    assert engine.counts == counts and len(engine.requests) == 6


def test_an_engine_of_single_requests_is_never_asked_for_several() -> None:
    engine = ScriptedEngine(drawn)
    run(engine, "batch")
    assert len(engine.requests) == 6


@pytest.mark.parametrize(
    ("settings", "takes"), [({}, True), ({"slots": 1}, False), ({"draft": "ngram"}, False)]
)
def test_drafts_and_a_single_slot_are_for_one_completion(settings: Any, takes: bool) -> None:
    assert EmbeddedEngine("smollm2-135m", **settings).takes_several == takes


def test_the_chunks_of_several_completions_are_told_apart() -> None:
    stream = TokenStream()
    for number, (index, text) in enumerate([(1, "b"), (0, "a"), (1, "d"), (0, "c"), (1, "")]):
        choice = {"index": index, "delta": {"content": text}}
        if number == 4:
            choice["finish_reason"] = "length"
        timings = {"cache_n": 5, "prompt_n": 2, "predicted_n": number + 1}
        assert not stream.add({"choices": [choice], "timings": timings})
    stream.stop.set()
    assert stream.add({"choices": [{"index": 0, "delta": {}}]})
    request = REQUEST
    first, second = (stream.response(request, index) for index in range(2))
    assert [one.text for one in (first, second)] == ["ac", "bd"]
    assert [one.finish_reason for one in (first, second)] == ["stop", "length"]
    usages = [(one.usage.input_tokens, one.usage.output_tokens) for one in (first, second)]
    assert usages == [(7, 4), (0, 5)] and stream.tokens == 9
    assert first.usage.cache_read_tokens == 5


def test_the_engine_is_asked_for_no_more_than_its_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = EmbeddedEngine("smollm2-135m", slots=3)
    asked: list[int] = []

    async def run_(body: Any, stream: Any) -> None:
        asked.append(body["n"])

    monkeypatch.setattr(engine, "_run", run_)
    assert len(asyncio.run(engine.agenerate_several(REQUEST, 8))) == 3 and asked == [3]

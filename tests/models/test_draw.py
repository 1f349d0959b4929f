"""Several samples of a prompt come from one request, and each is a call of its own in every other respect."""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.choices import PROMPT_TOKENS, choice, several
from support.fault_server import Answering, FaultServer, Reply, faulty

from cope import Team
from cope.errors import CopeError
from cope.models import Call, Ledger, Price, call_labels, metered, use_ledger
from cope.models.draw import Draw, can_draw, use_draw
from cope.models.lm import TierLM

TEXTS = ["one", "two", "three", "four"]
PRICE = Price(10.0, 100.0)


def model(server: FaultServer, sampling: str = "batch", **options: Any) -> TierLM:
    name = f"openai/m@{server.address}/v1"
    options = {"cache": False, "prices": {"small": PRICE}} | options
    return Team(small=name, large=name, sampling=sampling, **options)["small"].lm


async def ask(lm: TierLM, index: int, draw: Draw | None, **settings: Any) -> Any:
    with call_labels(round=1, role="reason", sample=index), use_draw(draw):
        return await lm.acall(
            messages=[{"role": "user", "content": "3 + 4?"}],
            temperature=0.8,
            rollout_id=100 + index,
            **settings,
        )


def ask_all(lm: TierLM, indices: list[int], **settings: Any) -> tuple[list[Any], list[Call]]:
    """Return the texts of samples that are drawn together, or what they raised, and their calls by sample."""

    async def together() -> list[Any]:
        draw = Draw({index: {"rollout_id": 100 + index} for index in indices})
        try:
            asked = [ask(lm, index, draw, **settings) for index in indices]
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await draw.close()

    with metered() as meter:
        outputs = asyncio.run(together())
    texts = [one[0] if isinstance(one, list) else one for one in outputs]
    return texts, sorted(meter.calls, key=lambda call: call.sample or 0)


def test_one_request_draws_all_samples():
    with faulty(several(TEXTS)) as server:
        texts, calls = ask_all(model(server), [2, 0, 3, 1])
    assert texts == [TEXTS[2], TEXTS[0], TEXTS[3], TEXTS[1]]
    assert [body["n"] for body in server.bodies] == [4]
    assert [call.sample for call in calls] == [0, 1, 2, 3]
    # A replay with fewer samples, which are those of the lowest indices, counts the prompt too.
    assert [call.prompt_tokens for call in calls] == [PROMPT_TOKENS, 0, 0, 0]


def test_the_prompt_is_counted_once_and_every_completion_is_counted():
    with faulty(several(TEXTS)) as server:
        _, calls = ask_all(model(server), [0, 1, 2, 3])
    assert [call.prompt_tokens for call in calls] == [PROMPT_TOKENS, 0, 0, 0]
    assert sum(call.completion_tokens or 0 for call in calls) == 28
    assert [call.prompt_shared for call in calls] == [False, True, True, True]
    assert sum(call.usd or 0.0 for call in calls) == pytest.approx(
        (PROMPT_TOKENS * 10.0 + 28 * 100.0) / 1e6
    )
    assert len({call.seconds for call in calls}) == 1 and calls[0].seconds
    assert len({call.machine_seconds for call in calls}) == 1


def test_the_history_of_dspy_has_an_entry_for_each_sample():
    with faulty(several(TEXTS)) as server:
        lm = model(server)
        ask_all(lm, [0, 1, 2])
    assert [entry["outputs"] for entry in lm.history] == [["one"], ["two"], ["three"]]
    assert [entry["usage"]["prompt_tokens"] for entry in lm.history] == [PROMPT_TOKENS, 0, 0]


def test_a_server_that_counts_one_of_several_completions_is_said(caplog: pytest.LogCaptureFixture):
    long = ["a text of more than four words"] * 4
    with faulty(several(long, completion_tokens=9)) as server:
        lm = model(server)
        for _ in range(2):
            _, calls = ask_all(lm, [0, 1, 2, 3])
    assert [call.completion_tokens for call in calls] == [9, 9, 9, 9]
    assert all(call.estimated for call in calls)
    assert len(caplog.messages) == 1 and "estimated" in caplog.messages[0]


def refusing(body: dict[str, Any]) -> Reply:
    if body.get("n", 1) > 1:
        return Reply({"error": {"message": "'n' : number must be at most 1"}}, 400)
    return several(["alone"])(body)


def with_bad_ones(body: dict[str, Any]) -> Reply:
    if body.get("n", 1) == 1:
        return several(["alone"])(body)
    choices = [choice(""), choice("good"), choice("x", finish_reason="content_filter")]
    usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": 21}
    return Reply({"id": "1", "model": "m", "choices": choices, "usage": usage})


@pytest.mark.parametrize(
    ("server", "asked", "texts", "is_taken"),
    [
        (several(["alone"], most=1), [3, None, None], ["alone"] * 3, False),
        (several(TEXTS, most=2), [3, None], TEXTS[:3], True),
        (refusing, [3, None, None, None], ["alone"] * 3, False),
        (with_bad_ones, [3, None, None], ["good", "alone", "alone"], True),
    ],
    ids=["ignored", "limited", "refused", "bad ones"],
)
def test_samples_that_a_server_does_not_give_make_their_own_requests(
    server: Answering,
    asked: list[int | None],
    texts: list[str],
    is_taken: bool,
    caplog: pytest.LogCaptureFixture,
):
    with faulty(server) as running:
        lm = model(running)
        given, calls = ask_all(lm, [0, 1, 2])
        requests = [body.get("n") for body in running.bodies]
        ask_all(lm, [0, 1, 2])
        later = [body.get("n") for body in running.bodies[len(requests) :]]
    assert given == texts and requests == asked
    assert len(calls) == 3 and all(call.completion_tokens for call in calls)
    assert lm.runtime.several.is_taken is is_taken
    assert later == (asked if is_taken else [None] * 3)
    assert len(caplog.messages) == (0 if is_taken else 1)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({"error": {"message": "no key"}}, 401), CopeError),
        (Reply({"error": {"message": "no such model"}}, 404), dspy.LMError),
        (
            Reply({"error": {"code": "context_length_exceeded", "message": "n"}}, 400),
            dspy.ContextWindowExceededError,
        ),
    ],
)
def test_other_failures_are_those_of_every_sample(reply: Reply, error: type[Exception]):
    with faulty(reply) as server:
        texts, _ = ask_all(model(server), [0, 1, 2])
    assert len(server.bodies) == 1
    assert all(isinstance(one, error) for one in texts)


def test_a_failure_that_passes_is_tried_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cope.models.lm.retry_pause", lambda error, attempt: 0.0)
    with faulty(Reply(b"", 500), several(TEXTS)) as server:
        texts, calls = ask_all(model(server), [0, 1, 2])
    assert texts == TEXTS[:3]
    assert [body["n"] for body in server.bodies] == [3, 3]
    assert [call.prompt_tokens for call in calls] == [PROMPT_TOKENS, 0, 0]


def ledger_of(folder: Path) -> Ledger:
    return Ledger(folder / "calls.jsonl")


@pytest.mark.parametrize("first", ["batch", "requests"])
def test_a_ledger_of_one_way_answers_the_other(first: str, tmp_path: Path):
    second = "requests" if first == "batch" else "batch"
    with faulty(several(TEXTS)) as server:
        for sampling in (first, second):
            ledger = ledger_of(tmp_path)
            with use_ledger(ledger):
                texts, calls = ask_all(model(server, sampling), [0, 1, 2])
            ledger.close()
            assert sorted(texts) == sorted(TEXTS[:3])
    assert len(server.bodies) == (1 if first == "batch" else 3)
    assert all(call.from_ledger for call in calls)
    assert sum(call.usd is not None for call in calls) == 3


def test_only_the_samples_that_a_ledger_lacks_are_requested(tmp_path: Path):
    with faulty(several(TEXTS)) as server:
        lm = model(server)
        ledger = ledger_of(tmp_path)
        with use_ledger(ledger):
            ask_all(lm, [1])
            texts, calls = ask_all(lm, [0, 1, 2])
        ledger.close()
    assert texts == ["two", "one", "three"]
    assert [body.get("n") for body in server.bodies] == [None, 2]
    assert [call.prompt_tokens for call in calls] == [PROMPT_TOKENS, PROMPT_TOKENS, 0]


def test_the_cache_of_dspy_answers_either_way():
    with faulty(several(TEXTS)) as server:
        for sampling in ("batch", "requests", "batch"):
            texts, calls = ask_all(model(server, sampling, cache=True), [0, 1, 2])
            assert texts == TEXTS[:3]
    assert [body.get("n") for body in server.bodies] == [3]
    assert all(call.cache_hit for call in calls)
    assert [call.prompt_tokens for call in calls] == [PROMPT_TOKENS, 0, 0]


def test_a_sample_with_another_prompt_makes_its_own_request():
    with faulty(several(["one"])) as server:
        lm = model(server)

        async def together() -> list[Any]:
            draw = Draw({index: {"rollout_id": 100 + index} for index in range(3)})
            asked = [ask(lm, index, draw, max_tokens=9 + index // 2) for index in range(3)]
            outputs = await asyncio.gather(*asked)
            await draw.close()
            return outputs

        with metered() as meter:
            outputs = asyncio.run(together())
    requests = {body.get("n"): body["max_completion_tokens"] for body in server.bodies}
    assert requests == {3: 9, None: 10} and outputs == [["one"]] * 3
    # The completion that nobody takes was paid for.
    assert [call.sample for call in meter.calls if call.cancelled] == [2]
    assert sum(call.completion_tokens or 0 for call in meter.calls) == 28


def test_a_draw_that_is_cancelled_stops_its_request():
    async def cancelled(lm: TierLM, server: FaultServer) -> None:
        draw = Draw({index: {"rollout_id": 100 + index} for index in range(3)})
        tasks = [asyncio.create_task(ask(lm, index, draw)) for index in range(3)]
        while not server.bodies:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await draw.close()

    is_over = threading.Event()

    def answer(body: dict[str, Any]) -> Reply:
        is_over.wait(60)
        return Reply(b"")

    with faulty(answer) as server, metered() as meter:
        asyncio.run(cancelled(model(server), server))
        is_over.set()
    assert [call.cancelled for call in meter.calls] == [True]
    assert meter.calls[0].unreported_completion == 3 * 512


class Listener(dspy.utils.callback.BaseCallback):
    """Listens to everything."""


@pytest.mark.parametrize(
    "context",
    [
        lambda lm: dspy.context(callbacks=[Listener()]),
        lambda lm: dspy.context(send_stream=object()),
    ],
    ids=["a callback", "a stream"],
)
def test_each_sample_makes_its_own_request_where_somebody_listens(
    context: Callable[[TierLM], Any],
):
    with faulty(several(["alone"])) as server:
        lm = model(server)
        with context(lm):
            assert not can_draw(lm)
        assert can_draw(lm)


def test_a_line_is_said_through_the_log(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING), faulty(several(["alone"], most=1)) as server:
        ask_all(model(server), [0, 1])
    assert caplog.messages == [
        "small: its server gives one sample where 2 are asked for, so each sample is a request of "
        "its own"
    ]

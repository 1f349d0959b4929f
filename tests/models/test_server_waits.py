"""Pauses, silent servers and timeouts: what they are called, and that they end."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import dspy
import pytest
from support.fault_server import FaultServer, Reply, faulty
from support.retries import note_pauses
from support.sweeps import sweep
from support.tier_lms import tier_lm

from cope import CopeError, Team
from cope.models import ScriptedEngine, metered
from cope.models.engines.ollama import OllamaEngine
from cope.models.lm import TierLM
from cope.models.server_waits import SERVER_WAITS, ServerWaits
from cope.programs.options import TeamOptions

MESSAGE = {"role": "assistant", "content": "Answer: 7"}
CHAT = Reply({"model": "m", "choices": [{"index": 0, "message": MESSAGE}]})
OLLAMA = Reply({"message": MESSAGE, "done": True, "prompt_eval_count": 30, "eval_count": 4})


def dated(header: str) -> str:
    """Return a header, as an HTTP date where it is `in N s`."""
    if not header.startswith("in "):
        return header
    then = datetime.now(UTC) + timedelta(seconds=int(header.split()[1]))
    return format_datetime(then, usegmt=True)


def api_model(server: FaultServer, **settings: Any) -> TierLM:
    name = f"openai/m@{server.address}/v1"
    return Team("local/small", name, cache=False, **settings)["large"].lm


def ollama_model(server: FaultServer, **settings: Any) -> TierLM:
    engine = OllamaEngine("m", server.address)
    return Team(engine, engine, cache=False, **settings)["large"].lm


MODELS = {"api": (api_model, CHAT), "ollama": (ollama_model, OLLAMA)}


# Retry-After


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pause before each retry, and leave it out."""
    return note_pauses(monkeypatch)


@sweep("kind", MODELS, every=4)
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("7", 7),
        ("7.5", 7.5),
        ("60", 60),
        ("in 30 s", 30),
        ("0", 1),
        ("-7", 1),
        ("soon", 1),
        ("nan", 1),
        ("inf", 1),
        ("", 1),
        ("in -1000 s", 1),
        ("Thu, 99 Foo 2026 00:00:00 GMT", 1),
    ],
)
def test_a_server_says_when_it_is_asked_again(
    kind: str, status: int, header: str, pause: float, pauses: list[float]
):
    model, good = MODELS[kind]
    with faulty(Reply(b"", status, {"Retry-After": dated(header)}), good) as server:
        assert model(server)("3 + 4?") == ["Answer: 7"]
    assert pauses == [pytest.approx(pause, abs=20 if header == "in 30 s" else 0)]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("header", ["61", "1e300", "in 1000 s"])
def test_a_longer_pause_is_an_error_that_says_so(kind: str, header: str, pauses: list[float]):
    model, good = MODELS[kind]
    fault = Reply(b"", 429, {"Retry-After": dated(header)})
    said = r"asks to wait [^ ]{1,10} \w+ before .* longer than the 60 s"
    with faulty(fault, good) as server, pytest.raises(CopeError, match=said):
        model(server)("3 + 4?")
    assert pauses == []


def test_a_pause_leaves_the_tier_s_place_to_others(monkeypatch: pytest.MonkeyPatch):
    shown: list[str] = []
    other_answered = asyncio.Event()
    sleep = asyncio.sleep

    async def paused(seconds: float, *more: Any) -> Any:
        if seconds < 5:
            return await sleep(seconds, *more)
        shown.append(str(SERVER_WAITS))
        await other_answered.wait()

    async def scene(asked: TierLM) -> None:
        first = asyncio.ensure_future(asked.acall("3 + 4?"))
        while not shown:
            await sleep(0.001)
        async with asyncio.timeout(30):
            await asked.acall("another question")
        other_answered.set()
        await first

    with faulty(Reply(b"", 429, {"Retry-After": "7"}), CHAT) as server, metered() as meter:
        monkeypatch.setattr(asyncio, "sleep", paused)
        asyncio.run(scene(api_model(server, limits={"large": 1})))
    assert shown == ["large asks its server again in 7 s"] and len(meter.calls) == 2
    assert not str(SERVER_WAITS)


# Silence


@pytest.fixture
def clock() -> list[float]:
    """The time in seconds; tests move it on."""
    return [1000.0]


def test_a_server_is_silent_after_twenty_seconds(clock: list[float]):
    waits = ServerWaits(lambda: clock[0])
    assert not str(waits)
    with waits.request("large"), waits.request("small"):
        clock[0] += 19
        assert not str(waits) and waits.news() == []
        waits.heard("small")
        clock[0] += 5
        assert str(waits) == "the server of large is silent for 24 s"
        assert waits.news() == [str(waits)] and waits.news() == []
        clock[0] += 59
        assert len(waits.news()) == 1, "small's server, of which nothing was said yet"
        clock[0] += 1
        assert waits.news() == ["the server of large is silent for 84 s"]
        waits.heard("large")
        assert str(waits) == "the server of small is silent for 65 s"
    assert not str(waits) and waits.news() == []
    clock[0] += 500
    with waits.request("large"):
        assert not str(waits), "it was not asked before"


def test_a_server_that_answers_others_is_not_silent(clock: list[float]):
    waits = ServerWaits(lambda: clock[0])
    with waits.request("large"):
        for _ in range(9):
            with waits.request("large"):
                clock[0] += 15
        assert not str(waits)
        clock[0] += 20
        assert str(waits)


def test_pauses_are_shown_and_reported_once(clock: list[float]):
    waits, lines = ServerWaits(lambda: clock[0]), []
    waits.report_to(lines.append)
    with waits.pause("large", 30.0):
        clock[0] += 10
        with waits.pause("large", 20.5):
            assert str(waits) == "large asks its server again in 20 s"
        with waits.pause("large", 50.0):
            assert str(waits) == "large asks its server again in 50 s"
    assert not str(waits)
    assert lines == ["large asks its server again in 30 s", "large asks its server again in 50 s"]


@pytest.mark.parametrize("kind", MODELS)
def test_requests_to_servers_are_watched(
    kind: str, clock: list[float], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(SERVER_WAITS, "clock", lambda: clock[0])
    model, good = MODELS[kind]

    async def scene(asked: TierLM) -> str:
        request = asyncio.ensure_future(asked.acall("3 + 4?"))
        while not any(state.running for state in SERVER_WAITS._tiers.values()):
            await asyncio.sleep(0)
        clock[0] += 25
        said = str(SERVER_WAITS)
        await request
        return said

    with faulty(good) as server:
        assert asyncio.run(scene(model(server))) == "the server of large is silent for 25 s"
    assert not str(SERVER_WAITS)


def test_parts_of_a_reply_end_the_silence(clock: list[float], monkeypatch: pytest.MonkeyPatch):
    from cope.models import current_call

    waits = ServerWaits(lambda: clock[0])
    monkeypatch.setattr(current_call, "SERVER_WAITS", waits)
    heard: list[str] = []
    monkeypatch.setattr(waits, "heard", heard.append)
    for kind, (model, good) in MODELS.items():
        with faulty(good) as server:
            model(server)("3 + 4?")
        assert len(heard) >= 2 and set(heard) == {"large"}, kind
        heard.clear()


def test_a_model_in_this_process_is_never_silent(clock: list[float]):
    said: list[str] = []

    def script(messages: Any, request: Any) -> str:
        clock[0] += 100
        said.append(str(SERVER_WAITS))
        return "7"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SERVER_WAITS, "clock", lambda: clock[0])
        tier_lm(script)("3 + 4?")
    assert said == [""]


# Timeouts


@pytest.fixture
def silent_address() -> Iterator[str]:
    """The address of a server that takes requests and never replies."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("name", ["openai/m@{}/v1", "ollama/m@{}"])
def test_a_timeout_ends_a_request_that_gets_no_reply(
    name: str, silent_address: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    asked: list[float] = []
    team = Team("local/small", name.format(silent_address), timeout=0.05, cache=False)
    model = team["large"].lm
    send = model._send

    async def counted(*args: Any) -> Any:
        asked.append(1)
        return await send(*args)

    monkeypatch.setattr(model, "_send", counted)
    with pytest.raises(dspy.LMTimeoutError, match=r"no whole reply within 0.05 s"):
        model("3 + 4?")
    assert len(asked) == 2, "it is made again once"


def test_a_timeout_ends_a_reply_that_never_ends(ollama_server: Any):
    piece = {"message": {"role": "assistant", "content": "and "}, "done": False}

    def endless() -> Iterator[Any]:
        while True:
            yield lambda: ollama_server.left.wait(0.005)
            yield piece

    monkey = pytest.MonkeyPatch()
    monkey.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    ollama_server.replies = [endless(), endless()]
    team = Team("local/small", f"ollama/m@{ollama_server.address}", timeout=0.1, cache=False)
    with monkey.context(), pytest.raises(dspy.LMTimeoutError):
        team["large"].lm("3 + 4?")
    monkey.undo()


def test_a_model_in_this_process_has_no_timeout():
    team = Team(ScriptedEngine(lambda messages, request: "7", delay=0.05), timeout=0.001)
    assert team["small"].lm("3 + 4?") == ["7"]


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_timeout_is_above_zero(timeout: float):
    with pytest.raises(CopeError, match="allows no request: give more than 0"):
        Team(timeout=timeout)


def test_a_timeout_changes_neither_the_request_nor_the_settings_of_a_run():
    usual, other = Team("openai/m", "ollama/m"), Team("openai/m", "ollama/m", timeout=7)
    assert usual["small"].lm.kwargs == other["small"].lm.kwargs
    for tier in ("small", "large"):
        assert usual[tier].lm.dump_state() == other[tier].lm.dump_state()
    assert TeamOptions(timeout=7).request_settings() == TeamOptions().request_settings()

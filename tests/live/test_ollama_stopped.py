"""A real Ollama server that is stopped while it makes a reply."""

import threading
import time
from collections.abc import Iterator

import dspy
import pytest
from support.ollama_servers import CONTEXT, NAME, STORY, OwnServer, create, tier

from cope import Team, metered
from cope.models.engines.ollama import OllamaEngine
from cope.models.engines.ollama_reply import OllamaReply
from cope.util.json_types import JsonObject

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path_factory.mktemp("ollama"))
    server.start()
    try:
        create(server.host)
        yield server
    finally:
        server.stop()


@pytest.fixture
def started(own: OwnServer) -> OwnServer:
    """The server, running, with the model loaded."""
    if own.process is None:
        own.start()
    tier(own.host)("Hello", max_tokens=1)
    return own


class Pieces(list[str]):
    """The pieces of a reply; sets an event at the first one."""

    def __init__(self, began: threading.Event) -> None:
        super().__init__()
        self.began = began

    def append(self, piece: str, /) -> None:
        super().append(piece)
        self.began.set()


class Watched(OllamaEngine):
    """An engine that says when the first word of a reply has come."""

    began = threading.Event()

    async def _receive(self, body: JsonObject, reply: OllamaReply) -> None:
        reply.text = Pieces(self.began)
        await super()._receive(body, reply)


def stopped_in_the_middle(server: OwnServer, *, again: bool) -> list[str]:
    """Ask for a long reply, and kill the server while it is being made; start it again or not."""
    engine = Watched(NAME, server.host, context=CONTEXT, num_thread=1)
    engine.began.clear()

    def trouble() -> None:
        engine.began.wait(60)
        server.stop()
        if again:
            server.start()

    thread = threading.Thread(target=trouble)
    thread.start()
    try:
        return Team(engine, engine, cache=False)["small"].lm(STORY, max_tokens=200, temperature=0.0)
    finally:
        thread.join()


def test_a_server_that_is_stopped_in_the_middle_is_one_clear_error(started: OwnServer):
    begun = time.perf_counter()
    with metered() as meter, pytest.raises(dspy.LMTransportError) as caught:
        stopped_in_the_middle(started, again=False)
    assert time.perf_counter() - begun > 7, "DSPy waits 1, 2 and 4 seconds before it asks again"
    message = str(caught.value)
    assert f"no answer from Ollama at {started.host}" in message and "`ollama serve`" in message
    assert "\n" not in message and meter.calls == []


def test_a_server_that_comes_back_is_asked_again(started: OwnServer):
    assert stopped_in_the_middle(started, again=True)[0].strip()

"""What an Ollama server says about itself is checked, because anything may answer at its address."""

import socket
from typing import Any

import pytest
from support.fault_server import Reply, faulty

from cope.errors import CopeError
from cope.models.engines.ollama import OllamaEngine
from cope.models.engines.ollama_server import check_server, list_models, pull, server_info

VERSION = Reply({"version": "0.13.0"})
MODEL = {"name": "qwen2.5:3b", "size": 1_900_000_000, "digest": "abc"}

NOT_OLLAMA = {
    "HTML": (Reply(b"<html>"), Reply(b"<html>")),
    "a list": (Reply([]), Reply([])),
    "no version": (Reply({}), Reply({"models": []})),
    "a version that is a number": (Reply({"version": 1}), Reply({"models": []})),
    "no models": (VERSION, Reply({})),
    "models that are null": (VERSION, Reply({"models": None})),
    "models that are text": (VERSION, Reply({"models": "qwen"})),
    "models that are an object": (VERSION, Reply({"models": {"name": "qwen"}})),
    "a model that is text": (VERSION, Reply({"models": ["qwen"]})),
    "a model without a name": (VERSION, Reply({"models": [{"size": 1}]})),
    "a name that is a number": (VERSION, Reply({"models": [{"name": 7, "size": 1}]})),
    "an error": (Reply({"error": "no"}, 500), Reply({"error": "no"}, 500)),
    "a redirect": (Reply(b"", 302), Reply(b"", 302)),
    "nested too deeply": (Reply(b"[" * 100_000), Reply(b"[" * 100_000)),
}


@pytest.mark.parametrize("replies", NOT_OLLAMA.values(), ids=NOT_OLLAMA)
def test_what_is_not_ollama_is_no_traceback(replies: tuple[Reply, Reply]):
    with faulty(*replies) as server:
        assert check_server(server.address, 5).status == "note"
        server.replies = list(replies)
        assert list_models(server.address).models == ()
        server.replies = [replies[1]]
        assert OllamaEngine("qwen2.5:3b", server.address).weights_digest() is None


@pytest.mark.parametrize("size", ["big", -1, None, 1.5, {}])
def test_a_size_that_is_none_is_unknown(size: Any):
    with faulty(VERSION, Reply({"models": [MODEL | {"size": size}]})) as server:
        assert server_info(server.address).sizes == {"qwen2.5:3b": 0}


def test_names_cannot_steer_the_terminal():
    with faulty(VERSION, Reply({"models": [MODEL | {"name": "a\x1b[2J"}]})) as server:
        assert list_models(server.address).models[0].name == "ollama/a\\x1b[2J"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>\n", b"[]\n", b'{"status": 7}\n', b'{"status": "pulling"}\n', b'{"error": {}}\n'],
)
def test_a_download_that_did_not_succeed_is_one_line(body: bytes):
    with faulty(Reply(body)) as server, pytest.raises(CopeError, match="not Ollama|before it was"):
        pull("qwen2.5:3b", server.address, lambda done, total, note: None)


def test_a_server_that_never_answers_does_not_delay_the_check():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        found = check_server(f"http://127.0.0.1:{mute.getsockname()[1]}", timeout=0.1)
    assert found.status == "note" and "no server answers" in found.found

"""What Ollama servers do wrong, and what it counts as."""

import json
from typing import Any

import dspy
import pytest
from support.fault_server import FaultServer, Reply, faulty
from support.sweeps import sweep

from cope import Team
from cope.models import Call, metered
from cope.models.engines.ollama import OllamaEngine
from cope.models.lm import TierLM

HTML = b"<html><body>Sign in to the network</body></html>"
WORDS = "word " * 1000


def lines(*parts: Any) -> bytes:
    return b"".join(json.dumps(part).encode() + b"\n" for part in parts)


def said(content: Any = "Answer: 7", **counts: Any) -> list[Any]:
    """A reply of two parts."""
    message = {"role": "assistant", "content": content}
    end = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    usage = {"prompt_eval_count": 30, "eval_count": 4}
    return [{"message": message, "done": False}, end | usage | counts]


def part(content: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content}, "done": False}


GOOD = Reply(lines(*said()))

RETRIED = {
    "empty body": Reply(b""),
    "blank lines": Reply(b"\n\n\n"),
    "HTML": Reply(HTML, content_type="text/html"),
    "plain text": Reply(b"Answer: 8"),
    "OpenAI's events": Reply(b'data: {"choices": []}\n\n'),
    "OpenAI's object": Reply({"choices": [{"message": {"content": "Answer: 8"}}]}),
    "half a line": Reply(lines(part("Answer: 8")) + b'{"message": {"con'),
    "no end": Reply(lines(part("Answer: 8"))),
    "an end that is text": Reply(lines(part("Answer: 8") | {"done": "true"})),
    "a truncated body": Reply(lines(*said("Answer: 8")), missing=50),
    "no UTF-8": Reply(b'{"message": "\xff\xfe"}\n'),
    "nested too deeply": Reply(b"[" * 100_000 + b"\n"),
    "no HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "a closed connection": Reply(raw=b""),
    "a redirect without an address": Reply(b"", 302),
    "redirects forever": Reply(b"", 307, {"Location": "/api/chat"}),
    "a redirect to nowhere": Reply(b"", 307, {"Location": "http://[::bad/"}),
    "not modified": Reply(b"", 304),
    "no content": Reply(b"", 204),
    "a list": Reply(lines([part("Answer: 8")])),
    "null": Reply(b"null\n"),
    "a number": Reply(b"8\n"),
    "no message": Reply(lines({"done": True})),
    "a message that is text": Reply(lines({"message": "Answer: 8", "done": True})),
    "content that is a number": Reply(lines(*said(8))),
    "content that is an object": Reply(lines(*said({"text": "Answer: 8"}))),
    "content that is a list": Reply(lines(*said(["Answer: 8"]))),
    "an error": Reply(lines({"error": "an error was encountered"})),
    "an error as an object": Reply(lines({"error": {"message": "an error"}})),
    "an error in the middle": Reply(lines(part("Answer: 8"), {"error": "out of memory"})),
    "too many requests": Reply({"error": "slow down"}, 429),
    "a timeout of the server": Reply(b"", 408),
    "a server error": Reply({"error": "llama runner has stopped"}, 500),
    "a bad gateway": Reply(HTML, 502),
    "an unavailable service": Reply(b"", 503),
    "a gateway's timeout": Reply(HTML, 504),
}

COUNTS: dict[str, tuple[dict[str, Any], tuple[int | None, int | None]]] = {
    "both": ({}, (30, 4)),
    "null": ({"prompt_eval_count": None, "eval_count": None}, (None, None)),
    "text": ({"prompt_eval_count": "30", "eval_count": "four"}, (None, None)),
    "negative": ({"prompt_eval_count": -30, "eval_count": -4}, (None, None)),
    "zero": ({"prompt_eval_count": 0, "eval_count": 0}, (None, None)),
    "fractions": ({"prompt_eval_count": 30.5, "eval_count": 4.5}, (None, None)),
    "absurd": ({"prompt_eval_count": 10**15, "eval_count": 10**30}, (None, None)),
    "objects": ({"prompt_eval_count": {}, "eval_count": [4]}, (None, None)),
    "a strange reason": ({"done_reason": 7}, (30, 4)),
}

CUT = {
    "a full context": ("3 + 4?", 2048, 2048),
    "more than a context": ("3 + 4?", 2048, 2049),
    "a smaller context": (WORDS, 8192, 512),
    "a part of the prompt": (WORDS, 2048, 900),
    "nearly nothing": (WORDS, 4096, 5),
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))


def model(server: FaultServer, context: int = 2048) -> TierLM:
    engine = OllamaEngine("m", server.address, context=context)
    return Team(engine, engine, cache=False)["small"].lm


def ask(lm: TierLM, prompt: str = "3 + 4?") -> tuple[str, Call]:
    with metered() as meter:
        (output,) = lm(prompt)
    (call,) = meter.calls
    return output, call


@sweep("fault", RETRIED.values(), ids=RETRIED, every=4)
def test_a_fault_is_a_failed_call_that_is_made_again(fault: Reply):
    with faulty(fault, fault, fault, GOOD) as server:
        asked = model(server)
        if "Location" not in fault.headers:
            assert ask(asked)[0] == "Answer: 7" and len(server.bodies) == 4
        server.replies = [fault]
        server.paths.clear()
        with metered() as meter, pytest.raises(dspy.LMError):
            asked("3 + 4?")
        assert not meter.calls and (len(server.paths) == 4 or "Location" in fault.headers)


@pytest.mark.parametrize(("counts", "known"), COUNTS.values(), ids=COUNTS)
def test_a_number_of_tokens_that_is_none_is_unknown(
    counts: dict[str, Any], known: tuple[int | None, int | None]
):
    with faulty(Reply(lines(*said(**counts)))) as server:
        text, call = ask(model(server))
    assert text == "Answer: 7" and len(server.bodies) == 1
    assert (call.prompt_tokens, call.completion_tokens) == known


@pytest.mark.parametrize(("prompt", "context", "count"), CUT.values(), ids=CUT)
def test_a_cut_prompt_has_no_answer(prompt: str, context: int, count: int):
    with faulty(Reply(lines(*said(prompt_eval_count=count)))) as server:
        with pytest.raises(dspy.ContextWindowExceededError, match=r"CONTEXT_LENGTH|larger context"):
            ask(model(server, context), prompt)
        assert len(server.bodies) == 1


def test_a_whole_prompt_has_one():
    with faulty(Reply(lines(*said(prompt_eval_count=1200)))) as server:
        assert ask(model(server), WORDS)[1].prompt_tokens == 1200


@pytest.mark.parametrize(
    "logprobs", [7, "none", ["none"], [{"token": "7", "logprob": "low"}], [{}]]
)
def test_log_probabilities_that_are_none_are_unknown(logprobs: Any):
    with faulty(Reply(lines(part("Answer: 7") | {"logprobs": logprobs}, *said("")))) as server:
        text, call = ask(model(server))
    assert text == "Answer: 7" and call.logprob is None


def test_parts_after_the_end_do_not_count():
    with faulty(Reply(lines(*said(), part(" or 8")) + b"more")) as server:
        assert ask(model(server))[0] == "Answer: 7"

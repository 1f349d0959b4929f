"""Replies of a chat API that are wrong in every way, and a model that gets them."""

from typing import Any

from cope import Team
from cope.models import Call, Price, metered
from cope.models.lm import TierLM
from support.fault_server import FaultServer, Reply

HTML = b"<html><body>Sign in to the network</body></html>"


USAGE = {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34}


DEEP = b"[" * 100_000


def chat(
    content: Any = "Answer: 7", *, usage: Any = USAGE, reason: Any = "stop", **more: Any
) -> Any:
    message = {"role": "assistant", "content": content, **more}
    choice = {"index": 0, "finish_reason": reason, "message": message}
    return {
        "id": "1",
        "object": "chat.completion",
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def logged(logprobs: Any) -> Any:
    document = chat()
    document["choices"][0]["logprobs"] = logprobs
    return document


GOOD = Reply(chat())


RETRIED = {
    "empty body": Reply(b""),
    "HTML": Reply(HTML, content_type="text/html"),
    "HTML that says it is JSON": Reply(HTML),
    "plain text": Reply(b"Answer: 8", content_type="text/plain"),
    "events": Reply(b'data: {"choices": []}\n\n', content_type="text/event-stream"),
    "a reply that says it is events": Reply(chat(7), content_type="text/event-stream"),
    "half a JSON": Reply(b'{"choices": [{"message": {"content": "Answer: 8"'),
    "a truncated body": Reply(chat("Answer: 8"), missing=50),
    "no UTF-8": Reply(b'{"choices": "\xff\xfe"}'),
    "nested too deeply": Reply(DEEP),
    "no HTTP": Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "a closed connection": Reply(raw=b""),
    "a redirect": Reply({}, 302, {"Location": "http://127.0.0.1:9/"}),
    "not modified": Reply(b"", 304),
    "no content": Reply(b"", 204),
    "a list": Reply([chat("Answer: 8")]),
    "a string": Reply("Answer: 8"),
    "null": Reply(b"null"),
    "a number": Reply(b"8"),
    "another object": Reply({"answer": "8"}),
    "no choices": Reply({"choices": []}),
    "null choices": Reply({"choices": None}),
    "choices that are text": Reply({"choices": "Answer: 8"}),
    "choices that are an object": Reply({"choices": {"message": {"content": "8"}}}),
    "a choice that is text": Reply({"choices": ["Answer: 8"]}),
    "a choice without a message": Reply({"choices": [{"finish_reason": "stop"}]}),
    "a message that is text": Reply({"choices": [{"message": "Answer: 8"}]}),
    "null content": Reply(chat(None)),
    "empty content": Reply(chat("")),
    "content that is a number": Reply(chat(8)),
    "content that is an object": Reply(chat({"text": "Answer: 8"})),
    "parts without text": Reply(chat([{"type": "text", "text": {"value": "8"}}])),
    "parts that are text": Reply(chat(["Answer: 8"])),
    "no parts": Reply(chat([])),
    "an error as text": Reply({"error": "overloaded"}),
    "an error as an object": Reply({"error": {"message": "overloaded", "code": 503}}),
    "an error beside choices": Reply({**chat("Answer: 8"), "error": {"message": "broke off"}}),
    "an error as the reason": Reply(chat("Answer: 8", reason="error")),
    "too many requests": Reply({"error": {"message": "slow down"}}, 429),
    "a conflict": Reply(b"", 409),
    "too early": Reply(b"", 425),
    "a server error": Reply(b"", 500),
    "a bad gateway": Reply(HTML, 502, content_type="text/html"),
    "an unavailable service": Reply(b"", 503),
    "a gateway's timeout": Reply(HTML, 504),
    "an unknown server error": Reply(b"", 599),
}


REFUSED = {
    "filtered": Reply(chat("Answer: 8", reason="content_filter")),
    "filtered without content": Reply(chat(None, reason="content_filter")),
    "a refusal": Reply(chat(None, refusal="I cannot help with that.")),
    "a filtered prompt": Reply(
        {"error": {"code": "content_filter", "message": "The response was filtered"}}, 400
    ),
    "a policy": Reply({"error": {"code": "content_policy_violation", "message": "rejected"}}, 400),
    "a policy in words": Reply(
        {"error": {"message": "triggering Azure OpenAI's content management policy"}}, 400
    ),
    "moderation": Reply({"error": {"code": 403, "message": "Your input was flagged"}}, 403),
}


# The tokens of prompt and completion that count.
COUNTS: dict[str, tuple[Any, tuple[int | None, int | None]]] = {
    "both": (USAGE, (30, 4)),
    "none": ({}, (None, None)),
    "null": (None, (None, None)),
    "text": ("many", (None, None)),
    "a list": ([30, 4], (None, None)),
    "text counts": ({"prompt_tokens": "30", "completion_tokens": 4}, (None, 4)),
    "words": ({"prompt_tokens": 30, "completion_tokens": "four"}, (30, None)),
    "negative": ({"prompt_tokens": -30, "completion_tokens": -1}, (None, None)),
    "zero": ({"prompt_tokens": 0, "completion_tokens": 0}, (None, None)),
    "fractions": ({"prompt_tokens": 30.5, "completion_tokens": 4.0}, (None, None)),
    "absurd": ({"prompt_tokens": 10**15, "completion_tokens": 10**30}, (None, None)),
    "truth": ({"prompt_tokens": True, "completion_tokens": False}, (None, None)),
    "objects": ({"prompt_tokens": {"n": 30}, "completion_tokens": [4]}, (None, None)),
    "no number": ({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, (None, None)),
    "a wrong sum": (USAGE | {"total_tokens": "34"}, (30, 4)),
    "details as text": (USAGE | {"prompt_tokens_details": "20 cached"}, (30, 4)),
    "a list of details": (USAGE | {"prompt_tokens_details": [{"cached_tokens": 20}]}, (30, 4)),
    "text in details": (USAGE | {"prompt_tokens_details": {"cached_tokens": "20"}}, (30, 4)),
    "more in the cache": (USAGE | {"prompt_tokens_details": {"cached_tokens": 99}}, (30, 4)),
}


def api_model(server: FaultServer, price: Price | None = None) -> TierLM:
    name = f"openai/m@{server.address}/v1"
    prices = {"large": price} if price else {}
    return Team("local/small", name, prices=prices, cache=False)["large"].lm


def ask(lm: TierLM, **settings: Any) -> tuple[str, Call]:
    with metered() as meter:
        (output,) = lm("3 + 4?", **settings)
    (call,) = meter.calls
    return output if isinstance(output, str) else output["text"], call

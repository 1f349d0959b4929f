"""What a call sent can be stored, whatever a user's model or optimizer sends."""

from pathlib import Path
from typing import Any

import pydantic
import pytest

from cope.models.exchange import make_exchange
from cope.models.ledger import Ledger, read_exchanges
from cope.models.meter import new_call


class Reply(pydantic.BaseModel):
    text: str


@pytest.mark.parametrize(
    ("messages", "settings"),
    [
        ("A question.", {"response_format": Reply}),
        ("A question.", {"response_format": Reply(text="x")}),
        ("A question.", {"response_format": {"type": "json_object"}, "stop": ("a", "b")}),
        ("A question.", {"stop": {"a"}, "seed": object()}),
        ([{"role": "user", "content": [{"type": "image", "data": b"\x00"}]}], {}),
        ([{"role": "user", "content": Reply(text="x")}], {"logprobs": True}),
        ([Reply(text="x"), None, 3], {"temperature": float("nan")}),
    ],
)
def test_any_call_is_written_and_read_again(
    tmp_path: Path, messages: Any, settings: dict[str, Any]
) -> None:
    exchange = make_exchange(messages, settings, ["42"])
    ledger = Ledger(tmp_path / "calls.jsonl")
    entry = {"call": new_call("small", "m").as_dict(), "outputs": ["42"]}
    ledger.put("key", entry, exchange)
    ledger.close()
    ((_, read),) = read_exchanges(tmp_path / "calls.jsonl")
    assert repr(read) == repr(exchange)


def test_a_class_of_a_reply_is_kept_as_its_schema() -> None:
    kept = make_exchange("A question.", {"response_format": Reply}, ["42"]).settings
    assert kept["response_format"]["properties"]["text"] == {"title": "Text", "type": "string"}

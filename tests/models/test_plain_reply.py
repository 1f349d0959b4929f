"""A reply that is a text alone is read without DSPy's checks, with the same result."""

from typing import Any

import pytest
from dspy._vendor.lm15.providers.openai_chat import response_from_openai_chat
from support.faulty_replies import chat

from cope.models.plain_reply import read_plain_reply
from cope.models.replies import clean_usage

DETAILS = {"prompt_tokens_details": {"cached_tokens": 8}, "completion_tokens_details": None}
DOCUMENTS = {
    "plain": chat("Answer: 7"),
    "cut": chat("Answer", reason="length"),
    "without tokens": chat("7", usage=None),
    "with one count": chat("7", usage={"completion_tokens": 2}),
    "with details": chat("7", usage={"prompt_tokens": 9, "completion_tokens": 2} | DETAILS),
    "with a total": chat("7", usage={"prompt_tokens": 9, "total_tokens": 40}),
    "with an identifier": chat("7") | {"id": "x-1", "system_fingerprint": None},
    "without an identifier": chat("7") | {"id": ""},
    "without a reason": chat("7", reason=None),
    "with a number that is none": chat("7") | {"created": float("nan")},
    "without a model": chat("7") | {"model": ""},
    "with a number for an identifier": chat("7") | {"id": 7},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_plain_reply_is_read_as_dspy_reads_it(document: dict[str, Any]):
    document["usage"] = clean_usage(document.get("usage"))
    read = read_plain_reply(document)
    if read is not None:
        assert read == response_from_openai_chat(document)


def test_most_replies_are_plain():
    names = [name for name, document in DOCUMENTS.items() if read_plain_reply(document)]
    assert names == list(DOCUMENTS)[:8]

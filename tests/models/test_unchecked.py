"""Objects that are made without DSPy's checks are those that its checks let through."""

from dataclasses import fields, replace
from typing import Any

import dspy
import pytest
from dspy.lm15 import Config, Message, Request, Response, TextPart, TokenLogprob, Usage

from cope.models.engines.base import response
from cope.models.unchecked import changed

REQUEST = Request("m", (Message("user", (TextPart("3 + 4?"),)),), config=Config(stop=("\n",)))


@pytest.mark.parametrize("counts", [(9, 2), (None, 2), (None, None), (0, 0)])
@pytest.mark.parametrize("logprobs", [None, [{"token": "7", "logprob": -0.5}]])
def test_a_response_of_an_engine_is_one_that_dspy_checks(counts: Any, logprobs: Any):
    prompt, completion = counts
    made = response(
        REQUEST, "7", finish="stop", prompt=prompt, completion=completion, logprobs=logprobs
    )
    checked = Response(
        id=None,
        model="m",
        message=Message.assistant([TextPart("7")]),
        finish_reason="stop",
        usage=Usage(prompt, completion, cache_read_tokens=0),
        logprobs=(TokenLogprob("7", -0.5),) if logprobs else None,
    )
    assert made == checked and repr(made) == repr(checked)
    assert all(hasattr(made, field.name) for field in fields(made))


def test_a_count_that_is_none_is_refused():
    with pytest.raises((TypeError, ValueError)):
        response(REQUEST, "7", finish="stop", prompt=-1, completion=2)


@pytest.mark.parametrize("seed", [None, 0, 7])
def test_a_changed_copy_is_a_replaced_one(seed: int | None):
    assert changed(REQUEST.config, seed=seed) == replace(REQUEST.config, seed=seed)
    config = Config(seed=seed)
    assert changed(REQUEST, config=config) == replace(REQUEST, config=config)
    assert changed(dspy.lm15.TextPart("a"), text="b") == TextPart("b")

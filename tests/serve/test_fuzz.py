"""Bodies of chat requests, valid and almost valid: each is answered or refused, and never breaks."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from support.api import CHAT, body, client

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service

pytestmark = pytest.mark.slow

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
KEYWORDS = st.sampled_from(
    "type properties required items enum const anyOf allOf not $ref $defs pattern minLength".split()
)
SCHEMAS = st.recursive(
    st.sampled_from([{}, {"type": "string"}, {"type": ["object"]}, {"$ref": "#"}, True, None]),
    lambda inner: st.dictionaries(KEYWORDS, inner | st.lists(inner, max_size=2) | JSON, max_size=3),
    max_leaves=8,
)
FORMATS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "json_object", "json_schema", "xml"])},
    optional={
        "json_schema": st.fixed_dictionaries(
            {"name": st.sampled_from(["a", "a b", ""]), "schema": SCHEMAS},
            optional={"strict": st.booleans() | st.none(), "description": JSON},
        )
    },
)
CONTENT = st.text(max_size=30) | st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "image_url", "input_audio", "file"])},
        optional={"text": st.text(max_size=9) | st.none()},
    ),
    max_size=3,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from("system developer user assistant tool robot".split())},
        optional={"content": CONTENT | st.none()},
    ),
    max_size=4,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "model": st.sampled_from(["cope", "cope/small", "gpt-9"]),
    "messages": MESSAGES,
    "stream": st.booleans() | st.none(),
    "n": st.integers(-1, 3),
    "stop": st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=3),
    "seed": st.integers(),
    "temperature": st.floats(allow_nan=False, allow_infinity=False),
    "max_tokens": st.integers(-1, 10**9),
    "logprobs": st.booleans(),
    "top_logprobs": st.integers(-1, 25),
    "response_format": FORMATS,
    "tools": JSON,
    "x": JSON,
}


TYPED = st.fixed_dictionaries({}, optional=FIELDS)
ODD = st.fixed_dictionaries({}, optional={name: kind | JSON for name, kind in FIELDS.items()})
REPLIES = st.sampled_from(["Answer: 42", "{}", '{"a": [1]}', "[" * 5_000, ""])


def test_every_body_is_answered_or_refused() -> None:
    said = [""]
    engine = ScriptedEngine(lambda messages, request: said[0])
    team = Team(engine, engine, cache=False)
    service = Service(Cascade("cope", team), {"small": Cascade("small", team, domain="open")})
    http = client(service)

    with asyncio.Runner() as runner:

        @settings(max_examples=200, deadline=None)
        @given(
            st.fixed_dictionaries({}, optional={n: k | JSON for n, k in FIELDS.items()}), REPLIES
        )
        def check(fields: dict[str, Any], reply: str) -> None:
            said[0] = reply
            response = runner.run(http.post(CHAT, json=body() | fields))
            assert response.status_code < 500, response.text
            if response.status_code >= 400:
                error = response.json()["error"]
                assert error["message"] and set(error) == {"message", "type", "param", "code"}
            elif "data: " not in response.text:
                assert json.loads(response.text)["choices"]

        check()

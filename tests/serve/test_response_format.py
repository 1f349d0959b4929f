"""Answers that are JSON: enforced where the engine can, checked always, voted on by value."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from dspy.lm15 import InvalidRequestError
from support.api import ask, body, chunks, streamed_text
from support.fault_server import Reply, faulty
from support.sweeps import sweep

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.models.engines.embedded import _engine_error
from cope.programs.json_form import JsonForm
from cope.serve import Service

SCHEMA = {
    "type": "object",
    "properties": {"team": {"enum": ["billing", "sales"]}, "hours": {"type": "number"}},
    "required": ["team"],
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "ticket", "schema": SCHEMA}}


def replies(*texts: str) -> tuple[ScriptedEngine, Team]:
    """Return an engine that gives these texts in turn, the last one forever, and its team."""
    left = list(texts)
    engine = ScriptedEngine(lambda m, r: left.pop(0) if len(left) > 1 else left[0])
    return engine, Team(engine, engine, cache=False)


class CuttingEngine(ScriptedEngine):
    """Every reply of it ends at the limit of tokens."""

    async def agenerate(self, request: Any) -> Any:
        return replace(await super().agenerate(request), finish_reason="length")


def content(service: Service, **fields: Any) -> str:
    text: str = ask(service, body(**fields)).json()["choices"][0]["message"]["content"]
    return text


@sweep("preset", ["small", "self-consistency", "cope", "plan-then-solve"], every=3)
@pytest.mark.parametrize("domain", ["short-answer", "open"])
def test_the_engine_gets_the_format_for_answers_and_not_for_plans(preset: str, domain: str) -> None:
    engine, team = replies('{"team": "sales"}')
    assert (
        content(Service(Cascade(preset, team, domain=domain)), response_format=FORMAT)
        == '{"team": "sales"}'
    )
    asked = [request for request in engine.requests if request.config.response_format]
    plans = 0 if preset in ("small", "self-consistency") else len(engine.requests) - len(asked)
    assert len(asked) + plans == len(engine.requests) and asked
    for request in asked:
        assert (request.config.response_format or {})["schema"] == SCHEMA
        assert '"billing"' in str(request.system)


def test_json_that_differs_in_writing_is_one_vote() -> None:
    _, team = replies(
        '{"team": "sales", "hours": 1}',
        '{"team": "billing"}',
        '{ "hours": 1.0,\n "team": "sales" }',
        '```json\n{"hours":1,"team":"sales"}\n```',
        '{"team": "billing"}',
        'It is {"team": "sales", "hours": 1}.',
        '{"team": "marketing"}',
        "no idea",
    )
    cascade = Cascade("self-consistency", team, early_stop="none")
    reply = ask(Service(cascade), body(response_format=FORMAT)).json()
    assert reply["choices"][0]["message"]["content"].count("sales") == 1
    assert sorted(reply["cope"]["votes"].values()) == [2, 4]
    assert reply["cope"]["confidence"] == 0.5


@sweep(
    ("form", "text", "fits"),
    [
        (FORMAT, '{"team": "sales"}', True),
        (FORMAT, '{"team": "legal"}', False),
        (FORMAT, '["sales"]', False),
        (FORMAT, "sales", False),
        (FORMAT, '{"team": "sales", "hours": NaN}', False),
        ({"type": "json_object"}, '{"any": ["thing"]}', True),
        ({"type": "json_object"}, "[1]", False),
        ({"type": "json_object"}, "Answer: 42", False),
        ({"type": "text"}, "Answer: 42", True),
    ],
    every=4,
)
@pytest.mark.parametrize("stream", [False, True])
def test_only_what_fits_is_an_answer(
    form: dict[str, Any], text: str, fits: bool, stream: bool
) -> None:
    _, team = replies(text)
    response = ask(Service(Cascade("small", team)), body(response_format=form, stream=stream))
    if not fits:
        assert '"no_valid_answer"' in response.text and response.status_code == (
            200 if stream else 422
        )
        return
    got = streamed_text(response) if stream else response.json()["choices"][0]["message"]["content"]
    assert got == text.removeprefix("Answer: ")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"type": "yaml"}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.json_schema is missing"),
        (
            {"type": "json_schema", "json_schema": {"name": "x"}},
            "response_format.json_schema.schema",
        ),
        ({"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}, "name"),
        ("json", "response_format"),
        *[
            ({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}, said)
            for schema, said in [
                ({"type": "objekt"}, "objekt"),
                ({"properties": []}, "schema.properties"),
                ({"$ref": "https://example.org/x.json"}, "outside of the schema"),
                ({"$ref": "file:///etc/passwd"}, "outside of the schema"),
                ({"$ref": "#/$defs/none"}, "points to nothing"),
                ({"pattern": "("}, "pattern"),
                ({"properties": {f"a{i}": {} for i in range(2_000)}}, "more than 1,000 objects"),
            ]
        ],
    ],
)
def test_a_wrong_format_is_refused_before_any_call(form: Any, said: str) -> None:
    engine, team = replies("{}")
    response = ask(Service(Cascade("small", team)), body(response_format=form))
    assert response.status_code == 400 and not engine.requests
    error = response.json()["error"]
    assert said in error["message"] and error["param"].startswith("response_format")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"$ref": "#"}, "{}"),
        (
            {
                "$ref": "#/$defs/a0",
                "$defs": {
                    **{f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(30)},
                    "a30": {},
                },
            },
            "{}",
        ),
        ({"properties": {"a": {"pattern": "^(a|a)*$"}}}, '{"a": "' + "a" * 40 + 'b"}'),
    ],
    ids=["itself", "doubling", "pattern"],
)
def test_a_schema_that_takes_forever_fits_nothing(schema: dict[str, Any], value: str) -> None:
    assert JsonForm(schema).answer(value) is None


@pytest.mark.parametrize(
    ("items", "fits"), [("[1, 2]", True), ("[1, 1.0]", False), ("[1, true]", True)]
)
def test_equal_items_are_found_by_value(items: str, fits: bool) -> None:
    form = JsonForm({"properties": {"a": {"uniqueItems": True}}})
    assert (form.answer(f'{{"a": {items}}}') is not None) is fits


def test_many_items_are_compared_fast() -> None:
    items = ", ".join(f'{{"b": {i}}}' for i in range(3_000))  # all pairs would take half a minute
    assert JsonForm({"properties": {"a": {"uniqueItems": True}}}).answer(f'{{"a": [{items}]}}')


def test_an_api_that_refuses_the_format_is_asked_by_the_prompt_alone() -> None:
    refusal = {"error": {"message": "Invalid schema for response_format 'ticket'", "code": "x"}}
    choice = {"index": 0, "finish_reason": "stop"}
    message = {"role": "assistant", "content": '{"team": "sales"}'}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    reply = {"id": "x", "object": "chat.completion", "created": 1, "model": "big", "usage": usage}
    reply["choices"] = [choice | {"message": message}]
    with faulty(Reply(refusal, status=400), Reply(reply)) as far:
        team = Team(*[f"openai/big@{far.address}/v1"] * 2, cache=False)
        assert (
            content(Service(Cascade("small", team)), response_format=FORMAT) == message["content"]
        )
        first, second = far.bodies
    assert first["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "response_format" not in second and '"billing"' in str(second["messages"])


def test_plans_that_begin_an_answer_are_shown_beside_json(scripted: Callable[..., Any]) -> None:
    _, team = replies('{"team": "sales"}')
    service = Service(Cascade("cope-hint", team))
    assert content(service, response_format=FORMAT) == '{"team": "sales"}'


def test_responses_take_the_format_too() -> None:
    _, team = replies('{"team":   "sales"}')
    service = Service(Cascade("small", team))
    text = {"format": {"type": "json_schema", "name": "ticket", "schema": SCHEMA}}
    request = {"model": "cope", "input": "Which team?", "text": text}
    reply = ask(service, request, "/v1/responses").json()
    assert reply["output"][1]["content"][0]["text"] == '{"team":   "sales"}'
    request["text"] = {"format": {"type": "json_schema", "name": "ticket", "schema": {"type": 1}}}
    assert ask(service, request, "/v1/responses").status_code == 400


@pytest.mark.parametrize(
    ("preset", "text", "parts"),
    [
        ("small", '{"team": "sales", "hours": 1}', 4),
        ("small", '  {"team":\n "sales"}  \n', 2),
        ("small", '{"team": "sales"} as you asked', 2),
        ("small", '{"team": "sales"}</s>\n{"team": "billing"}', 2),
        ("small", '{"team": "sales"}\n```json\n{"team": "billing"}\n```', 2),
        ("small", 'It is {"team": "sales"}.', 1),  # what stands before it must be read first
        ("small", '```json\n{"team": "sales"}\n```', 1),
        ("self-consistency", '{"team": "sales"}', 1),  # eight samples vote
    ],
)
@pytest.mark.parametrize("domain", ["short-answer", "open"])
def test_json_of_one_call_is_streamed_and_equals_the_whole_reply(
    preset: str, text: str, parts: int, domain: str
) -> None:
    _, team = replies(text)
    service = Service(Cascade(preset, team, domain=domain))
    whole = content(service, response_format=FORMAT)
    deltas = []
    for chunk in chunks(ask(service, body(response_format=FORMAT, stream=True))):
        deltas.append(chunk["choices"][0]["delta"].get("content"))
    sent = list(filter(None, deltas))
    assert "".join(sent) == whole and len(sent) == parts

    form = {"format": {"type": "json_schema", "name": "ticket", "schema": SCHEMA}}
    request = {"model": "cope", "input": "Which team?", "text": form}
    response = ask(service, request | {"stream": True}, "/v1/responses")
    assert response.text.count("event: response.output_text.delta") == parts
    assert json.dumps(whole) in response.text


def test_the_last_round_of_a_cascade_streams_its_json() -> None:
    numbers = itertools.count()
    small = ScriptedEngine(lambda m, r: f'{{"team": "sales", "hours": {next(numbers)}}}')
    large = ScriptedEngine(lambda m, r: '{"team": "billing", "hours": 1}')
    service = Service(Cascade("answer-cascade", Team(small, large, cache=False)))
    parts = chunks(ask(service, body(response_format=FORMAT, stream=True)))
    deltas = [part["choices"][0]["delta"].get("content") for part in parts]
    assert list(filter(None, deltas)) == ['{"team": ', '"billing", ', '"hours": ', "1}"]


def test_json_that_was_streamed_and_does_not_fit_ends_in_an_error() -> None:
    _, team = replies('{"team": "legal"}')
    response = ask(Service(Cascade("small", team)), body(response_format=FORMAT, stream=True))
    assert '"code": "no_valid_answer"' in response.text


@pytest.mark.parametrize("stream", [False, True])
def test_json_that_was_cut_is_what_was_written(stream: bool) -> None:
    engine = CuttingEngine(lambda messages, request: '{"team": "sal')
    service = Service(Cascade("small", Team(engine, engine, cache=False)))
    response = ask(service, body(response_format=FORMAT, stream=stream))
    if stream:
        assert streamed_text(response) == '{"team": "sal'
        assert '"finish_reason": "length"' in response.text
    else:
        choice = response.json()["choices"][0]
        assert choice["finish_reason"] == "length"
        assert choice["message"]["content"] == '{"team": "sal'


def test_an_engine_that_makes_no_grammar_of_a_schema_is_asked_by_the_prompt_alone() -> None:
    error = _engine_error({"type": "invalid_request_error", "message": "no grammar"}, 512)
    assert isinstance(error, InvalidRequestError)

    def reply(messages: Any, request: Any) -> str:
        if request.config.response_format:
            raise error
        return '{"team": "sales"}'

    engine = ScriptedEngine(reply)
    service = Service(Cascade("small", Team(engine, engine, cache=False)))
    assert content(service, response_format=FORMAT) == '{"team": "sales"}'
    assert [bool(one.config.response_format) for one in engine.requests] == [True, False]

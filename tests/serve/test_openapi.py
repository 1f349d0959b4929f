"""The OpenAPI document of a server, and requests that are drawn from it, right ones and wrong ones."""

from collections import Counter
from typing import Any

import pytest

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service, make_app

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"


def make() -> Any:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42")
    team = Team(engine, engine, cache=False)
    return make_app(Service(Cascade("small", team)), log=lambda line: None)


def resolved(document: Any, schema: Any) -> Any:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (CHAT, {"model", "messages", "stream", "n", "stop", "seed", "temperature", "max_tokens"}),
        (RESPONSES, {"model", "input", "instructions", "stream", "max_output_tokens"}),
    ],
)
def test_the_document_describes_bodies_and_errors(path: str, fields: set[str]) -> None:
    document = make().openapi()
    operation = document["paths"][path]["post"]
    body = resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])
    assert fields <= body["properties"].keys()
    assert {"200", "4XX", "5XX"} <= operation["responses"].keys() and "422" not in operation[
        "responses"
    ]
    assert operation["responses"]["200"]["content"].keys() >= {
        "application/json",
        "text/event-stream",
    }
    error = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
    inner = resolved(document, resolved(document, error)["properties"]["error"])
    assert inner["properties"].keys() == {"message", "type", "param", "code"}


def test_errors_are_json_wherever_answers_are_text() -> None:
    for path, methods in make().openapi()["paths"].items():
        for operation in methods.values():
            for status in ("4XX", "5XX"):
                assert operation["responses"][status]["content"].keys() == {"application/json"}, (
                    path
                )


def operations() -> list[tuple[str, str]]:
    return [(path, method) for path, item in make().openapi()["paths"].items() for method in item]


def complete(body: dict[str, Any]) -> None:
    """Let a drawn body name a served model and end with a request, so that it is answered.

    The document cannot say either, and most drawn bodies would be refused for them.
    """
    body["model"] = "cope"
    if "messages" in body:
        body["messages"].append({"role": "user", "content": "What is 6 times 7?"})


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("path", "method"), operations())
def test_no_drawn_request_makes_the_server_fail(path: str, method: str, mode: str) -> None:
    """Draw requests; `--hypothesis-profile exhaustive` draws 1,000 of each, `-s` prints how many.

    Every reply has a status, a content type and a body that the document describes, and none is of
    the kind 5xx.
    """
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.errors import IncorrectUsage
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    operation = schemathesis.openapi.from_asgi("/openapi.json", make())[path][method]
    strategy = operation.as_strategy(generation_mode=GenerationMode(mode))
    statuses: Counter[int] = Counter()
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]

    @settings(suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=strategy)
    def asked(case: Any) -> None:
        if mode == "positive" and isinstance(case.body, dict):
            complete(case.body)
        response = case.call()
        statuses[response.status_code] += 1
        case.validate_response(response, checks=checks)

    try:
        asked()
    except (Unsatisfiable, IncorrectUsage):
        pytest.skip("nothing wrong can be sent there")
    print(f"\n{method.upper()} {path}, {mode}: {statuses.total()} requests, {dict(statuses)}")
    assert statuses

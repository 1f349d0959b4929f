"""The OpenAPI document of a server, and requests that are drawn from it, right ones and wrong ones."""

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


def operations() -> list[tuple[str, str]]:
    return [(path, method) for path, item in make().openapi()["paths"].items() for method in item]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("path", "method"), operations())
def test_no_drawn_request_makes_the_server_fail(path: str, method: str, mode: str) -> None:
    """Draw requests; `--hypothesis-profile exhaustive` draws 1,000 of each."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis.core.errors import IncorrectUsage
    from schemathesis.generation import GenerationMode

    operation = schemathesis.openapi.from_asgi("/openapi.json", make())[path][method]
    strategy = operation.as_strategy(generation_mode=GenerationMode(mode))
    statuses: set[int] = set()

    @settings(suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=strategy)
    def asked(case: Any) -> None:
        response = case.call()
        statuses.add(response.status_code)
        assert response.status_code < 500, response.text

    try:
        asked()
    except (Unsatisfiable, IncorrectUsage):
        pytest.skip("nothing wrong can be sent there")
    assert statuses

"""Metrics, log lines and readiness, over a scripted team and without a socket."""

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.sweeps import sweep
from support.tracking import TrackerInMemory

from cope import Cascade, Team
from cope.errors import CopeError
from cope.models import Price, ScriptedEngine
from cope.serve import Access, ServeOptions, Service, make_app, traced_service
from cope.serve.accounts import Accounts, Limits
from cope.serve.places import Places
from cope.serve.run import _serve

SECRET_WORDS = "the marked prompt of mary"
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"


class Samples(dict[frozenset[str], float]):
    """The value of each series by its name and the values of its labels, in any order."""

    def __getitem__(self, key: tuple[str, ...]) -> float:
        return self.get(frozenset(key), 0.0)


def chat(model: str = "cope", **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": SECRET_WORDS}], **fields}


class Server:
    """An application with its log, asked without a socket."""

    def __init__(self, service: Service, access: Access | None = None, **options: Any) -> None:
        self.log: list[dict[str, Any]] = []
        self.app = make_app(service, ServeOptions(**options), access, self.log.append)
        self.headers: dict[str, str] = {}

    def send(self, *requests: tuple[str, Any]) -> list[httpx.Response]:
        async def run() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://cope", headers=self.headers
            ) as http:
                replies = []
                for path, body in requests:
                    method = "GET" if body is None else "POST"
                    replies.append(await http.request(method, path, json=body))
                return replies

        return asyncio.run(run())

    def metrics(self) -> Samples:
        [reply] = self.send(("/metrics", None))
        assert reply.status_code == 200 and SECRET_WORDS not in reply.text
        samples = Samples()
        for family in text_string_to_metric_families(reply.text):
            for one in family.samples:
                dict.__setitem__(samples, frozenset([one.name, *one.labels.values()]), one.value)
        return samples


def service() -> Service:
    """Return a cascade whose small samples disagree, so that its third round answers."""
    numbers = iter(range(1000))
    small = ScriptedEngine(lambda messages, request: f"Answer: {next(numbers)}")
    large = ScriptedEngine(lambda messages, request: "Answer: 42")
    prices = {"small": Price(1.0, 1.0), "large": Price(10.0, 10.0)}
    team = Team(small, large, cache=False, prices=prices)
    return Service(Cascade("answer-cascade", team), {"small": Cascade("small", team)})


def test_metrics_count_what_was_done() -> None:
    server = Server(service())
    replies = server.send(
        (CHAT, chat()),
        (CHAT, chat(stream=True)),
        (RESPONSES, {"model": "cope/small", "input": "Hi"}),
        (CHAT, chat("gpt-9")),
        ("/nothing/here", None),
    )
    assert [reply.status_code for reply in replies] == [200, 200, 200, 404, 404]
    found = server.metrics()
    assert found["cope_requests_total", CHAT, "cope", "200"] == 2
    assert found["cope_requests_total", RESPONSES, "cope/small", "200"] == 1
    assert found["cope_requests_total", CHAT, "none", "404"] == 1
    assert found["cope_requests_total", "none", "none", "404"] == 1
    assert found["cope_request_seconds_count", CHAT] == 3
    assert found["cope_rounds_total", "cope", "3"] == 2
    assert found["cope_escalations_total", "cope", "1"] == 2
    assert found["cope_escalations_total", "cope", "3"] == 0
    assert found["cope_calls_total", "large", "reason", "answered"] == 2
    assert found["cope_tokens_total", "large", "reason", "completion"] == 4
    large = sum(found["cope_tokens_total", "large", "reason", kind] for kind in KINDS)
    assert found["cope_usd_total", "large", "reason"] == pytest.approx(large * 10 / 1e6)
    assert found["cope_requests_running",] == 0


KINDS = ("prompt", "completion")


def test_no_label_holds_what_a_client_wrote() -> None:
    server = Server(service())
    odd = [(f"/v1/models/m-{n}", None) for n in range(5)]
    odd += [(CHAT, chat(f"model-{n}")) for n in range(5)] + [(f"/x/{n}", None) for n in range(5)]
    server.send(*odd, (CHAT, {"messages": 3}))
    labels = frozenset().union(*server.metrics())
    written = ("m-", "model-", "/x")
    assert not [label for label in labels if label.startswith(written)]


def test_replies_of_the_cache_are_calls_without_tokens() -> None:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42")
    server = Server(Service(Cascade("small", Team(engine, engine, cache=True))))
    server.send((CHAT, chat()))
    before = server.metrics()
    server.send((CHAT, chat()))
    after = server.metrics()
    assert after["cope_calls_total", "small", "reason", "cached"] == 1
    tokens = "cope_tokens_total", "small", "reason", "completion"
    assert after[tokens] == before[tokens]


def test_metrics_need_the_key_that_requests_need() -> None:
    accounts = Accounts(":memory:")
    secret = accounts.add("mary", Limits())
    server = Server(service(), Access(accounts, needs_key=True))
    assert [reply.status_code for reply in server.send(("/metrics", None), ("/healthz", None))] == [
        401,
        200,
    ]
    server.headers["Authorization"] = f"Bearer {secret}"
    server.send((CHAT, chat()))
    [reply] = server.send(("/metrics", None))
    assert reply.status_code == 200 and secret not in reply.text and "mary" not in reply.text
    assert secret not in str(server.log)


def test_without_the_package_metrics_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.serve.metrics.prometheus", None)
    server = Server(service())
    answered, missing = server.send((CHAT, chat()), ("/metrics", None))
    assert answered.status_code == 200 and missing.status_code == 501
    assert "pip install" in missing.json()["error"]["message"]


@pytest.mark.parametrize("log_prompts", [False, True])
@sweep(
    ("path", "body"),
    [
        (CHAT, chat()),
        (CHAT, chat(stream=True)),
        (RESPONSES, {"model": "cope", "input": SECRET_WORDS}),
    ],
    every=3,
)
def test_the_log_has_a_line_of_each_request(path: str, body: Any, log_prompts: bool) -> None:
    server = Server(service(), log_prompts=log_prompts)
    [reply] = server.send((path, body))
    [line] = server.log
    assert line["id"] == reply.headers["x-request-id"]
    assert (line["path"], line["status"], line["model"], line["rounds"]) == (path, 200, "cope", 3)
    assert line["completion_tokens"] >= 10 and line["usd"] > 0 and line["seconds"] > 0
    assert (line.get("prompt") == SECRET_WORDS) == log_prompts
    assert (SECRET_WORDS in str(line)) == log_prompts


def test_a_request_that_is_refused_has_a_line_without_a_cost() -> None:
    server = Server(service())
    server.send((CHAT, chat("gpt-9")))
    [line] = server.log
    assert (line["status"], line["model"], line["rounds"], line["usd"]) == (404, None, 0, 0.0)


@pytest.mark.parametrize("state", ["loading", "stopping"])
def test_a_server_that_is_not_ready_refuses_requests(state: str) -> None:
    server = Server(service())
    server.app.state.places.state = state
    replies = server.send(("/healthz", None), ("/readyz", None), (CHAT, chat()))
    assert [reply.status_code for reply in replies] == [200, 503, 503]
    assert replies[1].json() == {"status": state}
    assert replies[2].json()["error"]["code"] == state and replies[2].headers["Retry-After"]
    server.app.state.places.state = "ready"
    assert server.send(("/readyz", None))[0].status_code == 200


@pytest.mark.parametrize("error", [None, CopeError("no such weights")])
def test_models_are_loaded_while_the_server_runs(error: CopeError | None) -> None:
    seen: list[str] = []
    places = Places(1, 1)

    class FakeServer:
        should_exit = False

        async def serve(self, sockets: Any) -> None:
            seen.append(places.state)
            may_load.set()
            while places.state == "loading" and not self.should_exit:
                await asyncio.sleep(0.001)

    may_load = threading.Event()

    def load() -> None:
        may_load.wait(60)
        if error:
            raise error

    serving = _serve(FakeServer(), None, places, load)  # type: ignore[arg-type]
    if error is None:
        asyncio.run(serving)
        assert seen == ["loading"] and places.state == "ready"
        return
    with pytest.raises(CopeError, match="no such weights"):
        asyncio.run(serving)


def test_no_prompt_stays_in_memory() -> None:
    served = service()
    Server(served).send((CHAT, chat()), (CHAT, chat(stream=True)))
    for tier in served.program.team.tiers.values():
        assert not tier.lm.history


def test_questions_are_traced_by_the_id_of_their_request() -> None:
    served, tracker = service(), TrackerInMemory()
    server = Server(served)
    with traced_service(served, tracker, "memory://store"):
        server.send((CHAT, chat()), (CHAT, chat("cope/small", stream=True)))
    [run] = tracker.runs.values()
    assert run.questions == [line["id"] for line in server.log] and len(run.questions) == 2
    assert run.params["preset"] == "answer-cascade" and run.status == "FINISHED"


def test_the_page_names_every_metric() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "serve.md").read_text()
    [reply] = Server(service()).send(("/metrics", None))
    names = set()
    for line in reply.text.splitlines():
        if line.startswith("# TYPE "):
            names.add(line.split()[2])
    assert names and names == set(re.findall(r"`(cope_\w+)`", page))

"""A signature of two inputs from end to end: compiled, saved, loaded, run over tables, and served."""

import asyncio
import json
from pathlib import Path
from typing import Any, Literal

import dspy
import fastapi
import httpx
import pandas
import pytest
from support.commands import cope, done, error_line, give_team

import cope as package
from cope import Cascade, CopeError, Team
from cope.models import ScriptedEngine
from cope.optimize import compile


class Route(dspy.Signature):
    """Route the ticket to the team that answers it."""

    ticket: str = dspy.InputField()
    customer: str = dspy.InputField(desc="what the customer buys")
    team: Literal["billing", "technical"] = dspy.OutputField(desc="the team")


def reply(messages: list[dict[str, str]], request: Any) -> str:
    """Bills what shops ask; right about others only with examples."""
    last = messages[-1]["content"]
    assert "Ticket: " in last and "Customer: " in last
    helped = len(messages) > 2
    return f"So.\nTeam: {'billing' if 'a shop' in last or not helped else 'technical'}"


def rows(count: int) -> list[dspy.Example]:
    found = []
    for number in range(count):
        shop = number % 2 == 0
        row = dspy.Example(
            ticket=f"Ticket {number}.",
            customer="a shop" if shop else "an app",
            team="billing" if shop else "technical",
        )
        found.append(row.with_inputs("ticket", "customer"))
    return found


def tiers() -> Team:
    return Team(ScriptedEngine(reply), ScriptedEngine(reply), cache=False)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compiled program in a file of the working directory."""
    monkeypatch.chdir(tmp_path)
    program = Cascade("small", tiers(), signature=Route)
    result = compile(program, rows(12), optimizer="labeled-few-shot", budget=100)
    assert result.before.accuracy < result.after.accuracy == 1.0
    result.program.save("route.json")
    return Path("route.json")


TICKETS = [
    {"ticket": "The invoice.", "customer": "a shop", "id": "1"},
    {"ticket": "It crashes.", "customer": "an app", "id": "2"},
    {"ticket": "Nobody.", "customer": "", "id": "3"},
]


def test_it_runs_over_tables_by_the_names_of_its_columns(
    saved: Path, monkeypatch: pytest.MonkeyPatch
):
    columns = ["answer", "error"]
    made = package.run(TICKETS, program=saved, team=tiers(), columns=columns)
    assert [row["answer"] for row in made] == ["billing", "technical", None]
    assert made[2]["error"] == "the row has no customer"
    loaded = Cascade.from_file(saved, tiers())
    frame = package.run(pandas.DataFrame(TICKETS[:2]), program=loaded, columns=columns)
    assert frame.answer.tolist() == ["billing", "technical"]
    lines = [f"{row['ticket']},{row['customer']}" for row in TICKETS]
    Path("t.csv").write_text("\n".join(["text,customer", *lines]))
    give_team(monkeypatch, lambda options: tiers())
    words = ("run", "t.csv", "--program", "route.json", "-o", "a.jsonl", "--again")
    assert "t.csv has no column 'ticket'" in error_line(cope(*words))
    for question in (("--question", "text"), ("--template", "{text}")):
        done(*words, *question)
        answers = [json.loads(line)["answer"] for line in Path("a.jsonl").read_text().splitlines()]
        assert answers == ["billing", "technical", None]
    Path("no.csv").write_text("ticket\nx\n")
    with pytest.raises(CopeError, match=r"no\.csv has no column 'customer'"):
        package.run("no.csv", program=saved, team=tiers(), output="b.csv")


@pytest.mark.parametrize(
    ("signature", "row", "question"),
    [
        ("ticket -> team", {"ticket": "x"}, None),
        ("ticket -> team", {"question": "x"}, None),
        ("ticket -> team", {"text": "x"}, "text"),
        ("context, question -> team", {"question": "x", "context": "y"}, None),
        ("context, question -> team", {"text": "x", "context": "y"}, "text"),
        ("count: int, tags: list[str] -> team", {"count": 3, "tags": ["a"]}, None),
        ("count: int, tags: list[str] -> n: int", {"count": 3, "tags": ["a"]}, None),
    ],
)
def test_columns_are_the_inputs_of_any_signature(
    signature: str, row: dict[str, Any], question: str | None
):
    engine = ScriptedEngine(lambda *_: "So.\nTeam: 7\nN: 7")
    cascade = Cascade("small", Team(engine, cache=False), signature=signature)
    (made,) = package.run([row], question, program=cascade, columns=["answer"])
    assert made["answer"] == "7"
    request = str(engine.requests[0].messages)
    assert all(str(value) in request for value in row.values() if not isinstance(value, list))


def test_it_is_served_from_python(saved: Path):
    app, cascade = fastapi.FastAPI(), Cascade.from_file(saved, tiers())

    @app.post("/route")
    async def route(ticket: dict[str, str]) -> dict[str, Any]:
        answered = await cascade.acall(**ticket)
        return {"team": answered.team, "confidence": answered.confidence}

    async def ask() -> list[Any]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            calls = [
                client.post("/route", json={"ticket": "x", "customer": customer})
                for customer in ["a shop", "an app"] * 4
            ]
            return [response.json() for response in await asyncio.gather(*calls)]

    answers = asyncio.run(ask())
    assert [answer["team"] for answer in answers] == ["billing", "technical"] * 4
    assert {answer["confidence"] for answer in answers} == {1.0}

"""Budgets with a thousand requests at once, and when the server is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cope import Cascade, Team
from cope.models import Price, ScriptedEngine
from cope.serve import Access, ServeOptions, Service, make_app
from cope.serve.accounts import EVERYBODY, Accounts

pytestmark = pytest.mark.slow

BODY = {"model": "cope", "messages": [{"role": "user", "content": "What is 6 times 7?"}]}
IN_FLIGHT = 16


def test_a_thousand_requests_at_once_spend_no_more_than_the_budget(tmp_path: Path) -> None:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42", delay=0.001)
    prices = {"small": Price(1e5, 1e5), "large": Price(1e5, 1e5)}
    service = Service(Cascade("small", Team(engine, engine, cache=False, prices=prices)))
    probe = Accounts(":memory:")

    async def ask(access: Access, count: int) -> list[int]:
        options = ServeOptions(queue=10_000, at_once=IN_FLIGHT)
        app = make_app(service, options, access, lambda line: None)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://cope") as http:
            sent = [http.post("/v1/chat/completions", json=BODY) for _ in range(count)]
            return [reply.status_code for reply in await asyncio.gather(*sent)]

    assert asyncio.run(ask(Access(probe, budget=1e9), 1)) == [200]
    one = probe.spent(EVERYBODY)
    path = tmp_path / "keys.sqlite"
    statuses = asyncio.run(ask(Access(Accounts(path), budget=100 * one), 1000))
    spent = Accounts(path).spent(EVERYBODY)
    assert 100 * one - 1e-6 <= spent <= (100 + IN_FLIGHT) * one + 1e-6
    assert statuses.count(200) == round(spent / one) and set(statuses) == {200, 429}
    after_restart = asyncio.run(ask(Access(Accounts(path), budget=100 * one), 50))
    assert set(after_restart) == {429} and Accounts(path).spent(EVERYBODY) == spent


def test_what_was_booked_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    code = (
        "import sys\nfrom cope.serve.accounts import Accounts\n"
        f"accounts = Accounts({str(path)!r})\n"
        "while True:\n    accounts.book('mary', 1.0)\n    print('booked', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        booked = sum("booked" in process.stdout.readline() for _ in range(50))
        os.kill(process.pid, signal.SIGKILL)
        booked += process.stdout.read().count("booked\n")
    spent = Accounts(path).spent("mary")
    assert booked >= 50 and spent in (booked, booked + 1)

"""Keys, limits and budgets: exact when many ask at once, and after a restart."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.api import client
from support.sweeps import sweep

from cope import Cascade, Team
from cope.errors import CopeError
from cope.models import Price, ScriptedEngine
from cope.serve import Access, ServeOptions, Service, make_app, open_access, run_server
from cope.serve.access import check_prices
from cope.serve.accounts import EVERYBODY, Accounts, Limits

BODY = {"model": "cope", "messages": [{"role": "user", "content": "What is 6 times 7?"}]}


def paid_service(usd_per_million: float = 100_000.0) -> Service:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42", delay=0.001)
    price = Price(usd_per_million, usd_per_million)
    team = Team(engine, engine, cache=False, prices={"small": price, "large": price})
    return Service(Cascade("small", team))


def ask_all(access: Access, secrets: list[str], **options: Any) -> list[int]:
    """Send a request with each secret, all at once, and return the statuses."""
    app = make_app(paid_service(), ServeOptions(queue=10_000, **options), access, lambda line: None)

    async def run() -> list[int]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://cope") as http:
            sent = []
            for secret in secrets:
                headers = {"Authorization": f"Bearer {secret}"} if secret else {}
                sent.append(http.post("/v1/chat/completions", json=BODY, headers=headers))
            return [reply.status_code for reply in await asyncio.gather(*sent)]

    return asyncio.run(run())


def test_only_a_known_key_gets_an_answer() -> None:
    accounts = Accounts(":memory:")
    secret = accounts.add("mary", Limits())
    access = Access(accounts, needs_key=True)
    assert ask_all(access, [secret, "", "cope-wrong", secret + "x"]) == [200, 401, 401, 401]
    accounts.remove("mary")
    assert ask_all(access, [secret]) == [401]


def test_the_file_holds_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    secret = Accounts(path).add("mary", Limits())
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


@sweep(
    ("limits", "budget"),
    [(Limits(day_usd=20.0), None), (Limits(total_usd=20.0), None), (Limits(), 20.0)],
    every=3,
)
def test_a_budget_is_exceeded_by_the_calls_in_flight_at_most(
    tmp_path: Path, limits: Limits, budget: float | None
) -> None:
    path = tmp_path / "keys.sqlite"
    accounts = Accounts(path)
    secret = accounts.add("mary", limits)
    statuses = ask_all(Access(accounts, True, budget), [secret] * 60, at_once=4)
    a_call = accounts.spent("mary") / statuses.count(200)
    assert set(statuses) == {200, 429}
    assert 20.0 <= accounts.spent("mary") < 20.0 + 4 * a_call
    after_restart = Accounts(path)
    assert ask_all(Access(after_restart, True, budget), [secret]) == [429]
    assert after_restart.spent(EVERYBODY) == pytest.approx(accounts.spent("mary"))


def test_requests_a_minute_count_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    secret = Accounts(path).add("mary", Limits(per_minute=3))
    first = ask_all(Access(Accounts(path), True), [secret] * 2)
    second = ask_all(Access(Accounts(path), True), [secret] * 3)
    assert sorted(first + second) == [200, 200, 200, 429, 429]


def test_requests_in_flight_are_limited_by_key() -> None:
    accounts = Accounts(":memory:")
    secrets = [accounts.add(name, Limits(in_flight=2)) for name in ("mary", "john")]
    statuses = ask_all(Access(accounts, True), [secrets[0]] * 4 + [secrets[1]], at_once=9)
    assert sorted(statuses[:4]) == [200, 200, 429, 429] and statuses[4] == 200


def test_a_name_is_taken_once() -> None:
    accounts = Accounts(":memory:")
    accounts.add("mary", Limits())
    with pytest.raises(CopeError, match="there is a key 'mary' already"):
        accounts.add("mary", Limits())
    with pytest.raises(CopeError, match="no key 'john'"):
        accounts.remove("john")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.org"])
def test_other_machines_need_a_key(tmp_path: Path, host: str) -> None:
    path = tmp_path / "keys.sqlite"
    with pytest.raises(CopeError, match="cope keys add"):
        open_access(path, host, None)
    Accounts(path).add("mary", Limits())
    assert open_access(path, host, None).needs_key


@sweep("limits", [Limits(day_usd=1.0), Limits(total_usd=1.0)], every=2)
def test_a_budget_needs_prices(limits: Limits) -> None:
    engine = ScriptedEngine(lambda messages, request: "Answer: 42")
    service = Service(Cascade("small", Team(engine, engine, cache=False)))
    accounts = Accounts(":memory:")
    free = Access(accounts)
    with pytest.raises(CopeError, match="--price small=IN/OUT"):
        run_server(service, ServeOptions(port=0), Access(accounts, budget=1.0), lambda line: None)
    assert statuses(service, Access(accounts, budget=1.0)) == [500]
    assert statuses(service, free) == [200]
    secret = accounts.add("mary", limits)
    with pytest.raises(CopeError, match="--price small=IN/OUT"):
        check_prices(Access(accounts, needs_key=True), service.program)
    assert statuses(service, Access(accounts, needs_key=True), secret) == [500]
    priced = paid_service()
    check_prices(Access(accounts, needs_key=True), priced.program)


def statuses(service: Service, access: Access, secret: str = "") -> list[int]:
    async def run() -> list[int]:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        async with client(service, access) as http:
            reply = await http.post("/v1/chat/completions", json=BODY, headers=headers)
            assert reply.status_code == 200 or "a budget needs prices" in reply.text
            return [reply.status_code]

    return asyncio.run(run())


def test_a_used_up_budget_says_when_to_come_back() -> None:
    accounts = Accounts(":memory:")
    accounts.book("mary", 5.0)

    async def run() -> httpx.Response:
        async with client(paid_service(), Access(accounts, budget=5.0)) as http:
            return await http.post("/v1/chat/completions", json=BODY)

    reply = asyncio.run(run())
    assert reply.status_code == 429 and 1 <= int(reply.headers["retry-after"]) <= 86_400


def test_keys_that_another_process_makes_or_removes_count_at_once(tmp_path: Path) -> None:
    served, other = (Accounts(tmp_path / "keys.sqlite") for _ in range(2))
    first = served.add("mary", Limits())
    assert served.find(first) and other.find(first)
    second = other.add("john", Limits(day_usd=1.0))
    found = served.find(second)
    assert found is not None and (found.name, found.limits.day_usd) == ("john", 1.0)
    other.remove("mary")
    assert served.find(first) is None and served.find(second)
    served.remove("john")
    assert served.find(second) is None and not other.all()


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("*", Limits()),  # the account of everybody
        ("*audits", Limits()),
        ("", Limits()),
        ("a\nb", Limits()),
        ("a b", Limits()),
        ("-x", Limits()),
        ("n" * 65, Limits()),
        ("mary", Limits(day_usd=float("nan"))),  # SQLite would keep it as no limit
        ("mary", Limits(total_usd=float("inf"))),
    ],
)
def test_a_key_needs_a_plain_name_and_limits_that_are_numbers(name: str, limits: Limits) -> None:
    accounts = Accounts(":memory:")
    with pytest.raises(CopeError):
        accounts.add(name, limits)
    assert accounts.all() == []
    assert accounts.add("mary.o-neil@example.org", Limits(day_usd=1.0))

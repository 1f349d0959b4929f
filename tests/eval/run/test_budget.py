"""A budget over eval, record and compare: a question stops before its next round, and nothing is paid twice."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from support import commands
from support.commands import give_team

from cope import Cascade
from cope.eval import Recorder, RunStore, evaluate, task_by_name
from cope.models import Call, Price
from cope.models.budget import cost_for_budget
from cope.models.usage import Usage

PRICES = {"small": Price(output_per_million=1e6), "large": Price(output_per_million=5e6)}
EXAMPLES = [
    dspy.Example(id=f"q{n}", question=f"What is {n} + 1?", answer=str(n + 1)).with_inputs(
        "question"
    )
    for n in range(3)
]


@pytest.fixture
def models(scripted: Callable[..., Any]) -> Any:
    """Models that never give an answer twice, so that every question takes all rounds."""
    turn = iter(range(10_000))
    return scripted(lambda ask: f"well it is\nAnswer: {next(turn)}", prices=PRICES)


def run(
    models: Any, folder: Path, budget: float, recorded: bool
) -> tuple[Any, list[dict[str, Any]]]:
    """Evaluate or record within a budget; return the outcome and the ledger's entries."""
    cascade = Cascade("cope", models.team, early_stop="none")
    runner: dict[str, Any] = {}
    if recorded:
        runner["runner"] = Recorder({"cope": cascade}).runner
    store = RunStore({"task": "jsonl", "preset": "cope", "models": {}}, folder)
    with store.open():
        outcome = asyncio.run(
            evaluate(task_by_name("jsonl"), EXAMPLES, cascade, store, budget=budget, **runner)
        )
    return outcome, list(RunStore.read(store.path).calls())


@pytest.mark.parametrize("recorded", [False, True], ids=["eval", "record"])
def test_a_question_stops_before_its_next_round_and_a_larger_budget_resumes_it(
    models: Any, tmp_path: Path, recorded: bool
):
    outcome, calls = run(models, tmp_path, 10.0, recorded)
    costs: dict[int, float] = {}
    for entry in calls:
        call = Call.from_dict(entry["call"])
        costs[call.round] = costs.get(call.round, 0.0) + (call.usd or 0.0)
    assert list(costs) == [1] and costs[1] > 10, "the first round passed the budget"
    assert outcome.results == [] and "allows no further round" in outcome.stop_reason
    assert f"spent ${costs[1]:.4f}" in outcome.stop_reason
    outcome, again = run(models, tmp_path, 100_000.0, recorded)
    assert outcome.stop_reason is None and len(outcome.results) == 3
    assert again[: len(calls)] == calls
    made = len(models.small.requests) + len(models.large.requests)
    assert len(again) == made, "no call was made twice"
    total = Usage.from_calls(Call.from_dict(entry["call"]) for entry in again)
    assert sum(cost_for_budget(result.usage) for result in outcome.results) == total.usd
    assert "further question (spent" in run(models, tmp_path / "b", 300.0, recorded)[0].stop_reason


def test_a_comparison_pays_for_a_shared_call_once(
    models: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    give_team(monkeypatch, lambda options: models.team)
    rows = [{"question": e.question, "answer": e.answer} for e in EXAMPLES]
    Path("q.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for name, threshold in (("strict", 0.9), ("loose", 0.6)):
        first = f'reasoner = "small"\nsamples = 2\ntemperature = 0.5\nthreshold = {threshold}'
        rounds = f'[[rounds]]\n{first}\n[[rounds]]\nreasoner = "large"\n'
        Path(f"{name}.toml").write_text(f'name = "{name}"\n{rounds}')
    words = ["jsonl", "--data", "q.jsonl", "--presets", "strict.toml,loose.toml"]
    words += ["--early-stop", "none", "--no-track", "--json"]
    stopped = commands.cope("compare", *words, "--budget", "60")
    assert stopped.exit_code == 1 and "the budget of $60 allows no further" in stopped.stderr
    done = commands.cope("compare", *words, "--budget", "1000")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    sharing, systems = document["calls"], document["systems"].values()
    assert sharing["shared"] > 0
    alone = sum(one["costs"]["cost"] * one["n"] for one in systems)
    assert 60 < sharing["usd_low"] == sharing["usd_high"] < alone
    assert sharing["made"] == len(models.small.requests) + len(models.large.requests)

"""`cope eval` as a user types it: the table, one JSON document, resuming, and one clear line for whatever is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import ContextLengthError
from support import commands
from support.commands import give_team, give_tracker
from support.tracking import STORE

from cope.models import Price


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1} for n in range(4)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.fixture
def team(monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Callable[..., Any]:
    """Puts scripted models in the place of real ones: right on three of the four questions."""

    def put(reply: Callable[[Any], str] | None = None, **settings: Any) -> Any:
        def answer(ask: Any) -> str:
            number = int(ask.user.split("What is ")[1].split(" ")[0])
            return "add one" if ask.role == "plan" else f"so\nAnswer: {number + 1 if number else 9}"

        made = scripted(reply or answer, **settings)
        give_team(monkeypatch, lambda options: made.team)
        return made

    return put


def cope(*words: str, track: bool = False) -> Any:
    return commands.cope("eval", *words, *([] if track else ["--no-track"]))


def failed(result: Any) -> str:
    """The error's line; it is one, and nothing on stdout is mistaken for a result."""
    assert result.exit_code == 1, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.output
    return lines[0]


def test_the_table_shows_rounds_tiers_and_the_interval(here: Path, team: Callable[..., Any]):
    team(prices={"large": Price(1, 2)})
    result = cope("jsonl", "--data", "q.jsonl", "--preset", "cope")
    assert result.exit_code == 0, result.output
    for text in (
        "1 small plans, small solves",
        "2 large plans, small solves",
        "3 large solves",
        "small tier",
        "accuracy 75.0% (95% interval 30.1% to 95.4%, n = 4)",
    ):
        assert text in result.stdout, result.stdout
    assert "unknown" in result.stdout, "the small tier has no price"
    assert "records in .cope/eval/jsonl-cope-" in result.stderr


def test_json_is_one_document_and_the_same_command_resumes(here: Path, team: Callable[..., Any]):
    made = team()
    first = json.loads(cope("jsonl", "--data", "q.jsonl", "--json").stdout)
    asked = len(made.asks)
    result = cope("jsonl", "--data", "q.jsonl", "--json")
    again = json.loads(result.stdout)
    assert len(made.asks) == asked
    assert again == first
    assert (first["n"], first["accuracy"], first["errors"], first["mlflow"]) == (4, 0.75, 0, None)
    assert [r["answered"] for r in first["rounds"]] == [4, 0, 0]
    assert "4 of 4 questions are done already" in result.stderr


def test_the_mlflow_run_is_one_over_resumes_and_holds_the_figures(
    here: Path, team: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    team()
    tracker = give_tracker(monkeypatch)
    words = ("jsonl", "--data", "q.jsonl", "--json", "--store", STORE)
    first = json.loads(cope(*words, "--limit", "2", track=True).stdout)
    second = json.loads(cope(*words, track=True).stdout)
    assert first["mlflow"]["run"] == second["mlflow"]["run"]
    (run,) = tracker.runs.values()
    assert (run.id, run.status) == (second["mlflow"]["run"], "FINISHED")
    assert run.metric_values["accuracy"] == 0.75
    assert run.metric_values["round_1.share"] == 1.0
    assert run.metric_values["questions"] == 4
    assert "usd" not in run.metric_values
    assert run.params["preset"] == "cope"
    assert run.files.keys() == {"records.jsonl", "table.txt", "summary.json", "program.json"}
    assert len(run.questions) == 4
    notes = json.loads((Path(second["folder"]) / "run.json").read_text())
    assert (notes["mlflow_run"], notes["mlflow_store"]) == (run.id, second["mlflow"]["store"])


def test_large_alone_is_shown_when_it_was_measured(here: Path, team: Callable[..., Any]):
    team()
    cope("jsonl", "--data", "q.jsonl", "--preset", "large")
    assert "large alone" in cope("jsonl", "--data", "q.jsonl", "--preset", "small").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("jsonl",), "give --data FILE"),
        (("gsm8",), "did you mean gsm8k"),
        (("jsonl", "--data", "none.jsonl"), "there is no file none.jsonl"),
        (("jsonl", "--data", "q.jsonl", "--preset", "cop"), "did you mean cope"),
        (("jsonl", "--data", "q.jsonl", "--preset", "bad.toml"), "rounds.1.samples"),
        (("jsonl", "--data", "q.jsonl", "--small", "qwen"), "needs a provider in front"),
        (("jsonl", "--data", "q.jsonl", "--program", "q.jsonl"), "q.jsonl"),
        (("jsonl", "--data", "q.jsonl", "--thresholds", "0.5,0.5,0.5,0.5"), "thresholds"),
        (("jsonl", "--data", "q.jsonl", "--runs", "q.jsonl"), "choose another folder with --runs"),
        (("jsonl", "--data", "half.jsonl"), "half.jsonl line 2: the row has no answer"),
    ],
)
def test_what_a_user_gets_wrong_is_one_line(
    here: Path, team: Callable[..., Any], words: tuple[str, ...], message: str
):
    made = team()
    (here / "bad.toml").write_text('[[rounds]]\nreasoner = "small"\nsamples = 0\n')
    (here / "half.jsonl").write_text('{"question": "q", "answer": "1"}\n{"question": "p"}\n')
    assert message in failed(cope(*words))
    assert made.asks == [], "no model is asked before all is in order"


def test_a_store_that_cannot_be_written_is_one_line(here: Path, team: Callable[..., Any]):
    team()
    line = failed(
        cope("jsonl", "--data", "q.jsonl", "--store", "sqlite:////proc/none/mlflow.db", track=True)
    )
    assert "cannot write the tracking store" in line


def test_a_prompt_longer_than_the_context_is_an_error_of_its_question(
    here: Path, team: Callable[..., Any]
):
    def reply(ask: Any) -> str:
        if "3 +" in ask.user:
            raise ContextLengthError(
                "the prompt has 9000 tokens and the model's context 2048: shorten it or set a larger context"
            )
        return "Answer: 1"

    team(reply)
    result = cope("jsonl", "--data", "q.jsonl", "--preset", "small")
    assert "a model failed on 1 of 4 questions" in failed(result)
    assert "1 errors" in result.stdout
    assert "n = 3" in result.stdout


def test_a_budget_ends_the_run_cleanly(here: Path, team: Callable[..., Any]):
    team(prices={"small": Price(output_per_million=1e6)})
    result = cope("jsonl", "--data", "q.jsonl", "--preset", "small", "--budget", "6")
    assert "a larger --budget resumes the run" in failed(result)
    assert "n = 2" in result.stdout


def ran(*words: str) -> dict[str, Any]:
    result = cope("jsonl", "--data", "q.jsonl", "--preset", "plan-then-solve", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_warm_cache_makes_the_run_free_now_and_no_cheaper_without_it(
    here: Path, team: Callable[..., Any]
):
    prices = {"small": Price(10, 20), "large": Price(100, 200)}
    models = team(cache=True, prices=prices)
    cold = ran("--early-stop", "none")
    asked = len(models.small.requests) + len(models.large.requests)
    warm = ran("--early-stop", "none", "--fresh")
    assert len(models.small.requests) + len(models.large.requests) == asked
    assert warm["tiers"]["large"]["calls"] == cold["tiers"]["large"]["calls"] > 0
    for name, value in cold["total"].items():
        expected = asked if name == "hits" else value
        assert warm["total"][name] == (expected and pytest.approx(expected))
    assert cold["spent_now"] == cold["total"] and cold["total"]["usd"] > 0
    assert (warm["spent_now"]["calls"], warm["spent_now"]["usd_high"]) == (0, 0)
    table = cope(
        "jsonl", "--data", "q.jsonl", "--preset", "plan-then-solve", "--early-stop", "none"
    )
    assert f"{asked} of {asked} calls came from the cache: the run cost $0, and" in table.stdout
    assert "all, without the cached" in table.stdout


def test_other_prices_reprice_finished_work_and_ask_nothing(here: Path, team: Callable[..., Any]):
    models = team(prices={"small": Price(1, 2), "large": Price(10, 20)})
    first = ran()
    asked = len(models.small.requests) + len(models.large.requests)
    team(lambda ask: 1 / 0, prices={"small": Price(2, 4), "large": Price(20, 40)})
    again = ran()
    assert again["folder"] == first["folder"]
    assert again["total"]["usd"] == pytest.approx(2 * first["total"]["usd"])
    assert again["total"]["calls"] == first["total"]["calls"] == asked
    text = cope("jsonl", "--data", "q.jsonl", "--preset", "plan-then-solve").stdout
    assert "prices: small $2 / $4 per million tokens; large $20 / $40" in text
    team(lambda ask: 1 / 0)
    assert ran()["total"] == first["total"], "without a price, the run's own"

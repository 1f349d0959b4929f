"""`cope judge`, `cope judge-check` and `--judge` as a user types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done, give_team
from support.pictures import write_empty_pictures

from cope import Team
from cope.models import ScriptedEngine
from cope.programs.sampling import derive_seed


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"id": str(n), "turns": [f"Write line {n}.", "Again."]} for n in range(3)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Scripted tiers and a judge that says yes, and prefers the reply of the large tier."""
    given: list[Any] = []

    def verdict(messages: Any, request: Any) -> str:
        shown = messages[-1]["content"]
        if "First: " not in shown:
            return "yes"
        first, second = shown.partition("First: ")[2].split("\n\nSecond: ")
        return "tie" if first == second else "first" if "large" in first else "second"

    def make(options: Any) -> Team:
        given.append(options)
        replies = {name: f"the reply of {name}" for name in ("small", "large")}
        small, large = (
            ScriptedEngine(lambda messages, request, text=text: text, logprobs=lambda _: [-0.5] * 3)
            for text in replies.values()
        )
        return Team(small, large, judge=ScriptedEngine(verdict), cache=False)

    give_team(monkeypatch, make)
    return given


def folder(name: str) -> str:
    (found,) = Path(".cope/eval").glob(f"open-{name}-*")
    return str(found)


def test_two_runs_are_judged_in_pairs_and_the_family_is_advised_on(
    here: Path, judged: list[Any]
) -> None:
    for preset in ("small", "large"):
        done("eval", "open", "--data", "q.jsonl", "--preset", preset, "--no-track")
    words = ("judge", folder("small"), "--against", folder("large"), "--judge", "local/qwen2.5-x")
    result = done(*words)
    assert "wins 0% (" in result.stdout and "losses 100% (" in result.stdout
    assert "of 6 verdicts that survived the swap" in result.stdout
    assert "prefer their own kind" not in result.stderr
    assert judged[-1].tiers == {"judge": "local/qwen2.5-x"}
    document = json.loads(done(*words, "--json").stdout)
    assert document["losses"]["count"] == 6 and len(document["verdicts"]) == 6
    assert document["judge"] == "local/qwen2.5-x"


def test_a_judge_scores_an_evaluation_and_stays_out_of_its_cost(
    here: Path, judged: list[Any]
) -> None:
    words = ("eval", "open", "--data", "q.jsonl", "--preset", "small", "--no-track")
    result = done(*words, "--judge", "openai/x")
    assert "accuracy 100.0%" in result.stdout and "the judge answered 6 calls" in result.stdout
    assert "scored by the judge" in result.stdout
    unknown = done(*words)
    assert "accuracy unknown" in unknown.stdout
    (here / "rubric.txt").write_text("Be brief.")
    done(*words, "--judge", "openai/x", "--rubric", "rubric.txt")
    assert len(list(Path(".cope/eval").iterdir())) == 3, "judge and criteria are part of a run"


def test_a_judge_is_measured_against_labels(here: Path, judged: list[Any]) -> None:
    rows = [{"question": "q", "answer": "a", "label": (n % 4 and "yes") or "no"} for n in range(20)]
    (here / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = done("judge-check", "labels.jsonl", "--judge", "openai/x")
    assert "agreement 75%" in result.stdout and "kappa 0.00" in result.stdout
    document = json.loads(
        done("judge-check", "labels.jsonl", "--judge", "openai/x", "--json").stdout
    )
    assert document["agreement"]["share"]["value"] == 0.75


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("judge-check", "q.jsonl"), 2, "Missing option '--judge'"),
        (("judge-check", "q.jsonl", "--judge", "openai/x"), 1, "no question"),
        (("judge", ".", "--against", ".", "--judge", "openai/x"), 1, "not a folder of `cope eval`"),
        (
            ("eval", "jsonl", "--data", "a.jsonl", "--match", "judge", "--no-track"),
            1,
            "--match judge needs a judge",
        ),
        (("eval", "open", "--data", "q.jsonl", "--rubric", "r.txt", "--no-track"), 2, "--rubric"),
        (("eval", "--replay", "r.parquet", "--judge", "openai/x"), 2, "leave out --judge"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    here: Path, judged: list[Any], words: tuple[str, ...], code: int, said: str
) -> None:
    (here / "a.jsonl").write_text('{"question": "q", "answer": "a"}\n')
    result = cope(*words)
    assert result.exit_code == code and said in result.output, result.output


@pytest.mark.slow
def test_a_record_is_judged_fitted_and_ranks_are_read_off_it(
    here: Path, judged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def verdict(messages: Any, request: Any) -> str:
        first, second = messages[-1]["content"].partition("First: ")[2].split("\n\nSecond: ")
        return "first" if len(first) < len(second) else "second"

    def reply(messages: Any, request: Any) -> str:
        return "x" * (1 + derive_seed(messages[-1]["content"], request.config.seed) % 40)

    def sure(text: str) -> list[float]:
        return [-0.02 * len(text)] * 20

    def make(options: Any) -> Team:
        large = ScriptedEngine(lambda messages, request: "y" * 12, logprobs=sure)
        small = ScriptedEngine(reply, logprobs=sure)
        return Team(small, large, judge=ScriptedEngine(verdict), cache=False)

    give_team(monkeypatch, make)
    rows = [{"id": str(n), "question": f"Write line {n}."} for n in range(24)]
    (here / "many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("--data", "many.jsonl", "--samples", "2", "--preset", "answer-cascade")
    done("record", "open", *words, "-o", "r.parquet")
    result = done("judge", "r.parquet", "--judge", "openai/x", "-o", "j.parquet")
    assert "confidence against the judge, AUC: perplexity 1.00" in result.stdout
    assert "--loss judged-worse" in result.stderr
    calibrated = done("calibrate", "j.parquet", "--loss", "judged-worse", "--harm", "0.6")
    assert "is judged worse than the large model alone" in " ".join(calibrated.stdout.split())
    refused = cope("calibrate", "r.parquet", "--loss", "judged-worse", "--harm", "0.6")
    assert refused.exit_code == 1 and "no judge has scored r.parquet" in refused.output
    fitted = done("fit-confidence", "j.parquet", "-o", "f.json")
    assert "mean_logprob 1.00" in fitted.stdout and "logistic" in fitted.stdout
    evaluated = done("eval", "open", *words, "--ranks-from", "r.parquet", "--no-track")
    assert "ranked among the questions of r.parquet" in evaluated.stdout
    assert "seen so far" in done("eval", "open", *words, "--no-track").stdout
    for wrong, said in (
        (("judge", "r.parquet", "--judge", "openai/x"), "Missing option '-o'"),
        (("fit-confidence", "j.parquet"), "Missing option '-o'"),
        (("fit-confidence", "r.parquet", "-o", "g.json"), "0 scored answers"),
    ):
        assert said in cope(*wrong).output


def test_a_comparison_shows_the_auc_of_confidences_against_the_judge(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verdict(messages: Any, request: Any) -> str:
        answer = messages[-1]["content"].rpartition("Answer: ")[2]
        return "?" if len(answer) == 1 else "yes" if len(answer) < 20 else "no"

    def reply(messages: Any, request: Any) -> str:
        return "x" * (1 + derive_seed(messages[-1]["content"]) % 40)

    def sure(text: str) -> list[float]:
        return [-0.02 * len(text)] * 20

    def make(options: Any) -> Team:
        small, large = (ScriptedEngine(reply, logprobs=sure) for _ in range(2))
        return Team(small, large, judge=ScriptedEngine(verdict), cache=False)

    give_team(monkeypatch, make)
    write_empty_pictures(monkeypatch)
    words = ("compare", "open", "--data", "q.jsonl", "--presets", "small,large", "--no-track")
    result = done(*words, "--judge", "openai/x")
    assert "small: the judge answered 6 calls" in result.stdout
    assert "AUC against the judge: perplexity 0.75" in " ".join(result.stdout.split())
    document = json.loads(done(*words, "--judge", "openai/x", "--json").stdout)
    assert document["judged"]["large"]["auc"]["perplexity"] == 0.75
    assert document["judged"]["large"]["unread"] == 1, "of the surest answer, which counts as wrong"

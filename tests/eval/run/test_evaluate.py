"""The evaluation run: resume without asking twice, errors that are no wrong answers, a budget that holds."""

import asyncio
import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.lm15 import AuthError, InvalidRequestError, TransportError

from cope import Cascade, Team
from cope.errors import CopeError, Unavailable
from cope.eval import (
    EvaluationOutcome,
    QuestionResult,
    RunStore,
    evaluate,
    find_baseline_run,
    summarize,
    task_by_name,
)
from cope.models import Price, ScriptedEngine
from cope.util.files import JsonlWriter

EXAMPLES = [
    dspy.Example(id=f"q{n}", question=f"What is {n} + 1?", answer=str(n + 1)).with_inputs(
        "question"
    )
    for n in range(6)
]
SETTINGS: dict[str, Any] = {
    "task": "gsm8k",
    "preset": "self-consistency",
    "models": {"small": "a", "large": "b"},
}


def right(messages: list[dict[str, str]], request: Any) -> str:
    number = int(messages[-1]["content"].split("What is ")[1].split(" +")[0])
    return f"so\nAnswer: {number + 1}"


def cascade(
    script: Any = right, preset: str = "self-consistency", **team: Any
) -> tuple[Cascade, ScriptedEngine]:
    engine = ScriptedEngine(script)
    return Cascade(preset, Team(small=engine, large=engine, cache=False, **team)), engine


def run(
    program: Cascade,
    root: Path,
    examples: list[dspy.Example] = EXAMPLES,
    settings: dict[str, Any] = SETTINGS,
    **options: Any,
) -> EvaluationOutcome:
    folder = RunStore(settings, root)
    with folder.open(options.pop("fresh", False)):
        return asyncio.run(evaluate(task_by_name("gsm8k"), examples, program, folder, **options))


def test_every_question_gets_a_record_in_order(tmp_path: Path):
    program, _ = cascade()
    outcome = run(program, tmp_path)
    assert [r.id for r in outcome.results] == [e.id for e in EXAMPLES]
    assert all(r.score == 1 and r.round == 1 and r.error is None for r in outcome.results)
    assert outcome.stop_reason is None
    usage = outcome.results[0].usage
    assert {row["tier"] for row in usage} == {"small"}
    assert sum(row["calls"] for row in usage) <= 8


def test_the_same_run_again_asks_nothing(tmp_path: Path):
    program, engine = cascade()
    first = run(program, tmp_path)
    asked = len(engine.requests)
    again = run(program, tmp_path)
    assert len(engine.requests) == asked
    assert again == first


def test_more_questions_go_on_where_fewer_ended_and_fresh_starts_over(tmp_path: Path):
    program, engine = cascade(preset="small")
    run(program, tmp_path, EXAMPLES[:2])
    run(program, tmp_path)
    assert len(engine.requests) == 6
    run(program, tmp_path, fresh=True)
    assert len(engine.requests) == 12


def test_a_wrong_answer_is_wrong_and_an_unreadable_one_too(tmp_path: Path):
    program, _ = cascade(lambda m, r: "Answer: 1" if "0 +" in m[-1]["content"] else " ", "small")
    outcome = run(program, tmp_path, EXAMPLES[:2])
    summary = summarize(outcome.results, 1)
    assert [r.score for r in outcome.results] == [1, 0]
    assert (summary.n, summary.errors, summary.unreadable, summary.accuracy) == (2, 0, 1, 0.5)


def test_a_model_that_fails_is_an_error_and_never_a_wrong_answer(tmp_path: Path):
    failing = True

    def script(messages: list[dict[str, str]], request: Any) -> str:
        if failing and "3 +" in messages[-1]["content"]:
            raise InvalidRequestError("no such thing")
        return right(messages, request)

    program, engine = cascade(script, "small")
    outcome = run(program, tmp_path)
    summary = summarize(outcome.results, 1)
    assert [r.id for r in outcome.results if r.error] == ["q3"]
    assert (summary.n, summary.errors, summary.accuracy) == (5, 1, 1.0)
    failing = False
    assert all(r.error is None for r in run(program, tmp_path).results)
    assert len(engine.requests) == 7, "only the question that failed is asked again"


def test_a_server_that_is_gone_ends_the_run_in_one_line_and_the_run_resumes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def at_once(seconds: float) -> None:
        return None

    gone = True

    def script(messages: list[dict[str, str]], request: Any) -> str:
        if gone and "4 +" in messages[-1]["content"]:
            raise TransportError("connection refused")
        return right(messages, request)

    program, engine = cascade(script, "small")
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", at_once)  # DSPy's back-off between its retries
        with pytest.raises(Unavailable, match="the same command resumes") as raised:
            run(program, tmp_path, in_flight=1)
    assert "\n" not in str(raised.value)
    assert len(engine.requests) == 4 + 4, "four answers, then the fifth with three retries"
    gone = False
    assert all(r.score == 1 for r in run(program, tmp_path).results)
    assert len(engine.requests) == 8 + 2


def test_what_fails_for_all_ends_the_run_at_once(tmp_path: Path):
    def script(messages: list[dict[str, str]], request: Any) -> str:
        raise AuthError("no key")

    program, engine = cascade(script, "small")
    with pytest.raises(dspy.LMAuthError):
        run(program, tmp_path, in_flight=1)
    assert len(engine.requests) == 1


def test_the_users_errors_come_out_of_dspys_wrapping(tmp_path: Path):
    def script(messages: list[dict[str, str]], request: Any) -> str:
        raise CopeError("bring it with `cope models pull x`")

    program, _ = cascade(script, "small")
    with pytest.raises(CopeError, match="cope models pull"):
        run(program, tmp_path)


def test_a_budget_holds_and_a_larger_one_resumes(tmp_path: Path):
    program, engine = cascade(
        preset="small", prices={"small": Price(output_per_million=1e6)}
    )  # a dollar a word: 3 an answer
    outcome = run(program, tmp_path, budget=10.0)
    assert outcome.stop_reason is not None
    assert "budget" in outcome.stop_reason
    assert len(outcome.results) == len(engine.requests) == 3
    assert sum(r.usd or 0 for r in outcome.results) == 9.0
    assert run(program, tmp_path, budget=100.0).stop_reason is None
    assert len(engine.requests) == 6


def test_a_budget_without_prices_is_refused_after_one_question(tmp_path: Path):
    program, engine = cascade(preset="small")
    with pytest.raises(CopeError, match="--price"):
        run(program, tmp_path, budget=1.0)
    assert len(engine.requests) == 1


def test_equal_rows_count_each(tmp_path: Path):
    program, _ = cascade(preset="small")
    outcome = run(program, tmp_path, [EXAMPLES[0], EXAMPLES[0], EXAMPLES[1]])
    assert len(outcome.results) == 3
    assert len({r.key for r in outcome.results}) == 3


def test_two_evaluations_do_not_write_to_one_folder(tmp_path: Path):
    with (
        RunStore(SETTINGS, tmp_path).open(),
        pytest.raises(CopeError, match="another evaluation"),
        RunStore(SETTINGS, tmp_path).open(),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CopeError, match="cannot write"),
        RunStore(SETTINGS, tmp_path / "file").open(),
    ):
        pass


def test_a_full_disk_ends_the_run_in_one_line_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program, engine = cascade(preset="small")
    append = JsonlWriter.append

    def full(self: JsonlWriter, entry: dict[str, Any]) -> None:
        if self.path.name == "records.jsonl" and len(engine.requests) == 3:
            raise CopeError(
                f"cannot write to {self.path}: no space left on device; make room and run it again"
            )
        append(self, entry)

    with monkeypatch.context() as patch:
        patch.setattr(JsonlWriter, "append", full)
        with pytest.raises(CopeError, match="make room"):
            run(program, tmp_path, in_flight=1)
    assert len(engine.requests) == 3
    assert len(run(program, tmp_path).results) == 6
    assert len(engine.requests) == 6, "the call whose record found no room is not made again"


def test_the_large_tiers_own_run_on_the_same_questions_is_found(tmp_path: Path):
    large, _ = cascade(preset="large")
    alone = {**SETTINGS, "preset": "large", "models": {"large": "b"}}
    run(large, tmp_path, settings=alone)
    small, _ = cascade(preset="small")
    records = run(small, tmp_path, settings={**SETTINGS, "preset": "small"}).results
    beside = find_baseline_run(tmp_path, SETTINGS, records, "b", "large")
    assert beside is not None
    assert (beside.accuracy, beside.usage.calls) == (1.0, 6)
    assert find_baseline_run(tmp_path, SETTINGS, records, "another", "large") is None
    stranger = QuestionResult("k", "q9", "?", "1", answer="1", score=1.0, round=1)
    assert find_baseline_run(tmp_path, SETTINGS, [*records, stranger], "b", "large") is None
    lines = RunStore(alone, tmp_path).results_file
    whole = lines.read_text()
    lines.write_text(whole + '{"torn":')
    assert find_baseline_run(tmp_path, SETTINGS, records, "b", "large") == beside
    assert lines.read_text().endswith('{"torn":'), "another process may be writing there"
    lines.write_text("damaged\n" + whole)
    assert find_baseline_run(tmp_path, SETTINGS, records, "b", "large") is None


def test_summary_splits_rounds_and_tokens(tmp_path: Path):
    def script(messages: list[dict[str, str]], request: Any) -> str:
        if request.system and "strategy" in str(request.system):
            return "add the numbers"
        return f"Answer: {request.config.seed}"

    program, _ = cascade(script, "cope")
    summary = summarize(run(program, tmp_path, EXAMPLES[:1]).results, 3)
    assert [r.answered for r in summary.rounds] == [0, 0, 1]
    assert [r.reached for r in summary.rounds] == [1, 1, 1]
    assert summary.rounds[1].usage.plan_tokens == 3
    assert summary.tiers["large"].plan_tokens == 3
    assert summary.total.usd is None
    assert json.dumps(summary.as_dict())

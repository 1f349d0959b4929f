"""A run over a table that is interrupted, repeated or changed: what is asked again, and what is kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.table_runs import Answering, World

from cope import CopeError
from cope.batch.job import answer_table
from cope.eval.tasks.columns import ColumnMapping
from cope.models import Price


def test_the_same_call_asks_nothing_again_and_more_rows_ask_only_those(world: World):
    world.run(limit=3)
    assert len(world.asked()) == 3 and world.column("answer") == ["1", "2", "3"]
    text = world.output.read_bytes()
    report = world.run(limit=3)
    assert not world.asked() and report.earlier == 3 and world.output.read_bytes() == text
    world.run(columns=("answer",))
    assert sorted(world.asked()) == [f"What is {n}?" for n in (4, 5, 6, 7)]
    assert world.column("answer") == [str(n) for n in range(1, 8)]
    assert world.column("calls") == [None] * 7, "other columns are no other run"


def test_a_failed_row_has_its_error_and_is_asked_again_only_on_request(world: World):
    world.models.failing = {"2", "5"}
    report = world.run()
    errors = world.column("error")
    assert [error is not None for error in errors] == [n in (2, 5) for n in range(1, 8)]
    assert "the prompt does not fit" in errors[1]
    assert (report.totals.answered, report.totals.failed) == (5, 2)
    world.asked()
    world.models.failing = {"5"}
    world.run()
    assert not world.asked(), "errors are kept"
    report = world.run(retry_errors=True)
    assert sorted(world.asked()) == ["What is 2?", "What is 5?"]
    assert world.column("answer") == ["1", "2", "3", "4", None, "6", "7"]
    assert (report.totals.answered, report.totals.failed) == (6, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.write([{"text": "What is 9?"}]), "data_digest: "),
        (lambda w: setattr(w.models.cascade, "seed", 1), "seed: 0, now 1"),
    ],
)
def test_another_run_does_not_write_over_an_output(
    world: World, change: Callable[[World], None], message: str
):
    world.run()
    world.asked()
    text = world.output.read_bytes()
    change(world)
    with pytest.raises(CopeError, match=message):
        world.run()
    assert not world.asked() and world.output.read_bytes() == text
    world.run(again=True)
    assert world.asked()


def test_another_mapping_or_kind_is_another_run(world: World):
    world.run()
    with pytest.raises(CopeError, match=r"out\.jsonl was made with other settings \(columns: "):
        world.run(mapping=ColumnMapping(template="{text} {id}"))
    with pytest.raises(CopeError, match=r"answer_kind: text, now number.*--again"):
        world.run(kind="number")


def test_a_budget_stops_the_run_and_a_larger_one_resumes_it(world: World):
    rows = [{"text": f"What is {n}?"} for n in range(60)]
    world.write(rows)
    cost = world.run(output=world.output.with_suffix(".csv"), limit=1).totals.usd
    assert cost is not None
    world.asked()
    report = world.run(budget=cost * 10, questions=3)
    assert report.stop_reason and "allows no further question" in report.stop_reason
    assert report.totals.usd is not None and report.totals.usd <= cost * 10
    done = len(world.asked())
    assert 7 <= done <= 10 and world.column("text") == [row["text"] for row in rows[:done]]
    report = world.run(budget=cost * 1000)
    assert report.stop_reason is None and len(world.asked()) == 60 - done
    assert world.column("answer") == [str(n) for n in range(60)]


def test_a_resumed_run_has_one_price(world: World):
    costs = {}
    for limit, price in ((2, Price(1, 2)), (4, Price(3, 6)), (6, None)):
        world.models = Answering(price=price)
        report = world.run(limit=limit)
        assert len(world.asked()) == 2
        costs[limit] = world.column("usd")
        assert report.totals.usd == pytest.approx(sum(world.column("usd")))
    assert costs[4][:2] == [pytest.approx(3 * cost) for cost in costs[2]]
    assert costs[6][:4] == costs[4] and all(costs[6])


def test_a_server_that_is_gone_stops_the_run_and_the_answers_so_far_are_kept(world: World):
    gone = {"now": False}

    def reply(question: str) -> str:
        if gone["now"] and "5" in question:
            raise CopeError("the server is gone")
        return question.split()[2].rstrip("?")

    world.models.reply, gone["now"] = reply, True
    with pytest.raises(CopeError, match="the server is gone"):
        world.run(questions=1)
    assert world.column("answer") == ["1", "2", "3", "4"]
    world.asked()
    gone["now"] = False
    world.run()
    assert sorted(world.asked()) == ["What is 5?", "What is 6?", "What is 7?"]


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_torn_journal_and_a_torn_output_are_made_whole(world: World, cut: int):
    world.run()
    whole = world.output.read_bytes()
    for file in (world.output, Path(f"{world.output}.run") / "rows.jsonl"):
        file.write_bytes(file.read_bytes()[:-cut])
    world.asked()
    world.run()
    assert not world.asked(), "the call of the row is in the other file"

    def untimed(text: bytes) -> list[Any]:
        return [json.loads(line) | {"seconds": 0} for line in text.splitlines()]

    assert untimed(world.output.read_bytes()) == untimed(whole)


@pytest.mark.parametrize("line", ["{}", '{"row": 99}', '{"row": 1, "answer": 3}', "[1]", "x"])
def test_a_damaged_journal_is_one_clear_line(world: World, line: str):
    world.run()
    file = Path(f"{world.output}.run") / "rows.jsonl"
    file.write_text(f"{line}\n{file.read_text()}")
    with pytest.raises(CopeError, match=r"rows\.jsonl.* damaged") as caught:
        world.run()
    assert "\n" not in str(caught.value)


def test_the_calls_of_an_interrupted_row_are_not_made_again(
    tmp_path: Path, rows: list[dict[str, str]]
):
    models = Answering("cope", early_stop="none")
    world = World(tmp_path, models, rows[:1])
    calls = 0

    def reply(question: str) -> str:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise CopeError("interrupted")
        return "1"

    models.reply = reply
    with pytest.raises(CopeError, match="interrupted"):
        world.run()
    world.asked()
    report = world.run()
    assert report.totals.calls == 16, "8 plans and 8 solutions"
    assert len(world.asked()) <= 8, "the plans are of the first attempt"
    assert world.column("answer") == ["1"]


def test_a_secret_is_in_no_file_and_does_not_make_another_run(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DEMO_API_KEY", "sk-0123456789")

    def reply(question: str) -> str:
        if "3" in question:
            raise RuntimeError("refused: Authorization: Bearer sk-0123456789")
        return "sk-0123456789"

    world.models.reply = reply
    job = replace(world.job(), settings={"models": {"small": "x@http://me:sk-0123456789@h"}})
    answer_table(job)
    asked = world.asked()
    answer_table(job)
    assert len(asked) == 7 and not world.asked()
    for file in world.output.parent.rglob("*"):
        assert file.is_dir() or b"sk-0123456789" not in file.read_bytes(), file
    assert world.column("answer")[0] == "$DEMO_API_KEY" and "refused" in world.column("error")[2]

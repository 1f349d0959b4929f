"""Runs over a table: order, errors, resuming, budgets, and what is refused before a model is asked."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.clients.base_lm import GLOBAL_HISTORY
from support.table_runs import World

from cope import CopeError
from cope.batch.call_log import CallLog
from cope.batch.job import TableCallbacks, answer_table
from cope.eval.tasks.columns import ColumnMapping
from cope.models import Call, ScriptedEngine
from cope.util.lock import lock_directory


def test_answers_come_in_the_order_of_the_rows_however_long_they_take(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    waits = iter([0.03, 0.0, 0.02, 0.0, 0.01, 0.0, 0.0])
    for engine in {tier.lm.engine for tier in world.models.cascade.team.tiers.values()}:
        monkeypatch.setattr(engine, "delay", lambda request: next(waits))
    report = world.run(questions=4)
    assert world.column("answer") == [str(n) for n in range(1, 8)]
    assert world.column("id") == [f"r{n}" for n in range(1, 8)]
    assert (report.rows, report.written, report.totals.answered) == (7, 7, 7)
    assert set(world.column("tier")) == {"small"} and world.column("calls") == [1] * 7


def test_rows_without_a_question_and_replies_without_an_answer_say_so(world: World):
    world.write([{"text": "What is 1?"}, {"text": " "}, {"note": "x"}, {"text": "What is 4?"}])
    world.models.reply = lambda question: "It cannot be determined." if "4" in question else "1"
    report = world.run()
    assert world.column("error")[3] == "no answer could be read: a reply says that there is none"
    assert world.column("error")[:3] == [
        None,
        "the row has no text (its fields: text)",
        "the row has no text (its fields: note)",
    ]
    assert len(world.asked()) == 2
    assert (report.totals.refused, report.totals.unreadable) == (2, 1)


def test_a_file_of_something_else_is_not_written_over(world: World):
    world.output.write_text("mine")
    with pytest.raises(CopeError, match="was not made by this command"):
        world.run()
    assert world.output.read_text() == "mine"
    with pytest.raises(CopeError, match="is what this command reads"):
        world.job(output=world.input)
    with pytest.raises(CopeError, match="are not written: use"):
        world.job(output=Path("a.xlsx"))
    with pytest.raises(CopeError, match="--columns anwser: did you mean answer"):
        world.job(columns=("anwser",))
    assert not world.asked()


def test_a_column_that_is_not_there_is_found_before_anything_is_asked(world: World):
    with pytest.raises(CopeError, match="no column 'txt': did you mean text"):
        world.run(mapping=ColumnMapping(question="txt"))
    with pytest.raises(CopeError, match="no column 'question': its columns: id, text, note"):
        world.run(mapping=None)
    assert not world.asked() and not world.output.exists()


def test_two_runs_do_not_write_to_one_output(world: World):
    lock = lock_directory(Path(f"{world.output}.run"), "run")
    with pytest.raises(CopeError, match=r"another run is writing .*name another output with -o"):
        world.run()
    lock.release()
    world.run()
    world.output.unlink()
    world.asked()
    world.run()
    assert not world.asked() and len(world.column("answer")) == 7, "it is written from the journal"


def test_rows_that_wait_for_an_earlier_one_are_few(world: World):
    world.write([{"text": f"What is {n}?"} for n in range(60)])
    engine = world.models.cascade.team["small"].lm.engine
    assert isinstance(engine, ScriptedEngine)
    slow = asyncio.Event()
    asked_while_waiting = []

    async def script(messages: list[dict[str, str]], request: Any) -> str:
        if "What is 0?" in messages[-1]["content"]:
            for _ in range(500):
                await asyncio.sleep(0)
            asked_while_waiting.append(len(engine.requests))
            slow.set()
        return "Answer: 1"

    engine.script = script
    world.run(questions=2)
    assert asked_while_waiting[0] <= 2 * 8, "the window does not move past the first row"
    assert len(world.column("answer")) == 60


def test_nothing_that_a_row_leaves_behind_grows_with_the_table(world: World):
    cascade = world.models.cascade
    trace: list[Any] = []
    before = len(GLOBAL_HISTORY)
    with dspy.context(trace=trace):
        world.run()
    assert not trace and len(GLOBAL_HISTORY) == before
    for module in (cascade, *(part for _, part in cascade.named_sub_modules())):
        assert not getattr(module, "history", None)
    assert not any(tier.lm.history for tier in cascade.team.tiers.values())


def test_the_choices_of_a_row_give_the_text_of_an_option(world: World):
    world.models.reply = lambda question: "B"
    world.write([{"text": "Color?", "options": "red|green"}, {"text": "Which?", "options": "x|y"}])
    mapping = ColumnMapping(question="text", choices="options")
    job = world.job(mapping=mapping, kind="choice")
    answer_table(replace(job, system=world.models.cascade.with_answer_kind("choice")))
    assert world.column("answer") == ["green", "y"]
    world.models.reply = lambda question: "It is **Green**." if question == "Color?" else "Z"
    job = replace(job, options=replace(job.options, again=True))
    answer_table(replace(job, system=world.models.cascade.with_answer_kind("choice")))
    assert world.column("answer") == ["green", None], "a reply may name the text of an option"
    assert world.column("error") == [None, "the answer 'Z' is none of the choices"]


def test_the_caller_hears_of_every_new_answer_and_of_renamed_columns(world: World):
    world.write([{"text": "What is 1?", "answer": "mine"}, {"text": "What is 2?"}])
    heard: list[Any] = []
    callbacks = TableCallbacks(
        on_start=lambda rows, earlier: heard.append((rows, earlier)),
        on_row=lambda row, totals: heard.append((row.answer, totals.rows)),
        notify=heard.append,
    )
    answer_table(world.job(questions=1), callbacks)
    assert heard[0] == "in.jsonl has a column 'answer': the added one is 'cope_answer'"
    assert heard[1:] == [(2, 0), ("1", 1), ("2", 2)]
    assert world.column("answer") == ["mine", None] and world.column("cope_answer") == ["1", "2"]


def test_the_file_of_calls_does_not_grow_with_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cope.batch.call_log.MAX_BYTES", 2000)
    log = CallLog(tmp_path / "calls.jsonl", lambda row: False)
    call = Call("small", "m").as_dict()
    for row in range(200):
        log.of_row(row).put("key", {"call": call | {"prompt_tokens": row}, "outputs": ["x" * 50]})
        if row != 7:
            log.forget(row)
    log.close()
    assert (tmp_path / "calls.jsonl").stat().st_size < 3000
    again = CallLog(tmp_path / "calls.jsonl", lambda row: row != 7)
    entry = again.of_row(7).get("key")
    assert entry is not None and entry["call"]["prompt_tokens"] == 7
    assert again.of_row(8).get("key") is None

"""Runs over a table: order, errors, resuming, budgets, and what is refused before a model is asked."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.clients.base_lm import GLOBAL_HISTORY
from support.table_runs import Answering

from cope import CopeError
from cope.batch.call_log import CallLog
from cope.batch.job import TableCallbacks, TableJob, TableReport, answer_table
from cope.batch.options import TableOptions
from cope.batch.tables import file_table
from cope.eval.tasks.columns import ColumnMapping
from cope.eval.tasks.table_files import read_rows
from cope.models import Call, Price, ScriptedEngine
from cope.util.lock import lock_directory

TEXT = ColumnMapping(question="text")


class World:
    """A table in a folder, and the runs over it.

    Attributes:
        models: the cascade and what it was asked.
        output: the file of the answers.
    """

    def __init__(self, folder: Path, models: Any, rows: list[dict[str, str]]) -> None:
        self.models, self.input, self.output = models, folder / "in.jsonl", folder / "out.jsonl"
        self.write(rows)

    def write(self, rows: list[dict[str, str]]) -> None:
        self.input.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def job(self, **options: Any) -> TableJob:
        options = {"output": self.output, "mapping": TEXT} | options
        kind = options.pop("kind", "text")
        return TableJob(file_table(self.input), self.models.cascade, TableOptions(**options), kind)

    def run(self, **options: Any) -> TableReport:
        return answer_table(self.job(**options))

    def column(self, name: str) -> list[Any]:
        return [row.get(name) for _, row in read_rows(self.output)]

    def asked(self) -> list[str]:
        """Return what was asked since the last time."""
        asked, self.models.asked = self.models.asked, []
        return asked


@pytest.fixture
def world(tmp_path: Path, answering: Any, rows: list[dict[str, str]]) -> World:
    return World(tmp_path, answering, rows)


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

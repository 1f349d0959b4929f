"""A task of one's own file, and a table of another domain, on every command that takes a task."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done, error_line, give_team
from support.pictures import write_empty_pictures
from support.sweeps import sweep

from cope.models import Price
from cope.report import open_source

TASK = """
import dspy
from cope.eval import Score

class Sums:
    name, domain, test_visibility = "sums", "short-answer", ""

    def load(self, split, limit=None, data=None):
        rows = [
            dspy.Example(id=str(n), question=f"What is {n} + 1?", answer=str(n + 1))
            for n in range(16)
        ]
        return [row.with_inputs("question") for row in rows][:limit]

    async def score(self, example, answer):
        return Score(float(answer == example.answer), "")
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> None:
    monkeypatch.chdir(tmp_path)
    write_empty_pictures(monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    Path("mine.py").write_text(TASK)
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(16)]
    Path("q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def reply(ask: Any) -> str:
        number = int(ask.user.split("What is ")[1].split(" ")[0])
        return "add one" if ask.role == "plan" else f"so\nAnswer: {number + 1 if number else 9}"

    made = scripted(reply, prices={"small": Price(1, 2), "large": Price(1, 2)})
    give_team(monkeypatch, lambda options: made.team)


def folders(command: str) -> set[str]:
    return {path.name for path in Path(f".cope/{command}").glob("*-*")}


@sweep(
    "words",
    [
        ("eval", "--no-track", "--preset", "small"),
        ("compare", "--no-track", "--presets", "small,large"),
        ("record", "--preset", "small", "-o", "r.parquet"),
        (
            *("compile", "--yes", "--no-track", "--preset", "small", "-o", "p.json"),
            *("--optimizer", "labeled-few-shot", "--fresh", "--force"),
        ),
    ],
    ids=lambda words: words[0],
    every=2,
)
def test_the_file_is_the_task_and_its_content_is_part_of_the_identity(words: tuple[str, ...]):
    command, *options = words
    done(command, "--task-file", "mine.py", *options)
    (first,) = folders(command)
    assert first.startswith("sums-")
    done(command, "sums", "--task-file", "mine.py", *options)
    assert folders(command) == {first}, "the name may be given too"
    Path("mine.py").write_text(TASK + "# changed")
    done(command, "--task-file", "mine.py", *options)
    assert len(folders(command)) == 2
    wrong = error_line(cope(command, "gsm8k", "--task-file", "mine.py", *options))
    assert "mine.py defines the task 'sums', not 'gsm8k'" in wrong
    Path("mine.py").write_text("\n1 / 0")
    wrong = error_line(cope(command, "--task-file", "mine.py", *options))
    assert "mine.py line 2: ZeroDivisionError" in wrong
    assert "Missing argument 'TASK'" in cope(command, *options).output


def test_the_report_of_a_run_knows_the_domain_of_the_task():
    Path("mine.py").write_text(TASK.replace('"short-answer", ""', '"open", ""'))
    document = json.loads(
        done("eval", "--task-file", "mine.py", "--no-track", "--preset", "small", "--json").stdout
    )
    source = open_source(Path(document["folder"]))
    assert (source.domain, source.answer_kind) == ("open", "judge")


def test_run_takes_the_kind_of_questions_and_answers_of_the_file():
    Path("kind.py").write_text(TASK.replace('"short-answer", ""', '"open", ""'))
    words = ("run", "q.jsonl", "--preset", "small", "--json", "--again")
    told = json.loads(done(*words, "-o", "a.csv", "--task-file", "kind.py").stdout)
    assert told["answer_kind"] == "judge"
    assert told["task_file"]
    told = json.loads(done(*words, "-o", "b.csv", "--domain", "open").stdout)
    assert told["answer_kind"] == "judge" and "task_file" not in told


def test_a_replay_has_the_task_of_its_record():
    done("record", "--task-file", "mine.py", "--preset", "small", "-o", "r.parquet")
    assert "sums" in done("eval", "--replay", "r.parquet", "--preset", "small").stdout
    for option in (("--task-file", "mine.py"), ("--domain", "open")):
        result = cope("eval", "--replay", "r.parquet", *option)
        assert f"leave out {option[0]}" in result.output


def test_the_error_of_a_score_names_the_users_line():
    Path("mine.py").write_text(TASK.replace("return Score(", "raise KeyError(answer) or ("))
    line = error_line(cope("eval", "--task-file", "mine.py", "--no-track", "--preset", "small"))
    assert "mine.py line 16: KeyError" in line


def test_a_table_of_a_domain_is_that_domains_task():
    words = ("--data", "q.jsonl", "--no-track", "--preset", "small", "--json")
    plain = json.loads(done("eval", "open", *words).stdout)
    again = json.loads(done("eval", "jsonl", "--domain", "open", *words).stdout)
    assert again == plain and len(folders("eval")) == 1
    assert "domain" not in json.loads(Path(plain["folder"], "run.json").read_text())["settings"]
    for command in ("eval", "compare", "record", "compile"):
        options = () if command in ("record",) else ("--no-track",)
        line = error_line(cope(command, "jsonl", "--domain", "code", "--data", "q.jsonl", *options))
        assert "the row has no test_list (its fields: question, answer)" in line
        line = error_line(cope(command, "gsm8k", "--domain", "open", *options))
        assert "give the task jsonl and --data FILE" in line
        words = ("jsonl", "--domain", "prose", "--data", "q.jsonl")
        line = error_line(cope(command, *words, *options))
        assert "no kind of questions is named 'prose'" in line

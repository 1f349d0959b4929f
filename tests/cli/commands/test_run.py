"""`cope run` as a user types it: files and standard input, one JSON document, resuming, clear errors."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import commands
from support.commands import give_team
from support.table_runs import Answering


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answering:
    monkeypatch.chdir(tmp_path)
    lines = ["id,text", *(f"{n},What is {n}?" for n in range(4))]
    Path("t.csv").write_text("\n".join(lines))
    made = Answering()
    give_team(monkeypatch, lambda options: made.cascade.team)
    return made


def run(*words: str, typed: str | None = None) -> Any:
    return commands.cope("run", *words, "--preset", "small", typed=typed)


def read(name: str) -> list[Any]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


def test_a_file_is_answered_and_the_same_command_asks_nothing_again(models: Answering):
    result = run("--data", "t.csv", "--question", "text", "-o", "a.csv")
    assert result.exit_code == 0, result.output
    lines = Path("a.csv").read_text().splitlines()
    assert lines[0] == (
        "id,text,answer,confidence,round,tier,escalated,calls,tokens,usd,seconds,error"
    )
    assert [line.split(",")[2] for line in lines[1:]] == ["0", "1", "2", "3"]
    assert "4 rows written: 4 answered (small 4); 4 calls" in result.stdout
    assert "t.csv: question from the column 'text'" in result.stderr
    asked = len(models.asked)
    result = run("t.csv", "--question", "text", "-o", "a.csv", "--json")
    assert len(models.asked) == asked and "4 of 4 rows are done already" in result.stderr
    document = json.loads(result.stdout)
    assert (document["rows"], document["written"], document["answered"]) == (4, 4, 4)
    assert document["columns"] == {"question": "text"} and document["answer_kind"] == "text"
    assert document["models"]["small"] and document["stopped"] is None


def test_lines_of_standard_input_are_questions(models: Answering):
    for words in (["-"], ["--data", "-"]):
        result = run(*words, "-o", f"{len(words)}.jsonl", typed="What is 5?\nWhat is 6?\n")
        assert result.exit_code == 0, result.output
        rows = read(f"{len(words)}.jsonl")
        assert [(row["question"], row["answer"]) for row in rows] == [
            ("What is 5?", "5"),
            ("What is 6?", "6"),
        ]
    typed = '{"q": "What is 7?"}\n'
    words = ["-", "--format", "jsonl", "--question", "q", "-o", "b.txt"]
    assert run(*words, typed=typed).exit_code == 0
    assert Path("b.txt").read_text() == "7\n"


def test_choices_and_columns_and_templates(models: Answering):
    models.reply = lambda question: "B"
    words = ["t.csv", "--template", r"Ticket {id}:\n{text}", "--choices", "red,green"]
    result = run(*words, "-o", "a.jsonl", "--columns", "answer,tier", "--limit", "2")
    assert result.exit_code == 0, result.output
    rows = read("a.jsonl")
    assert rows == [
        {"id": str(n), "text": f"What is {n}?", "answer": "green", "tier": "small"}
        for n in range(2)
    ]


def test_a_failed_row_is_an_error_in_the_table_and_no_error_of_the_command(models: Answering):
    models.failing = {"2"}
    result = run("t.csv", "--question", "text", "-o", "a.csv")
    assert result.exit_code == 0 and "3 answered (small 3), 1 failed" in result.stdout
    assert "--retry-errors asks them again" in result.stderr
    models.failing = set()
    result = run("t.csv", "--question", "text", "-o", "a.csv", "--retry-errors", "--quiet")
    assert "4 answered (small 4)" in result.stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["-o", "a.csv"], 2, "Missing the table"),
        (["t.csv", "--data", "t.csv", "-o", "a.csv"], 2, "given twice"),
        (["t.csv"], 2, "Missing option '-o'"),
        (["none.csv", "-o", "a.csv"], 1, "there is no file none.csv"),
        (["t.csv", "-o", "a.csv"], 1, "has no column 'question': its columns: id, text"),
        (["t.csv", "--question", "tex", "-o", "a.csv"], 1, "did you mean text?"),
        (["t.csv", "--template", "{a.b}", "-o", "a.csv"], 1, "without format or attribute"),
        (["t.csv", "--template", "{", "-o", "a.csv"], 1, "a single '{'"),
        (["t.csv", "--question", "text", "-o", "a.doc"], 1, "are not written: use .csv"),
        (["t.csv", "--question", "text", "-o", "t.csv"], 1, "is what this command reads"),
        (["t.csv", "--question", "text", "-o", "a.csv", "--columns", "x"], 1, "--columns x"),
        (["hub:x", "-o", "a.csv"], 1, "write hub:OWNER/NAME"),
    ],
)
def test_what_is_wrong_is_one_line_before_a_model_is_asked(
    words: list[str], code: int, message: str, models: Answering
):
    result = run(*words)
    assert result.exit_code == code, result.output
    assert message in result.stderr and "Traceback" not in result.output
    assert not models.asked and not Path("a.csv").exists()


def test_a_budget_ends_the_command_with_an_error_after_its_result(models: Answering):
    result = run("t.csv", "--question", "text", "-o", "a.csv", "--budget", "0.0000001")
    assert result.exit_code == 1
    assert "allows no further question" in result.stderr and "1 row written" in result.stdout

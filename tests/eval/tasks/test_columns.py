"""Questions from any columns: by name, by a template, with options, from files and from the hub."""

import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from hypothesis import given, strategies as st
from support.hub_datasets import give_dataset

from cope.answers.choices import find_choice, letter_of, read_choices
from cope.errors import CopeError
from cope.eval.run.options import DataOptions
from cope.eval.run.settings import question_settings
from cope.eval.tasks.base import answer_kind_of, load_questions
from cope.eval.tasks.columns import ColumnMapping
from cope.eval.tasks.registry import task_by_name
from cope.util.template import Template

RESERVED = sorted(
    {name for name in dir(dspy.Example) if not name.startswith("__")}
    | {name for name in dir(dspy.Signature) if not name.startswith("__")}
    | {"input", "inputs", "question", "answer", "id", "self", "config", "demos", "lm", "signature"}
    | {
        "plans",
        "tests",
        "setup",
        "entry_point",
        "reasoning",
        "goal",
        "__class__",
        "__dict__",
        "a b",
    }
)


def write(folder: Path, rows: list[dict[str, Any]]) -> str:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def load(data: str, match: str | None = None, **columns: str) -> list[Any]:
    task = task_by_name("jsonl", columns=ColumnMapping(**columns), match=match)
    task, examples = load_questions(task, "test", None, data)
    return [(e.question, e.answer, answer_kind_of(task)) for e in examples]


def test_every_name_that_dspy_uses_is_a_column_like_any_other(tmp_path: Path):
    for name in RESERVED:
        data = write(tmp_path, [{name: "2 + 2?", "gold": "4"}])
        assert load(data, question=name, answer="gold") == [("2 + 2?", "4", "number")], name
        assert load(data, template=f"Is it {{{name}}}", answer="gold")[0][0] == "Is it 2 + 2?"
        others = write(tmp_path, [{"question": "2 + 2?", "answer": "4", name + "_": 1, "input": 2}])
        _, examples = load_questions(task_by_name("jsonl"), "test", None, others)
        assert dict(examples[0].inputs()) == {"question": "2 + 2?"}, name


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("no column", "names no column"),
        ("{}", "names no column"),
        ("{{text}}", "names no column"),
        ("{text", "single '{'"),
        ("text}", "single '}'"),
        ("{a{b}}", "single '{'"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_at_once(template: str, message: str):
    with pytest.raises(CopeError, match=message):
        ColumnMapping(template=template)


@pytest.mark.parametrize(
    "field",
    [
        "a.__class__",
        "a[0]",
        "a!r",
        "a:>10",
        "a.b",
        "0",
        " a",
        "a.__init__.__globals__",
        "tex",
        "__class__",
    ],
)
def test_a_template_reaches_columns_and_nothing_else(field: str, tmp_path: Path):
    data = write(tmp_path, [{"a": "x", "text": "y"}])
    with pytest.raises(CopeError, match=r"rows\.jsonl has no column .*its columns: a, text"):
        load(data, template=f"{{a}} {{{field}}}")


@given(st.text(), st.text())
def test_cells_are_never_read_as_templates(cell: str, other: str):
    text = Template("{{{a}}} {b}").fill({"a": cell, "b": other})
    assert text == "{" + cell + "} " + other


@pytest.mark.parametrize("field", ["question", "answer", "id", "choices"])
def test_an_unknown_column_names_those_that_are_there(field: str, tmp_path: Path):
    data = write(
        tmp_path, [{"text": "2 + 2?", "answer": "4"}, {"text": "q", "answer": 1, "late": 1}]
    )
    with pytest.raises(CopeError) as caught:
        load(data, **{"question": "text", field: "txt"})
    assert "has no column 'txt': did you mean text? its columns: text, answer, late" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("row", "columns", "message"),
    [
        ({"text": " ", "answer": "1"}, {"question": "text"}, "line 1: the row has no text"),
        ({"text": ["a"], "answer": "1"}, {"question": "text"}, "its text is a list"),
        ({"text": "", "answer": "1"}, {"template": "Q: {text}"}, "the row has no text"),
        ({"q": "a", "o": "x"}, {"question": "q", "choices": "o"}, "two choices or more"),
        ({"q": "a", "o": "x|x"}, {"question": "q", "choices": "o"}, "two of its choices"),
        ({"q": "a", "o": 5}, {"question": "q", "choices": "o"}, "no list"),
        (
            {"q": "a", "o": "x|y", "answer": "z"},
            {"question": "q", "choices": "o"},
            "'z' is none of its choices",
        ),
    ],
)
def test_a_row_that_cannot_be_mapped_names_its_line(
    row: dict[str, Any], columns: dict[str, str], message: str, tmp_path: Path
):
    with pytest.raises(CopeError, match=message) as caught:
        load(write(tmp_path, [row]), **columns)
    assert "line 1" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "choices"),
    [
        ("red|green", ["red", "green"]),
        ("red; green, dark", ["red", "green, dark"]),
        ("red,green", ["red", "green"]),
        ('["red", "green"]', ["red", "green"]),
        (["red", "green"], ["red", "green"]),
        ([1, 2], ["1", "2"]),
        ({"text": ["red", "green"], "label": ["A", "B"]}, ["red", "green"]),
    ],
)
def test_choices_are_read_as_tables_write_them(cell: Any, choices: list[str]):
    assert read_choices(cell) == choices


@pytest.mark.parametrize(
    ("answer", "letter"),
    [("green", "B"), ("GREEN ", "B"), ("b", "B"), ("(A)", "A"), (1, "B"), (0, "A"), ("A.", "A")],
)
def test_a_right_answer_is_a_text_a_letter_or_a_place(answer: Any, letter: str):
    assert letter_of(answer, ["red", "green"]) == letter
    assert find_choice("blue", ["red", "green"]) is None


def test_choices_are_shown_and_answers_are_letters_or_texts(tmp_path: Path):
    data = write(tmp_path, [{"q": "Which team?", "team": "shipping"}])
    columns = {"question": "q", "answer": "team", "choices": "billing,shipping"}
    ((question, gold, kind),) = load(data, **columns)
    assert (gold, kind) == ("B", "choice")
    assert question.splitlines()[:4] == ["Which team?", "", "A. billing", "B. shipping"]
    ((question, gold, kind),) = load(data, match="text", **columns)
    assert (gold, kind) == ("shipping", "text")
    assert "- shipping" in question and "B." not in question


def test_the_hub_is_read_with_the_same_mapping(monkeypatch: pytest.MonkeyPatch):
    asked = []

    def load_dataset(*args: object, **kwargs: object) -> list[dict[str, Any]]:
        asked.append((args, kwargs))
        return [{"input": "Capital?", "options": ["Rome", "Paris"], "target": 1}]

    give_dataset(monkeypatch, load_dataset)
    columns = {"question": "input", "choices": "options", "answer": "target"}
    ((question, gold, kind),) = load("hub:o/capitals:all", **columns)
    assert (gold, kind) == ("B", "choice") and "B. Paris" in question
    assert asked == [(("o/capitals", "all"), {"split": "test"})]
    with pytest.raises(CopeError, match="hub:o/capitals has no column 'x'"):
        load("hub:o/capitals", question="x")
    for address in ("hub:", "hub:capitals", "hub:../x", "hub:a/b/c", "hub:a/b:", "hub:/etc/passwd"):
        with pytest.raises(CopeError, match="write hub:OWNER/NAME"):
            load(address, question="x")


def test_only_a_mapping_changes_the_identity_of_a_run():
    task = task_by_name("jsonl")
    plain = question_settings(task, DataOptions(data="a/q.csv"))
    assert plain == {"task": "jsonl", "split": "test", "data": "q.csv"}
    mapped = DataOptions(data="a/q.csv", columns=ColumnMapping(question="text"))
    assert question_settings(task, mapped) == plain | {"columns": {"question": "text"}}
    assert DataOptions(data="hub:o/n:c").data_name == "hub:o/n:c"


def test_a_mapping_needs_a_table_and_a_task_that_takes_it():
    with pytest.raises(CopeError, match="--question is about your own table"):
        ColumnMapping.from_options(None, question="text")
    with pytest.raises(CopeError, match="'mbpp' has columns of its own: leave out --question"):
        task_by_name("mbpp", columns=ColumnMapping(question="text"))
    with pytest.raises(CopeError, match="leave out --question or --template"):
        ColumnMapping(question="a", template="{b}")
    made = ColumnMapping.from_options("f", template=r"a: {a}\nb\\n")
    assert made is not None and made.template == "a: {a}\nb\\n"

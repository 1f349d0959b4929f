"""Which kind of answers a task has, where it is said and kept, and how --match names another."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.commands import cope, done, give_team
from support.pictures import leave_pages_without_pictures

from cope import Cascade, CopeError
from cope.answers import infer_answer_kind
from cope.eval import (
    TASKS,
    answer_kind_of,
    import_samples,
    open_recording,
    read_recording,
    task_by_name,
    with_inferred_kind,
)

COUNTS = [("How many eggs?", "18"), ("How many hens?", "1,200")]
NAMES = [("Which mission?", "Apollo 12"), ("Which plane?", "Boeing 757")]
VOTES = """
name = "votes"
[[rounds]]
reasoner = "small"
samples = 3
temperature = 0.7
threshold = 1.0
[[rounds]]
reasoner = "large"
"""


def write_rows(folder: Path, rows: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"question": question, "answer": answer}) for question, answer in rows]
    (folder / "q.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "votes.toml").write_text(VOTES)


def replies_with(rows: list[tuple[str, str]], text: str) -> Callable[[Any], str]:
    """Answer each question with its right answer in a text."""

    def reply(ask: Any) -> str:
        right = next(answer for question, answer in rows if question in ask.user)
        return text.format(right)

    return reply


@pytest.fixture
def ask_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> Callable[..., None]:
    """Return what gives the commands questions and replies to them."""
    monkeypatch.chdir(tmp_path)
    leave_pages_without_pictures(monkeypatch)

    def give(rows: list[tuple[str, str]], text: str) -> None:
        write_rows(tmp_path, rows)
        give_team(monkeypatch, lambda options: scripted(replies_with(rows, text)).team)

    return give


def test_the_tasks_name_their_kinds() -> None:
    kinds = {name: answer_kind_of(TASKS[name]) for name in ("gsm8k", "math500", "mbpp")}
    assert kinds == {"gsm8k": "number", "math500": "math", "mbpp": "code"}


@pytest.mark.parametrize(
    ("golds", "kind"),
    [
        (["18", "1,200", "-3", "2.5", "35%", "$40", "12 cm"], "number"),
        (["1/2", "3"], "number"),
        ([r"\frac{1}{2}", "x^2 + 1", "3"], "math"),
        ([r"\frac{1}{2}"] * 19 + ["no solution"], "math"),
        (["[0, 1]", "x > 2", "(3, 4)"], "math"),
        (["A", "C", "D"], "choice"),
        (["(A)", "(B)"], "choice"),
        (["(A)", "(B)"] * 15 + ["dearth, wind, & fire"], "choice"),
        (["(A)"] * 9 + ["dearth, wind, & fire"], "text"),
        ([r"\cot x", "3"] * 9 + ["52_8", r"\frac{270}7\text{ degrees}", r"\text{even}"], "math"),
        (["254_7", "101_2"], "text"),
        (["Apollo 12", "Boeing 757"], "text"),
        (["18", "Paris"], "text"),
        (["2021-03-05", "March 5, 2021"], "date"),
        (["['a', 'b']", "['c']"], "list"),
        (["3-2", "1-0"], "text"),
        (["192.168.0.7"], "text"),
        (["H2O", "CO2"], "text"),
        (["AL", "LA"], "text"),
        (["yes", "no"], "text"),
        (["0x1F"], "text"),
        ([], "text"),
        ([""], "text"),
    ],
)
def test_the_kind_is_the_narrowest_of_all_right_answers(golds: list[str], kind: str) -> None:
    assert infer_answer_kind(golds) == kind


def test_an_inferred_kind_keeps_the_fingerprint_under_which_earlier_runs_are_filed() -> None:
    rows = [dspy.Example(question="?", answer="A")]
    task = with_inferred_kind(task_by_name("jsonl"), rows)
    assert answer_kind_of(task) == "choice"
    plain, program = Cascade("small"), Cascade("small").with_answer_kind("choice", "math")
    assert program.fingerprint() == plain.fingerprint()
    assert program.deepcopy().fingerprint() == plain.fingerprint()
    assert plain.with_answer_kind("choice").fingerprint() != plain.fingerprint()


def test_a_run_says_and_keeps_how_answers_are_compared(
    ask_commands: Callable[..., None], tmp_path: Path
) -> None:
    ask_commands(COUNTS, "Counting.\nAnswer: {} of them in all")
    command = ("eval", "jsonl", "--data", "q.jsonl", "--preset", "small", "--no-track")
    document = json.loads(done(*command, "--json").stdout)
    assert (document["answer_kind"], document["accuracy"]) == ("number", 1.0)
    assert "answers are compared as numbers" in done(*command).stdout
    (kept,) = (tmp_path / ".cope" / "eval").glob("*/run.json")
    assert json.loads(kept.read_text())["answer_kind"] == "number"


def test_names_keep_their_numbers(ask_commands: Callable[..., None]) -> None:
    ask_commands(NAMES, "I know.\nAnswer: {}.")
    command = ("eval", "jsonl", "--data", "q.jsonl", "--preset", "small", "--no-track")
    document = json.loads(done(*command, "--json").stdout)
    assert (document["answer_kind"], document["accuracy"]) == ("text", 1.0)
    assert "answers are compared as texts" in done(*command).stdout


def test_match_names_another_kind_and_the_run_has_a_folder_of_its_own(
    ask_commands: Callable[..., None], tmp_path: Path
) -> None:
    ask_commands(COUNTS, "Counting.\nAnswer: {}.0")
    command = ("eval", "jsonl", "--data", "q.jsonl", "--preset", "small", "--no-track", "--json")
    assert json.loads(done(*command).stdout)["accuracy"] == 1.0
    document = json.loads(done(*command, "--match", "exact").stdout)
    assert (document["answer_kind"], document["accuracy"]) == ("exact", 0.0)
    contains = json.loads(done(*command, "--match", "contains").stdout)
    assert contains["accuracy"] == 1.0
    assert len(list((tmp_path / ".cope" / "eval").iterdir())) == 3


def test_the_inferred_kind_does_not_depend_on_the_limit(
    ask_commands: Callable[..., None],
) -> None:
    ask_commands([("How many?", "18"), ("Who?", "Ann")], "So.\nAnswer: {}")
    command = ("eval", "jsonl", "--data", "q.jsonl", "--preset", "small", "--no-track", "--json")
    document = json.loads(done(*command, "--limit", "1").stdout)
    assert (document["n"], document["answer_kind"]) == (1, "text")


def test_a_comparison_says_how_answers_are_compared(ask_commands: Callable[..., None]) -> None:
    ask_commands(COUNTS, "Counting.\nAnswer: {}")
    command = ("compare", "jsonl", "--data", "q.jsonl", "--presets", "small,large", "--no-track")
    assert "answers are compared as numbers" in done(*command).stdout
    document = json.loads(done(*command, "--match", "text", "--json").stdout)
    assert document["answer_kind"] == "text"


def test_records_and_calibrations_keep_the_kind(
    ask_commands: Callable[..., None], tmp_path: Path
) -> None:
    ask_commands(COUNTS * 3, "Counting.\nAnswer: {}")
    write_rows(tmp_path, [(f"{q} {n}", a) for n in range(3) for q, a in COUNTS])
    done("record", "jsonl", "--data", "q.jsonl", "--preset", "votes.toml", "-o", "r.parquet")
    manifest, _ = read_recording(tmp_path / "r.parquet")
    assert manifest.answer_kind == "number"
    replayed = done("eval", "--replay", "r.parquet").stdout
    assert "answers are compared as numbers" in replayed
    certificate = json.loads(done("calibrate", "r.parquet", "--json").stdout)
    assert certificate["program"]["answer_kind"] == "number"


def test_questions_without_right_answers_are_compared_as_texts(
    ask_commands: Callable[..., None], tmp_path: Path
) -> None:
    ask_commands(COUNTS, "Counting.\nAnswer: {}")
    lines = [json.dumps({"question": question}) for question, _ in COUNTS]
    (tmp_path / "q.jsonl").write_text("\n".join(lines))
    record = ("record", "jsonl", "--data", "q.jsonl", "--preset", "votes.toml", "-o", "r.parquet")
    done(*record)
    assert read_recording(tmp_path / "r.parquet")[0].answer_kind == "text"
    done(*record, "--match", "number")
    assert read_recording(tmp_path / "r.parquet")[0].answer_kind == "number"


def test_a_single_question_is_answered_as_text_unless_a_kind_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path, COUNTS)
    written = iter("18 eggs,18.0,$18".split(",") * 3)
    reply = lambda ask: f"So.\nAnswer: {next(written)}"  # noqa: E731
    give_team(monkeypatch, lambda options: scripted(reply).team)
    command = ("ask", "How many?", "--preset", "votes.toml", "--json")
    as_text = json.loads(done(*command).stdout)
    assert (as_text["answer_kind"], as_text["round"]) == ("text", 2)
    written = iter("18 eggs,18.0,$18".split(",") * 3)
    as_number = json.loads(done(*command, "--match", "number").stdout)
    assert (as_number["answer_kind"], as_number["round"], as_number["confidence"]) == (
        "number",
        1,
        1.0,
    )


def test_match_is_refused_where_it_cannot_be(ask_commands: Callable[..., None]) -> None:
    ask_commands(COUNTS, "{}")
    with pytest.raises(CopeError, match="have answers of kind 'code', and not 'text'"):
        task_by_name("mbpp", match="text")
    with pytest.raises(CopeError, match="no kind of answers is named 'txt'"):
        task_by_name("jsonl", match="txt")


def test_a_task_that_takes_no_options_compares_in_its_own_way() -> None:
    class Own:
        name = "own"
        domain = "short-answer"
        test_visibility = ""
        load = score = None

    task: Any = Own()
    TASKS.register("own", task)
    try:
        assert task_by_name("own") is task
        with pytest.raises(CopeError, match="task 'own' compares answers in its own way"):
            task_by_name("own", match="text")
    finally:
        TASKS.unregister("own")


def test_a_refusal_in_the_answer_is_not_replaced_by_a_number_of_the_steps(
    scripted: Callable[..., Any],
) -> None:
    reply = "There are 4 facts.\nAnswer: It cannot be determined."
    program = Cascade("small", scripted(lambda ask: reply).team, answer_kind="number")
    assert program(question="How many?").answer is None


def test_a_recording_is_compared_again_by_the_kind_that_match_names(
    ask_commands: Callable[..., None], tmp_path: Path
) -> None:
    rows = [(f"{question} {n}", answer) for n in range(4) for question, answer in COUNTS]
    ask_commands(rows, "Counting.\nAnswer: {}")
    record = ("record", "jsonl", "--data", "q.jsonl", "--preset", "votes.toml", "-o", "r.parquet")
    done(*record, "--match", "exact")
    replayed = json.loads(done("eval", "--replay", "r.parquet", "--json").stdout)
    assert replayed["answer_kind"] == "exact"
    anew = json.loads(done("eval", "--replay", "r.parquet", "--match", "number", "--json").stdout)
    assert (anew["answer_kind"], anew["accuracy"]) == ("number", 1.0)
    compared = done("compare", "--replay", "r.parquet", "--match", "number").stdout
    assert "answers are compared as numbers" in compared
    command = ("calibrate", "r.parquet", "--harm", "0.5", "--delta", "0.5")
    done(*command, "--match", "number", "-o", "c.json")
    certificate = json.loads((tmp_path / "c.json").read_text())
    assert certificate["program"]["answer_kind"] == "number"
    evaluated = ("eval", "jsonl", "--data", "q.jsonl", "--preset", "votes.toml", "--no-track")
    fits = ("--calibration", "c.json")
    assert cope(*evaluated, *fits).exit_code == 0
    refused = cope(*evaluated, *fits, "--match", "exact")
    assert refused.exit_code == 1 and "give --match number" in refused.output


def test_votes_of_a_recording_join_where_the_kind_finds_them_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path, COUNTS[:1])
    written = iter("18 eggs,18.0,$18".split(",") * 3)
    reply = lambda ask: f"So.\nAnswer: {next(written)}"  # noqa: E731
    give_team(monkeypatch, lambda options: scripted(reply).team)
    record = ("record", "jsonl", "--data", "q.jsonl", "--preset", "votes.toml", "-o", "r.parquet")
    done(*record, "--also", "none", "--match", "exact")
    recording = open_recording("r.parquet")
    assert sorted(recording.rounds[0].votes[0].tolist()) == [0, 1, 2]
    joined = open_recording("r.parquet", "number")
    assert joined.rounds[0].votes[0].tolist() == [0, 0, 0]
    assert joined.rounds[0].right[0].all()


def test_imported_samples_are_compared_as_their_right_answers_are(tmp_path: Path) -> None:
    samples = {"s": [{"answer": "Apollo 12"}, {"answer": "apollo 12"}], "l": [{"answer": "12"}]}
    line = {"id": "1", "question": "Which?", "gold": "Apollo 12", "samples": samples}
    (tmp_path / "s.jsonl").write_text(json.dumps(line) + "\n")
    made = import_samples(tmp_path / "s.jsonl", {"small": "s", "large": "l"})
    assert made.manifest.answer_kind == "text"
    assert [row["score"] for row in made.rows] == [1.0, 1.0, 0.0]
    as_number = import_samples(tmp_path / "s.jsonl", {"small": "s", "large": "l"}, match="number")
    assert as_number.manifest.answer_kind == "number"

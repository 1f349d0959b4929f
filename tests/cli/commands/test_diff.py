"""`cope diff`: what two programs do not share."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.compared_programs import demo, save_program

from cope.cli.main import app

BEFORE = {"accuracy": 0.4, "low": 0.3, "high": 0.5, "n": 100}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def diff(*arguments: str, color: bool = False) -> str:
    result = CliRunner().invoke(app, ["diff", *arguments], color=color)
    assert (result.exit_code, result.stderr) == (0, ""), result
    return result.stdout


def test_no_difference() -> None:
    assert diff("cope", "cope") == "no difference\n"
    assert diff("plan-then-solve", save_program("a.json")) == "no difference\n"
    assert (
        diff(save_program("a.json", compiled={"scores": {"before": BEFORE}}), "a.json")
        == "no difference\n"
    )
    assert json.loads(diff("cope", "cope", "--json"))["same"] is True


def test_a_preset_is_taken_for_the_other_s_kind_of_questions() -> None:
    code = save_program("code.json", domain="code")
    assert diff("plan-then-solve", code) == diff(code, "plan-then-solve") == "no difference\n"
    assert "program domain: short-answer -> code\n" in diff(save_program("a.json"), code)


def test_scores_stand_side_by_side() -> None:
    after = {
        "optimizer": "gepa",
        "scores": {"before": BEFORE, "after": BEFORE | {"accuracy": 0.45}},
    }
    b = save_program("b.json", compiled=after)
    rows = [line.split("  ") for line in diff("plan-then-solve", b).splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells == [
        ["no difference"],
        [],
        ["plan-then-solve (not compiled)", "b.json"],
        ["optimizer", "-", "gepa"],
        ["before accuracy", "-", "40.0% (95% interval 30.0% to 50.0%, n = 100)"],
        ["after accuracy", "-", "45.0% (95% interval 30.0% to 50.0%, n = 100)"],
    ]
    text = diff(save_program("a.json", compiled={"scores": {"after": BEFORE}}), b)
    assert any(
        line.startswith("after accuracy   40.0% (") and "  45.0% (" in line
        for line in text.splitlines()
    )


def test_json_is_one_document() -> None:
    b = save_program("b.json", says="Solve.", demos=[demo(1)], compiled={"optimizer": "gepa"})
    document = json.loads(diff("plan-then-solve", b, "--json"))
    (change,) = document["predictors"]
    assert (document["a"], document["b"], document["same"]) == ("plan-then-solve", "b.json", False)
    assert document["compiled"] == {"a": None, "b": {"optimizer": "gepa"}}
    assert change["name"] == "round_1.reasoner.predict" and change["instructions"]["b"] == "Solve."
    assert change["instructions"]["diff"][-1] == "+Solve."
    assert (change["added"], change["removed"]) == ([demo(1)], [])


def test_colours_on_a_terminal() -> None:
    text = diff(
        "plan-then-solve", save_program("b.json", says="Solve.\x1b[2J", demos=[demo(1)]), color=True
    )
    assert "\x1b[32m+Solve.\\x1b[2J\x1b[0m" in text and "\x1b[32m+ question: 1 + 0?\x1b[0m" in text
    assert "\x1b[31m-Follow the guideline.\x1b[0m" in text


def test_a_missing_file_is_one_line() -> None:
    result = CliRunner().invoke(app, ["diff", "cope", "none.json"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr.startswith("error: there is no program file none.json")
        and result.stderr.count("\n") == 1
    )

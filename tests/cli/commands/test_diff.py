"""`cope diff`: what two programs do not share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from click.testing import CliRunner

from cope import Cascade, Team, load_preset
from cope.cli.main import app
from cope.models import ScriptedEngine

BEFORE = {"accuracy": 0.4, "low": 0.3, "high": 0.5, "n": 100}
Save = Callable[..., str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def save() -> Save:
    """Saves a program whose solver of round 1 has these instructions and demonstrations; returns the file."""

    def make(
        name: str,
        preset: Any = "plan-then-solve",
        says: str | None = None,
        demos: Any = (),
        compiled: Any = None,
        **more: Any,
    ) -> str:
        cascade = Cascade(
            preset, Team(ScriptedEngine(lambda *_: ""), ScriptedEngine(lambda *_: "")), **more
        )
        solver = cascade.round_1.reasoner.predict
        solver.demos = [dspy.Example(**demo) for demo in demos]
        if says is not None:
            solver.signature = solver.signature.with_instructions(says)
        cascade.save(name)
        if compiled is not None:
            Path(name).write_text(
                json.dumps(json.loads(Path(name).read_text()) | {"compiled": compiled})
            )
        return name

    return make


def diff(*arguments: str, color: bool = False) -> str:
    result = CliRunner().invoke(app, ["diff", *arguments], color=color)
    assert (result.exit_code, result.stderr) == (0, ""), result
    return result.stdout


def demo(number: int, **more: Any) -> dict[str, Any]:
    return {
        "question": f"{number} + 0?",
        "guideline": "Add.",
        "reasoning": "So.",
        "answer": str(number),
        **more,
    }


def test_no_difference(save: Save) -> None:
    assert diff("cope", "cope") == "no difference\n"
    assert diff("plan-then-solve", save("a.json")) == "no difference\n"
    assert (
        diff(save("a.json", compiled={"scores": {"before": BEFORE}}), "a.json") == "no difference\n"
    )
    assert json.loads(diff("cope", "cope", "--json"))["same"] is True


def test_instructions_are_compared_by_sentence(save: Save) -> None:
    says = "Solve the question in short steps, one line for each. Look twice. Follow the guideline."
    lines = diff("plan-then-solve", save("b.json", says=says)).splitlines()
    assert lines == [
        "--- plan-then-solve",
        "+++ b.json",
        "",
        "round_1.reasoner.predict",
        "@@ -1,2 +1,3 @@",
        " Solve the question in short steps, one line for each.",
        "+Look twice.",
        " Follow the guideline.",
    ]


def test_white_space_alone_is_a_difference_too(save: Save) -> None:
    text = diff(save("a.json", says="One. Two."), save("b.json", says="One.\nTwo."))
    assert "-'One. Two.'\n+'One.'\n+'Two.'" in text


def test_demonstrations_added_removed_and_moved(save: Save) -> None:
    a = save("a.json", demos=[demo(1), demo(2), demo(2)])
    lines = diff(a, save("b.json", demos=[demo(2), demo(3, augmented=True)])).splitlines()
    assert lines[3:] == [
        "round_1.reasoner.predict",
        "demonstration removed, 1 of 2",
        "- question: 1 + 0?",
        "- guideline: Add.",
        "- -> reasoning: So.",
        "- -> answer: 1",
        "demonstration removed, 2 of 2",
        "- question: 2 + 0?",
        "- guideline: Add.",
        "- -> reasoning: So.",
        "- -> answer: 2",
        "demonstration added, 1 of 1",
        "+ question: 3 + 0?",
        "+ guideline: Add.",
        "+ -> reasoning: So.",
        "+ -> answer: 3",
    ]
    assert "same demonstrations in another order" in diff(
        a, save("c.json", demos=[demo(2), demo(1), demo(2)])
    )
    unseen = save("d.json", demos=[demo(1, tests="x"), demo(2), demo(2)])
    assert diff(a, unseen) == "no difference\n", "the model is shown the same"


def test_rounds_field_by_field_and_those_of_one_alone(save: Save) -> None:
    changed = load_preset("cope").with_overrides(samples=4, thresholds=(0.9,))
    text = diff("cope", save("b.json", preset=changed))
    for line in (
        "round 1 samples: 8 -> 4",
        "round 1 plans: 8 -> 4",
        "round 1 threshold: 0.75 -> 0.9",
        "round 2 samples: 8 -> 4",
    ):
        assert f"{line}\n" in text
    assert "round 2 threshold" not in text and "round 3" not in text and ".predict" not in text
    text = diff("small", "cope")
    assert "preset name: small -> cope\n" in text and "round 1 planner: null -> small\n" in text
    assert "round 2: only in cope\nround 3: only in cope\n" in text
    assert "\nround_1.planner.predict\n@@ -0,0 +1,2 @@\n+State in one sentence" in text


def test_a_preset_is_taken_for_the_other_s_kind_of_questions(save: Save) -> None:
    code = save("code.json", domain="code")
    assert diff("plan-then-solve", code) == diff(code, "plan-then-solve") == "no difference\n"
    assert "program domain: short-answer -> code\n" in diff(save("a.json"), code)


def test_scores_stand_side_by_side(save: Save) -> None:
    after = {
        "optimizer": "gepa",
        "scores": {"before": BEFORE, "after": BEFORE | {"accuracy": 0.45}},
    }
    b = save("b.json", compiled=after)
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
    text = diff(save("a.json", compiled={"scores": {"after": BEFORE}}), b)
    assert any(
        line.startswith("after accuracy   40.0% (") and "  45.0% (" in line
        for line in text.splitlines()
    )


def test_json_is_one_document(save: Save) -> None:
    b = save("b.json", says="Solve.", demos=[demo(1)], compiled={"optimizer": "gepa"})
    document = json.loads(diff("plan-then-solve", b, "--json"))
    (change,) = document["predictors"]
    assert (document["a"], document["b"], document["same"]) == ("plan-then-solve", "b.json", False)
    assert document["compiled"] == {"a": None, "b": {"optimizer": "gepa"}}
    assert change["name"] == "round_1.reasoner.predict" and change["instructions"]["b"] == "Solve."
    assert change["instructions"]["diff"][-1] == "+Solve."
    assert (change["added"], change["removed"]) == ([demo(1)], [])


def test_colours_on_a_terminal(save: Save) -> None:
    text = diff(
        "plan-then-solve", save("b.json", says="Solve.\x1b[2J", demos=[demo(1)]), color=True
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

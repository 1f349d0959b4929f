"""The differences between two programs, line by line."""

from pathlib import Path

import pytest
from support.compared_programs import demo, save_program

from cope import load_preset
from cope.programs.diff_text import diff_lines
from cope.programs.program_diff import changes_between
from cope.programs.program_view import load_program_views


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def diff(a: str, b: str) -> str:
    lines = diff_lines(a, b, changes_between(*load_program_views(a, b)))
    return "".join(f"{line}\n" for line in lines)


def test_instructions_are_compared_by_sentence() -> None:
    says = "Solve the question in short steps, one line for each. Look twice. Follow the guideline."
    lines = diff("plan-then-solve", save_program("b.json", says=says)).splitlines()
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


def test_white_space_alone_is_a_difference_too() -> None:
    text = diff(save_program("a.json", says="One. Two."), save_program("b.json", says="One.\nTwo."))
    assert "-'One. Two.'\n+'One.'\n+'Two.'" in text


def test_demonstrations_added_removed_and_moved() -> None:
    a = save_program("a.json", demos=[demo(1), demo(2), demo(2)])
    lines = diff(a, save_program("b.json", demos=[demo(2), demo(3, augmented=True)])).splitlines()
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
        a, save_program("c.json", demos=[demo(2), demo(1), demo(2)])
    )
    unseen = save_program("d.json", demos=[demo(1, tests="x"), demo(2), demo(2)])
    assert diff(a, unseen) == "no difference\n", "the model is shown the same"


def test_rounds_field_by_field_and_those_of_one_alone() -> None:
    changed = load_preset("cope").with_overrides(samples=4, thresholds=(0.9,))
    text = diff("cope", save_program("b.json", preset=changed))
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

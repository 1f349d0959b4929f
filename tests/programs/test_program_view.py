"""Programs as readers see them: the view agrees with the cascade, and what is no program is told in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.cascade_replies import PRESETS
from support.sweeps import sweep

from cope import Cascade, CopeError, Team
from cope.programs.program_view import is_preset, load_program_view


@pytest.fixture
def team(scripted: Callable[..., Any]) -> Team:
    return scripted(lambda ask: "Answer: 3").team


@pytest.mark.parametrize("domain", ["short-answer", "code"])
@sweep("preset", PRESETS, every=4)
def test_a_preset_and_its_file_show_what_the_cascade_asks(
    team: Team, tmp_path: Path, preset: str, domain: str
) -> None:
    program = Cascade(preset, team, domain=domain)
    program.save(tmp_path / "program.json")
    view = load_program_view(preset, domain)
    assert view == load_program_view(tmp_path / "program.json")
    asked = {name: predictor.signature for name, predictor in program.named_predictors()}
    assert [p.name for p in view.predictors] == list(asked)
    for p in view.predictors:
        spec = program.preset.rounds[p.round - 1]
        assert p.instructions == asked[p.name].instructions and p.demos == ()
        assert (list(p.inputs), list(p.outputs)) == (
            list(asked[p.name].input_fields),
            list(asked[p.name].output_fields),
        )
        assert p.tier == (spec.planner if p.role == "planner" else spec.reasoner)
    assert (view.preset, view.domain, view.compiled) == (program.preset, domain, None)


def test_the_file_s_own_instructions_demonstrations_and_record_are_seen(
    team: Team, tmp_path: Path
) -> None:
    program, path = Cascade("plan-then-solve", team), tmp_path / "program.json"
    solver = program.round_1.reasoner.predict
    solver.signature = solver.signature.with_instructions("Do it.").with_updated_fields(
        "answer", desc="a number"
    )
    solver.demos = [
        dspy.Example(question="1 + 1?", answer="2", tests=["x"], guideline="Add.", augmented=True)
    ]
    program.save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"compiled": {"optimizer": "gepa"}}))
    planner, reasoner = load_program_view(path).predictors
    assert planner.instructions.startswith("Give a strategy") and planner.demos == ()
    assert (reasoner.instructions, reasoner.outputs["answer"]) == ("Do it.", "a number")
    assert list(reasoner.visible_fields(reasoner.demos[0]).items()) == [
        ("question", "1 + 1?"),
        ("guideline", "Add."),
        ("answer", "2"),
    ]
    assert load_program_view(path).compiled == {"optimizer": "gepa"}


def test_the_record_of_a_compile_does_not_hinder_loading(team: Team, tmp_path: Path) -> None:
    program, path = Cascade("cope", team), tmp_path / "program.json"
    program.save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"compiled": {"optimizer": "gepa"}}))
    assert Cascade.from_file(path, team).preset == program.preset
    program.load(path)


def test_a_preset_of_the_user_s(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[rounds]]\nreasoner = "huge"\n')
    view = load_program_view(tmp_path / "mine.toml")
    assert [(p.name, p.tier) for p in view.predictors] == [("round_1.reasoner.predict", "huge")]
    assert is_preset("cope") and is_preset("mine.toml") and not is_preset("mine.json")


def _with(good: dict[str, Any], **parts: Any) -> dict[str, Any]:
    name = "round_1.reasoner.predict"
    return good | {name: good[name] | parts}


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a list": (lambda good: [good], "no JSON object"),
    "no preset": (lambda good: {"question": "?"}, "it has no 'preset'"),
    "a predictor missing": (
        lambda good: {name: part for name, part in good.items() if "planner" not in name},
        "it has no 'round_1.planner.predict'",
    ),
    "a number for a predictor": (
        lambda good: good | {"round_1.planner.predict": 3},
        "is not a program saved by",
    ),
    "a bad preset": (lambda good: good | {"preset": {"name": "x", "rounds": []}}, "rounds: "),
    "a kind of questions that is none": (
        lambda good: good | {"domain": "codes"},
        "did you mean code?",
    ),
    "a domain that is no text": (lambda good: good | {"domain": []}, "is not a program saved by"),
    "a record that is none": (
        lambda good: good | {"compiled": "yes"},
        "its 'compiled' is not an object",
    ),
    "demonstrations that are none": (
        lambda good: _with(good, demos=["x"]),
        "predict.demos.0 is not an object",
    ),
    "instructions that are none": (
        lambda good: _with(good, signature={"instructions": None}),
        "predict.signature.instructions is not text",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_is_no_program_is_one_line(team: Team, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad.json"
    Cascade("plan-then-solve", team).save(path)
    state = json.loads(path.read_text())
    change, said = BROKEN[kind]
    path.write_text(json.dumps(change(state)))
    with pytest.raises(CopeError) as caught:
        load_program_view(path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "none.json",
            None,
            "none.json, and no preset has that name: there are answer-cascade, best-of",
        ),
        ("none.toml", None, "cannot read the preset"),
        ("", None, "Is a directory"),
        ("bad.json", b"{", "no JSON"),
        ("bad.json", b"\xff\xfe", "no JSON"),
    ],
)
def test_a_file_that_cannot_be_read(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CopeError) as caught:
        load_program_view(tmp_path / name)
    assert said in str(caught.value) and "\n" not in str(caught.value)

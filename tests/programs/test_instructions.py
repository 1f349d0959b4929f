"""Instructions that a preset's round gives its planner and reasoner."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cope import Cascade, CopeError, Team, load_preset
from cope.cli.main import app
from cope.models import ScriptedEngine
from cope.programs.preset import parse_preset

PRESET = """
[[rounds]]
planner = "large"
plan = "goal"
plan_instructions = "Name the topic of the ticket."
reasoner = "small"
sees = [1]
instructions = "Name the team that answers the ticket."
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "tickets.toml"
    path.write_text(PRESET)
    return str(path)


def team() -> tuple[Team, ScriptedEngine, ScriptedEngine]:
    small = ScriptedEngine(lambda *_: "Answer: billing")
    large = ScriptedEngine(lambda *_: "An invoice.")
    return Team(small, large, cache=False), small, large


def test_models_get_the_instructions_of_the_round_and_not_the_packages(file: str):
    tiers, small, large = team()
    Cascade(file, tiers, answer_kind="text")(question="Where is my refund?")
    assert "Name the topic of the ticket." in str(large.requests[0].system)
    assert "Name the team that answers the ticket." in str(small.requests[0].system)
    assert "Solve the question" not in str(small.requests[0].system)


def test_a_program_keeps_its_own_instructions_over_those_of_its_preset(file: str, tmp_path: Path):
    """A compile changes them; the preset in the file still holds what it started from."""
    cascade = Cascade(file, team()[0])
    predict = cascade.round_1.reasoner.predict
    assert predict.signature.instructions == "Name the team that answers the ticket."
    predict.signature = predict.signature.with_instructions("Name one team.")
    cascade.save(str(tmp_path / "program.json"))
    loaded = Cascade.from_file(tmp_path / "program.json", team()[0])
    assert loaded.round_1.reasoner.predict.signature.instructions == "Name one team."
    assert loaded.preset.rounds[0].instructions == "Name the team that answers the ticket."
    assert loaded.fingerprint() == cascade.fingerprint() != Cascade(file, team()[0]).fingerprint()


def test_a_diff_and_a_program_file_show_them(file: str):
    shown = CliRunner().invoke(app, ["show", file])
    assert "Name the topic of the ticket." in shown.stdout
    differs = CliRunner().invoke(app, ["diff", "plan-then-solve", file])
    assert "+Name the team that answers the ticket." in differs.stdout
    assert "plan_instructions" not in differs.stdout, "the predictors show them"


@pytest.mark.parametrize("name", ["small", "cope", "plan-then-solve"])
def test_fingerprints_of_rounds_without_instructions_stay_the_same(name: str):
    for round_ in load_preset(name).rounds:
        assert not {"instructions", "plan_instructions", "confidence"} & round_.identity().keys()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"plan_instructions": "Plan."}, "plan_instructions needs a planner"),
        ({"instructions": "  "}, "instructions: is empty"),
        ({"instructions": ["Solve."]}, "is not text"),
    ],
)
def test_mistakes(more: dict[str, Any], message: str):
    with pytest.raises(CopeError, match=message):
        parse_preset({"name": "mine", "rounds": [{"reasoner": "small", **more}]}, "mine")

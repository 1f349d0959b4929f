"""Mistakes in presets, in TOML and in Python: one line with the field, the nearest key, and the option."""

from pathlib import Path
from typing import Any

import pytest

from cope import Cascade, Team
from cope.errors import CopeError
from cope.models import ScriptedEngine
from cope.programs import Preset, Round, load_preset
from cope.programs.preset import parse_preset

LAST = {"reasoner": "large"}
FIRST = {"reasoner": "small", "samples": 8, "temperature": 0.8, "threshold": 0.5}
PLANNED = {"planner": "large", "plan": "goal", "reasoner": "small", "sees": [1]}

ROUNDS: list[tuple[dict[str, Any], str]] = [
    # Unknown keys, nearest first; the misspelled key wins over the field that is missing.
    ({"resoner": "small"}, "resoner: is unknown: did you mean reasoner?"),
    (LAST | {"tresholds": 0.5}, "tresholds: is unknown: did you mean threshold?"),
    (LAST | {"max_token": 9}, "max_token: is unknown: did you mean max_tokens?"),
    (LAST | {"temprature": 9}, "temprature: is unknown: did you mean temperature?"),
    (LAST | {"xyz": 1}, "xyz: is unknown: there are reasoner, planner, plan, "),
    # Wrong types.
    ({"reasoner": 3}, 'reasoner: 3 is not text: name the tier that solves, such as "small"'),
    ({"reasoner": ["small"]}, "reasoner: ['small'] is not text: name the tier"),
    ({}, 'reasoner: is missing: name the tier that solves, such as "small"'),
    (PLANNED | {"planner": 1}, "planner: 1 is not text: name the tier that plans"),
    (LAST | {"samples": "many"}, "samples: 'many' is not an integer"),
    (LAST | {"samples": 2.5}, "samples: 2.5 is not an integer"),
    (LAST | {"samples": True}, "samples: true is not a value of this field"),
    (LAST | {"samples": [1]}, "samples: [1] is not an integer"),
    (LAST | {"temperature": "hot"}, "temperature: 'hot' is not a number"),
    (LAST | {"sees": 1}, "sees: 1 is not a list"),
    (LAST | {"sees": ["one"]}, "sees.1: 'one' is not an integer"),
    (LAST | {"instructions": 4}, "instructions: 4 is not text"),
    (LAST | {"instructions": " "}, "instructions: is empty"),
    # Numbers out of range.
    (LAST | {"samples": 0}, "samples: 0 is out of range: give a number from 1 to 256"),
    (LAST | {"samples": 257}, "samples: 257 is out of range: give a number from 1 to 256"),
    (LAST | {"max_tokens": 0}, "max_tokens: 0 is out of range: give a number from 1 up"),
    (LAST | {"plan_max_tokens": -1}, "plan_max_tokens: -1 is out of range: give a number from 1"),
    (LAST | {"temperature": 2.1}, "temperature: 2.1 is out of range: give a number from 0 to 2"),
    (LAST | {"temperature": float("nan")}, "temperature: nan is out of range: give a number from"),
    (LAST | {"plan_temperature": -0.1}, "plan_temperature: -0.1 is out of range"),
    (FIRST | {"threshold": 0}, "threshold: 0 is out of range: give a number above 0, up to 1"),
    (FIRST | {"threshold": 75}, "threshold: 75 is out of range: give a number above 0, up to 1"),
    # Unknown names.
    (LAST | {"confidence": "vote"}, "confidence: no confidence is named 'vote': did you mean vote"),
    (PLANNED | {"plan": "gaol"}, "plan: no plan kind is named 'gaol': did you mean goal?"),
    (PLANNED | {"plan_ends": "paragraf"}, "plan_ends: 'paragraf' is unknown: did you mean parag"),
    # Keys of the preset.
    (LAST | {"description": "x"}, "description: is a key of the preset: write it above the first"),
]


def message(error: BaseException) -> str:
    line = str(error)
    assert "\n" not in line and "pydantic" not in line and "Input should" not in line
    return line


@pytest.mark.parametrize(("spec", "said"), ROUNDS)
def test_a_mistake_in_a_round_names_its_field(spec: dict[str, Any], said: str):
    with pytest.raises(CopeError) as raised:
        parse_preset({"name": "mine", "rounds": [FIRST, spec]}, "mine.toml")
    assert message(raised.value).startswith(f"preset mine.toml: rounds.2.{said}")
    with pytest.raises(CopeError) as raised:
        Preset(name="mine", rounds=[FIRST, spec])  # pyright: ignore[reportArgumentType]
    assert message(raised.value).startswith(f"preset 'mine': rounds.2.{said}")


@pytest.mark.parametrize(("spec", "said"), ROUNDS)
def test_a_round_of_its_own_says_the_same(spec: dict[str, Any], said: str):
    if "description" in spec:
        return  # a round alone has no preset above it
    with pytest.raises(CopeError) as raised:
        Round(**spec)
    assert message(raised.value).startswith(f"round: {said}")


LARGE = '[[rounds]]\nreasoner = "large"\n'
FILES = {
    "": "rounds: is missing: write [[rounds]] and below it reasoner",
    "rounds = []": "rounds: is no list of rounds: write [[rounds]]",
    "rounds = 3": "rounds: is no list of rounds: write [[rounds]]",
    '[rounds]\nreasoner = "large"': "rounds: is no list of rounds: write [[rounds]]",
    'rounds = ["large"]': "rounds.1: is not a table of fields, such as reasoner",
    '[[round]]\nreasoner = "large"': "round: is unknown: did you mean rounds?",
    'reasoner = "large"': "reasoner: is a key of a round: write it below [[rounds]]",
    f"threshold = 0.5\n{LARGE}": "threshold: is a key of a round: write it below [[rounds]]",
    f"nmae = 'x'\n{LARGE}": "nmae: is unknown: did you mean name?",
    f"name = 3\n{LARGE}": "name: 3 is not text",
    f"name = 'a/b'\n{LARGE}": "name: 'a/b' must be a plain name",
    f"description = 1\n{LARGE}": "description: 1 is not text",
    f'"\\u001b[2J" = 1\n{LARGE}': "\\x1b[2J: is unknown",
}


@pytest.mark.parametrize("text", FILES)
def test_a_mistake_in_a_file_names_its_key(text: str, tmp_path: Path):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(CopeError) as raised:
        load_preset(str(file))
    assert message(raised.value).startswith(f"preset {file}: {FILES[text]}")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            {"reasoner": "smal"},
            "rounds.1.reasoner: no tier is named 'smal': the team has small, large; "
            "did you mean small? --tier smal=MODEL adds a tier",
        ),
        (
            PLANNED | {"planner": "frontier"},
            "rounds.1.planner: no tier is named 'frontier': the team has small, large; "
            "--tier frontier=MODEL adds a tier, as the keyword frontier of Team does",
        ),
    ],
)
def test_an_unknown_tier_names_the_field_and_the_option(spec: dict[str, Any], said: str):
    team = Team(ScriptedEngine([]), ScriptedEngine([]), cache=False)
    with pytest.raises(CopeError) as raised:
        Cascade(Preset.model_validate({"name": "mine", "rounds": [spec]}), team)
    assert message(raised.value).startswith(f"preset 'mine': {said}")


@pytest.mark.parametrize("data", [None, 3, "cope", [1], {"rounds": [LAST]}, {"name": "x"}])
def test_data_that_is_no_preset_is_one_line(data: Any):
    with pytest.raises(CopeError, match=r"^preset "):
        Preset.model_validate(data)


def test_an_unknown_preset_names_the_nearest_and_the_option_of_a_tier():
    with pytest.raises(CopeError, match=r"no preset is named 'larg': did you mean large\?"):
        load_preset("larg")
    with pytest.raises(CopeError, match=r"FILE\.toml, or --tier NAME=MODEL for a tier alone"):
        load_preset("xyz")

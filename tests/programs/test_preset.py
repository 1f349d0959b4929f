"""Presets are data: the ones that come with the package, the user's own, and what is wrong with a bad one."""

from pathlib import Path
from typing import Any

import dspy
import pytest

from cope.errors import CopeError
from cope.programs import Cascade, load_preset, preset_names
from cope.programs.preset import parse_preset

SMALL = {"reasoner": "small"}
GATED = {"reasoner": "small", "samples": 8, "temperature": 0.8, "threshold": 0.5}
PLANNED = {"planner": "large", "plan": "guideline", "reasoner": "small", "sees": [1]}


def test_the_presets_that_come_with_the_package():
    assert preset_names() == sorted(
        [
            "answer-cascade",
            "best-of-tests",
            "best-of-tests-large",
            "cisc",
            "cope",
            "cope-act",
            "cope-agent",
            "cope-best-of-large",
            "cope-blueprint",
            "cope-diagnosis",
            "cope-hint",
            "cope-react",
            "cope-tests",
            "cope-three-tiers",
            "cope-two-large",
            "cope-verified",
            "deepconf",
            "greedy-first",
            "large",
            "large-short",
            "p-true",
            "plan-then-solve",
            "program-of-thought",
            "program-of-thought-large",
            "self-consistency",
            "self-consistency-large",
            "self-plan",
            "small",
        ]
    )


@pytest.mark.parametrize("name", preset_names())
def test_every_one_loads_under_its_name_and_says_what_it_is(name: str):
    preset = load_preset(name)
    assert preset.name == name and preset.description
    tiers = {"small", "medium", "large"} if name == "cope-three-tiers" else {"small", "large"}
    assert set(preset.tiers) <= tiers
    assert parse_preset(preset.model_dump(mode="json", exclude_defaults=True), "again") == preset


def test_cope_is_the_papers_cascade():
    first, second, third = load_preset("cope").rounds
    assert (first.planner, first.plan, first.plans, first.reasoner, first.sees) == (
        "small",
        "goal",
        8,
        "small",
        (1,),
    )
    assert (first.samples, first.plan_temperature, first.temperature, first.threshold) == (
        8,
        0.8,
        0.4,
        0.75,
    )
    assert (second.planner, second.plan, second.plans, second.reasoner) == (
        "large",
        "guideline",
        1,
        "small",
    )
    assert (second.sees, second.samples, second.plan_temperature, second.temperature) == (
        (1, 2),
        8,
        0.8,
        0.8,
    )
    assert second.threshold == 0.5
    assert (third.planner, third.reasoner, third.sees, third.samples) == (None, "large", (2,), 1)
    assert (third.temperature, third.threshold) == (0.0, None)


def test_answer_cascade_is_cope_without_plans():
    with_plans, without = load_preset("cope").rounds, load_preset("answer-cascade").rounds
    for a, b in zip(with_plans, without, strict=True):
        assert (b.planner, b.plan, b.sees) == (None, None, ())
        assert (a.reasoner, a.samples, a.temperature, a.threshold) == (
            b.reasoner,
            b.samples,
            b.temperature,
            b.threshold,
        )


@pytest.mark.parametrize(
    ("name", "tiers", "forwards_plan"),
    [
        ("cope", ("small", "large"), [True, True, False]),
        ("answer-cascade", ("small", "large"), [False, False, False]),
        ("self-plan", ("large",), [False]),
        ("plan-then-solve", ("large", "small"), [False]),
        ("small", ("small",), [False]),
    ],
)
def test_tiers_and_plans_handed_on(name: str, tiers: tuple[str, ...], forwards_plan: list[bool]):
    preset = load_preset(name)
    assert preset.tiers == tiers
    assert [
        preset.forwards_plan(number) for number in range(1, len(preset.rounds) + 1)
    ] == forwards_plan


@pytest.mark.parametrize(
    ("rounds", "message"),
    [
        ([], "rounds: "),
        ([{}], "rounds.1.reasoner: is missing: name the tier"),
        (
            [GATED, {"reasoner": "large", "sample": 3}],
            "rounds.2.sample: is unknown: did you mean samples?",
        ),
        ([GATED], "rounds.1.threshold: the last round returns its answer, so it has no threshold"),
        ([GATED, GATED], "rounds.2.threshold: the last round returns its answer"),
        ([SMALL, SMALL], "rounds.1.threshold: missing, so the rounds after it would never run"),
        (
            [GATED | {"threshold": 0}, SMALL],
            "rounds.1.threshold: 0 is out of range: give a number above 0, up to 1",
        ),
        (
            [GATED | {"threshold": 1.5}, SMALL],
            "rounds.1.threshold: 1.5 is out of range: give a number above 0, up to 1",
        ),
        (
            [GATED | {"threshold": "high"}, SMALL],
            "rounds.1.threshold: 'high' is not a number",
        ),
        (
            [GATED, SMALL | {"samples": 0}],
            "rounds.2.samples: 0 is out of range: give a number from 1 to 256",
        ),
        (
            [SMALL | {"samples": 1000}],
            "rounds.1.samples: 1000 is out of range",
        ),
        ([SMALL | {"samples": 2.5}], "rounds.1.samples: 2.5 is not an integer"),
        ([SMALL | {"samples": 3}], "rounds.1: several samples need a temperature above 0"),
        (
            [SMALL | {"temperature": 3}],
            "rounds.1.temperature: 3 is out of range: give a number from 0 to 2",
        ),
        ([SMALL | {"temperature": -1}], "rounds.1.temperature: "),
        ([SMALL | {"max_tokens": 0}], "rounds.1.max_tokens: "),
        ([SMALL | {"planner": "large"}], "rounds.1: planner and plan go together"),
        ([SMALL | {"plan": "goal"}], "rounds.1: planner and plan go together"),
        (
            [PLANNED | {"plan": "poem"}],
            "rounds.1.plan: no plan kind is named 'poem': there are blueprint, ",
        ),
        ([SMALL | {"plans": 2}], "rounds.1: plans needs a planner"),
        ([PLANNED | {"plans": 2}], "rounds.1: plans must be 1 or as many as samples (1)"),
        (
            [PLANNED | {"plans": 2, "samples": 2, "temperature": 1}],
            "rounds.1: several plans need a plan_temperature",
        ),
        ([PLANNED | {"sees": []}], "rounds.1.planner: no round sees its plan"),
        ([SMALL | {"sees": [1]}], "rounds.1.sees: round 1 makes no plan that round 1 could see"),
        (
            [GATED | {"sees": [2]}, PLANNED | {"sees": [2]}],
            "rounds.1.sees: round 2 makes no plan that round 1 could",
        ),
        ([SMALL | {"sees": [0]}], "rounds.1.sees: round 0 makes no plan"),
        ([SMALL | {"sees": ["first"]}], "rounds.1.sees.1: 'first' is not an integer"),
        ("none", "rounds: "),
    ],
)
def test_an_error_points_at_the_field(rounds: Any, message: str):
    with pytest.raises(CopeError) as caught:
        parse_preset({"name": "mine", "rounds": rounds}, "mine.toml")
    assert str(caught.value).startswith(f"preset mine.toml: {message}") and "\n" not in str(
        caught.value
    )


def test_the_users_own_file(tmp_path: Path):
    path = tmp_path / "three-tiers.toml"
    path.write_text(
        """
        description = "three tiers"
        [[rounds]]
        reasoner = "tiny"
        samples = 5
        temperature = 0.7
        threshold = 0.8
        [[rounds]]
        planner = "large"
        plan = "guideline"
        reasoner = "small"
        sees = [2]
        """
    )
    preset = load_preset(str(path))
    assert (preset.name, preset.tiers) == ("three-tiers", ("tiny", "large", "small"))
    path.write_text('name = "other"\n[[rounds]]\nreasoner = "small"\n')
    assert load_preset(str(path)).name == "other"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[[rounds", "is not valid TOML"),
        (b"\xff\xfe", "cannot read the preset"),
        (b"", "rounds: is missing: write [[rounds]]"),
        (b"rounds = 3", "rounds: "),
        (
            b'title = "x"\n[[rounds]]\nreasoner = "small"',
            "title: is unknown: there are name, description, rounds",
        ),
    ],
)
def test_a_file_that_is_no_preset(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(CopeError) as caught:
        load_preset(str(path))
    assert (
        message in str(caught.value)
        and "bad.toml" in str(caught.value)
        and "\n" not in str(caught.value)
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("copy", "no preset is named 'copy': did you mean cope?"),
        ("zebra", "no preset is named 'zebra': there are answer-cascade, best-of-tests, "),
        ("none/such.toml", "cannot read the preset none/such.toml: No such file or directory"),
    ],
)
def test_a_name_that_is_not_there(name: str, message: str):
    with pytest.raises(CopeError) as caught:
        load_preset(name)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("preset", "message"),
    [
        ({"rounds": [{"reasoner": "small"}]}, "a dict is no preset: give a preset's name"),
        (3, "a int is no preset"),
        (dspy.Signature, "a signature is no preset"),
    ],
)
def test_an_object_that_is_no_preset_is_one_line(preset: Any, message: str):
    with pytest.raises(CopeError, match=message):
        Cascade(preset)

"""Kinds of plans: a third party's, named in a preset's TOML file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError
from cope.programs import load_preset
from cope.programs.plan_kinds import PLAN_KINDS
from cope.programs.program_view import load_program_view
from cope.signatures.plans.base import ANY_DOMAIN, PlanKind

PRESET = """
name = "clued"
[[rounds]]
planner = "large"
plan = "clue"
reasoner = "small"
sees = [1]
"""


class CluePlan(dspy.Signature):
    """Name one fact that helps."""

    question: str = dspy.InputField()
    clue: str = dspy.OutputField(desc="one fact")


CLUE = PlanKind(
    name="clue",
    signatures={ANY_DOMAIN: CluePlan},
    descriptions={ANY_DOMAIN: "a fact that may help"},
    use="mind the clue",
    stops={"paragraph": ("###",), "steps": ("###",)},
)


@pytest.fixture
def preset(tmp_path: Path) -> Iterator[str]:
    """The file of a preset whose planner writes clues."""
    PLAN_KINDS.register("clue", CLUE)
    file = tmp_path / "clued.toml"
    file.write_text(PRESET)
    yield str(file)
    PLAN_KINDS.unregister("clue")


def test_the_planner_writes_it_and_the_reasoner_is_shown_it(
    preset: str, scripted: Callable[..., Any]
) -> None:
    world = scripted(lambda ask: "A rose is red." if ask.tier == "large" else "So.\nAnswer: red")
    answered = Cascade(load_preset(preset), world.team)(question="Which color?")
    assert (answered.answer, answered.plan) == ("red", "A rose is red.")
    (planning,) = world.large.requests
    assert str(planning.system).startswith("Name one fact that helps.")
    assert list(planning.config.stop) == ["###"]
    (solving,) = world.small.requests
    assert "Mind the clue." in str(solving.system)
    assert "Clue: A rose is red." in solving.messages[-1].parts[0].text


@pytest.mark.parametrize("domain", ["short-answer", "code"])
def test_a_kind_for_any_domain_serves_all(preset: str, domain: str) -> None:
    planner, reasoner = load_program_view(preset, domain).predictors
    assert planner.outputs == {"clue": "one fact"}
    assert reasoner.inputs["clue"] == "a fact that may help"


def test_a_preset_names_a_kind_that_exists(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PRESET)
    with pytest.raises(
        CopeError, match=r"rounds.1.plan: no plan kind is named 'clue': there are blueprint, "
    ):
        load_preset(str(tmp_path / "p.toml"))


def test_a_kind_without_a_signature_for_the_questions_is_refused() -> None:
    only_code = PlanKind("sketch", {"code": CluePlan}, {}, "use the sketch")
    with pytest.raises(CopeError, match="no sketch plan is made for questions of kind 'short-"):
        only_code.signature("short-answer")


def test_a_kind_whose_output_has_another_name_is_refused() -> None:
    check = PLAN_KINDS._check
    assert check is not None
    with pytest.raises(ValueError, match="must have the one output 'tip'"):
        check(PlanKind("tip", {ANY_DOMAIN: CluePlan}, {}, "use the tip"))

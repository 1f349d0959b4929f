"""What a round with a threshold accepts is told by the confidence that decides it."""

import pytest

from cope import CopeError, Preset, load_preset
from cope.programs.round_text import describe_round

GATED = {"reasoner": "small", "samples": 4, "temperature": 1, "threshold": 0.4}


@pytest.mark.parametrize(
    ("confidence", "domain", "said"),
    [
        (None, "short-answer", "40% must agree"),
        (None, "code", "a program must pass the tests (threshold 40%)"),
        (None, "open", "the worst 40% of the questions escalate"),
        ("perplexity", "short-answer", "the worst 40% of the questions escalate"),
        ("lowest-window", "code", "the worst 40% of the questions escalate"),
        ("agreement", "open", "40% must agree"),
        ("votes", "open", "40% must agree"),
        ("tests", "code", "its confidence (tests) must reach 40%"),
    ],
)
def test_the_text_of_a_gate(confidence: str | None, domain: str, said: str) -> None:
    rounds = [{**GATED, "confidence": confidence}, {"reasoner": "large"}]
    preset = Preset.model_validate({"name": "p", "rounds": rounds})
    assert describe_round(preset, 1, domain).endswith(said)


def test_a_fitted_confidence_whose_file_is_gone_is_an_error_in_a_line() -> None:
    rounds = [{**GATED, "confidence": "logistic:gone.json"}, {"reasoner": "large"}]
    preset = Preset.model_validate({"name": "p", "rounds": rounds})
    with pytest.raises(CopeError, match="cannot read the confidence gone.json"):
        describe_round(preset, 1, "open")


def test_a_program_of_thought_is_named():
    text = describe_round(load_preset("program-of-thought"), 1, "short-answer")
    assert text.startswith("small solves by a program 8 times (temperature 0.8), 50% must agree")


def test_a_plan_without_a_model_is_named():
    text = describe_round(load_preset("cope-blueprint"), 1, "short-answer")
    assert text.startswith("a plan of kind blueprint without a model, small solves 8 times")

"""The fewest calls that a question can take."""

import pytest
from support.compile_world import World, question
from support.sweeps import sweep

from cope import Cascade, metered
from cope.optimize.compiler.estimate import min_calls_per_question
from cope.programs import Preset, load_preset
from cope.programs.confidence.early_stopping import RULES

PRESETS = ("small", "large", "self-consistency", "answer-cascade", "plan-then-solve", "cope")


@sweep("early_stop", RULES, every=4)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("said", ["Answer: 4", "Nothing that can be read."])
def test_no_question_takes_fewer(preset: str, early_stop: str, said: str) -> None:
    """Models that all agree, and models that cannot be read, one request at a time."""
    world = World(lambda *_: said, limits={"small": 1, "large": 1})
    cascade = Cascade(preset, world.team, early_stop=early_stop)
    with metered() as meter:
        cascade(question=question(2))
    assert min_calls_per_question(cascade) <= len(meter.calls)
    if (
        early_stop in ("exact", "none")
        and said.startswith("Answer")
        and not any(spec.planner for spec in cascade.preset.rounds)
    ):
        assert min_calls_per_question(cascade) == sum(not call.cancelled for call in meter.calls), (
            "without plans nothing is asked ahead"
        )


def test_the_counts_of_the_presets() -> None:
    counts = {name: min_calls_per_question(Cascade(name, World().team)) for name in PRESETS}
    assert counts == {
        "small": 1,
        "large": 1,
        "plan-then-solve": 2,
        "cope": 2 * 6,
        "self-consistency": counts["self-consistency"],
        "answer-cascade": counts["answer-cascade"],
    }


def test_a_round_that_nobody_can_read_may_be_the_shorter_way() -> None:
    """Two of eight unreadable samples end a round that all must agree in; the next one asks once."""
    rounds = [
        {"reasoner": "small", "samples": 8, "threshold": 1.0, "temperature": 0.5},
        {"reasoner": "large", "samples": 1},
    ]
    preset = Preset.model_validate({"name": "strict", "description": "x", "rounds": rounds})
    assert min_calls_per_question(Cascade(preset, World().team)) == 1 + 1
    assert min_calls_per_question(Cascade(preset, World().team), last=1) == 1
    assert min_calls_per_question(Cascade(preset, World().team, early_stop="none")) == 8


def test_every_program_of_an_ensemble_answers() -> None:
    from cope.programs.ensemble import Ensemble

    cascades = [Cascade(load_preset("small"), World().team) for _ in range(3)]
    assert min_calls_per_question(Ensemble.from_cascades(cascades)) == 3

"""AutoMix: the share of a small model's own checks, and the rule with the best benefit per cost."""

import asyncio
from typing import Any

import numpy as np
import pytest
from support.trained_systems import outcomes

from cope import Team
from cope.models import ScriptedEngine
from cope.programs import SystemOptions, ask_system
from cope.programs.systems.automix import (
    AutoMix,
    best_rule,
    lift,
    rule_figures,
    rules,
    smoothed,
    value_statistics,
)
from cope.programs.systems.outcomes import Observation
from cope.programs.systems.policy import Decision, FitOptions, simulate
from cope.programs.systems.trained import TrainedSystem
from cope.programs.systems.trained_file import TrainedFile

# p = 0: hopeless; p = 1/2: needy; p = 1: the small tier is right. Two questions of each.
TABLE = outcomes(
    [[0, 0], [0, 0], [0, 1], [0, 1], [1, 1], [1, 1]],
    confidence=[[0, 1], [0, 1], [0.5, 1], [0.5, 1], [1, 1], [1, 1]],
    costs=(0.09, 1.0),
)


def asked_at(*values: int) -> tuple[str, tuple[bool, ...]]:
    return "rule", tuple(value in values for value in range(9))


def test_the_statistics_of_each_value_by_hand():
    needy, hopeless, gains = value_statistics(TABLE)
    assert [needy[0], needy[4], needy[8]] == [0, 1, 0]
    assert [hopeless[0], hopeless[4], hopeless[8]] == [1, 0, 0]
    assert [gains[0], gains[4], gains[8]] == [0, 1, 0]
    assert needy[1] == pytest.approx(1 / 3), "no question has p = 1/8: the share of all"


@pytest.mark.parametrize(
    ("values", "accuracy", "cost", "found"),
    [
        # C_small = 0.09 / 9 = 0.01; IBC of large = (2/3 - 1/3) / (1 - 0.01).
        ((4,), 4 / 6, 0.09 + 2 / 6, (2 / 6) / (0.08 + 2 / 6) / ((2 / 6) / 0.99) - 1),
        ((0, 4), 4 / 6, 0.09 + 4 / 6, (2 / 6) / (0.08 + 4 / 6) / ((2 / 6) / 0.99) - 1),
        ((), 2 / 6, 0.09, -1.0),
    ],
)
def test_accuracy_cost_and_lift_by_hand(
    values: tuple[int, ...], accuracy: float, cost: float, found: float
):
    figures = rule_figures(asked_at(*values), TABLE)
    assert figures == pytest.approx((accuracy, cost))
    assert lift(*figures, TABLE) == pytest.approx(found)


def test_the_rules_of_the_paper():
    made = list(rules(TABLE))
    shapes = {rule for _, rule in made}
    assert asked_at(*range(5))[1] in shapes, "p <= 1/2"
    assert asked_at(3, 4, 5)[1] in shapes, "3/8 <= p <= 5/8"
    assert len(shapes) == len(made)


def test_the_pomdp_asks_at_values_apart():
    """Needy at p = 0 and p = 1, with 2/3 and 1/2: r = 160 asks at the first one alone."""
    table = outcomes(
        [[0, 1], [0, 1], [1, 1]] + [[1, 1]] * 6 + [[0, 1], [1, 1]],
        confidence=[[0, 1]] * 3 + [[value / 8, 1] for value in (1, 2, 3, 4, 5, 6)] + [[1, 1]] * 2,
    )
    needy, _, _ = value_statistics(table)
    assert [needy[0], needy[8], needy[4]] == [pytest.approx(2 / 3), 0.5, 0]
    by_rule = {rule: name for name, rule in rules(table)}
    # The value 7/8 has no question, and the share of all, 3/11.
    assert by_rule[asked_at(0, 8)[1]] == "POMDP", "2/3 r > 100, 1/2 r > 100, and not 3/11 r > 100"


def test_neighbors_smooth_the_gains():
    gains = np.zeros(9)
    gains[4] = 1.0
    found = smoothed(gains)
    assert found.argmax() == 4 and found[3] == found[5] > found[2] > 0
    assert found.sum() == pytest.approx(1.0)


def test_the_rule_with_the_best_lift_within_the_cost():
    candidates = [asked_at(), asked_at(0, 4), asked_at(4), asked_at(*range(9))]
    assert best_rule(candidates, TABLE, 1.0) == asked_at(4)
    assert best_rule(candidates, TABLE, 0.3) == asked_at()
    made = AutoMix.fit(TABLE, TABLE, FitOptions(share=0.5))
    again = AutoMix.from_state(made.state(), made.tiers, made.costs)
    for one in (made, again):
        found = simulate(one, TABLE)
        assert found.scores.mean() == pytest.approx(4 / 6) and found.asked[:, 1].sum() == 2


def test_it_decides_by_the_checks():
    made = AutoMix(("small", "large"), (0.1, 1.0), asked_at(4))
    seen = [{}, {"small": Observation("x", 0.5)}, {"small": Observation("x", 1.0)}]
    seen += [{"small": Observation(None, 1.0)}]
    assert made.decide(["q"] * 4, seen) == [
        Decision("small", False),
        Decision("large", False),
        Decision("small", True, 1.0),
        Decision("large", False),
    ]


def test_a_trained_system_checks_its_answers():
    """Half of the checks find the answer correct, and the rule asks the large tier just there."""
    checks = iter([True, False] * 4)

    def small(messages: list[dict[str, str]], request: Any) -> str:
        if "correct" in messages[0]["content"]:
            return f"Hm.\nCorrect: {next(checks)}"
        return "So.\nAnswer: 4"

    engines = {"small": ScriptedEngine(small), "large": ScriptedEngine(lambda m, r: "Answer: 5")}
    team = Team(**engines, cache=False)
    models = {tier: team[tier].model for tier in ("small", "large")}
    made = AutoMix(("small", "large"), (0.1, 1.0), asked_at(4))
    trained = TrainedFile(
        "automix",
        "t",
        "short-answer",
        "math",
        ["small", "large"],
        models,
        {"small": 0.1, "large": 1.0},
        {"small": 1, "large": 1},
        made.state(),
        {},
        "",
    )
    system = TrainedSystem("mine", trained, team, SystemOptions(answer_kind="math"))
    answer = asyncio.run(ask_system(system, {"question": "What is 2 + 2?"}))
    assert (answer.answer, answer.round) == ("5", 2)
    assert [record["round"] for record in answer.rounds] == [1, 2]
    assert answer.rounds[0]["votes"] == {"correct": 4, "incorrect": 4}
    assert [record["accepted"] for record in answer.rounds] == [False, True]
    calls = {row["tier"]: row["calls"] for row in answer.usage}
    assert calls == {"small": 9, "large": 1}

"""Which calls become demonstrations: those that a right answer came from, and nothing that no model is to see."""

from pathlib import Path
from typing import Any

import dspy
import pytest
from support.compile_world import MAGIC, VAL, World, compiled, question, rows
from support.sweeps import mostly_slow

from cope import Cascade
from cope.optimize import Budget
from cope.programs.confidence.votes import VoteShare
from cope.programs.sampling import derive_seed


@pytest.mark.slow
def test_only_the_round_that_answered_is_learned_from_with_the_plans_that_it_saw(tmp_path: Path):
    """Small knows 0 and 4; on 1 and 17 it only guesses, and large answers with a plan of its own; all are wrong on 2."""
    numbers = (0, 1, 4, 17, 2)
    run = compiled("bootstrap-few-shot", "cope", tmp_path, splits=(rows(numbers), VAL), demos=5)
    answered = {n: run.program(question=question(n)).round for n in numbers}
    assert answered[1] == answered[17] == 3 and 1 in answered.values()
    found: dict[str, list[str]] = {}
    for name, predict in run.made.program.named_predictors():
        for demo in predict.demos:
            found.setdefault(demo["question"], []).append(name)
    by_round = {
        1: ["round_1.planner.predict", "round_1.reasoner.predict"],
        2: ["round_1.planner.predict", "round_2.planner.predict", "round_2.reasoner.predict"],
        3: ["round_2.planner.predict", "round_3.reasoner.predict"],
    }
    assert found == {question(n): by_round[round_] for n, round_ in answered.items() if n != 2}


@pytest.mark.slow
def test_the_votes_winner_is_learned_from_and_not_the_sample_that_came_first(tmp_path: Path):
    """Samples whose seed is a multiple of four are wrong, at once; the others are right, and later."""
    world = World(delay=lambda request: 0.0 if (request.config.seed or 1) % 4 == 0 else 0.002)
    seed = next(seed for seed in range(100) if derive_seed(seed, 1, "reason", 0) % 4 == 0)
    program = Cascade("self-consistency", world.team, seed=seed)
    run = compiled(
        "bootstrap-few-shot",
        program,
        tmp_path,
        world,
        (rows(range(0, 32, 4)), rows(range(33, 37))),
        demos=8,
    )
    demos = run.made.program.round_1.reasoner.predict.demos
    assert len(demos) == 8 and all(demo["reasoning"] == "Doubling." for demo in demos)
    first = [
        program(question=demo["question"]).rounds[0]["samples"][0]["reasoning"] for demo in demos
    ]
    assert set(first) == {"Adding one."}, "no first sample was wrong, so that this shows nothing"


def test_a_rows_worked_solution_is_shown_before_its_answer_and_to_reasoners_alone(tmp_path: Path):
    worked = [
        row.copy(reasoning=f"Twice, so {row.answer}.").with_inputs("question")
        for row in rows(range(20, 32))
    ]
    run = compiled("labeled-few-shot", "plan-then-solve", tmp_path, splits=(worked, VAL))
    tried = run.made.candidates[-1].state
    assert tried["round_1.planner.predict"]["demos"] == []
    demos = tried["round_1.reasoner.predict"]["demos"]
    assert demos and all(demo["reasoning"] == f"Twice, so {demo['answer']}." for demo in demos)
    told = str(run.requests["small"][-1].messages)
    assert all(f"{demo['reasoning']}\\nAnswer: {demo['answer']}" in told for demo in demos)


def code_rows(numbers: Any) -> list[dspy.Example]:
    return [
        dspy.Example(
            id=f"row-{n}",
            question=f"Write twice, which doubles a number: way {n}.",
            answer="def twice(x):\n    return 2 * x",
            tests=["assert twice(1) == 2  # the visible-test"],
            setup="import math  # the-setup",
            entry_point="twice",
            hidden=["assert twice(7) == 14  # the hidden-test"],
            hidden_setup="import re  # the hidden-test",
        ).with_inputs("question", "tests", "setup", "entry_point")
        for n in numbers
    ]


def coder(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """Large plans; small doubles when it is shown how, now and then when it is sampled, and knows one way in four."""
    helped = len(messages) > 2 or MAGIC in messages[0]["content"]
    if tier == "large":
        return "Double the number that goes in."
    number, seed = (
        int(messages[-1]["content"].split("way ")[1].split(".")[0]),
        request.config.seed or 1,
    )
    times = 2 if helped or number % 4 == 0 or seed % 3 == 0 else 3
    return f"```python\ndef twice(x):\n    return {times} * x\n```"


def doubles(example: dspy.Example, answer: str | None) -> float:
    assert example.hidden, "the metric needs the hidden tests"
    return float("2 * x" in (answer or ""))


@pytest.mark.parametrize(
    "optimizer",
    [
        "labeled-few-shot",
        "bootstrap-few-shot",
        "knn-few-shot",
        "infer-rules",
        *mostly_slow(["miprov2", "simba"]),
    ],
)
def test_hidden_tests_are_in_no_prompt_and_no_program(optimizer: str, tmp_path: Path):
    world = World(coder)
    program = Cascade("plan-then-solve", world.team, domain="code", confidence=VoteShare())
    run = compiled(
        optimizer,
        program,
        tmp_path,
        world,
        (code_rows(range(4)), code_rows(range(5, 10))),
        scorer=doubles,
        budget=Budget(calls=240),
    )
    assert run.made.improved
    saved = run.made.save(tmp_path / "program.json").read_text()
    assert "def twice" in saved or MAGIC in saved
    assert not any(
        secret in saved for secret in ("hidden-test", "the-setup", "visible-test", "row-")
    )
    prompts = [str(request) for requests in run.requests.values() for request in requests]
    assert not any("hidden-test" in prompt for prompt in prompts)

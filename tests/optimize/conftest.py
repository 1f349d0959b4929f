"""Compiles that several tests look at are made once."""

from collections.abc import Callable

import dspy
import pytest
from support.compile_world import BUDGETS, Run, World, compiled

from cope.optimize import Budget


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Run]:
    """A compile of a preset by an optimizer, with another model as DSPy's default, which must not be asked."""
    made: dict[tuple[str, str], Run] = {}

    def run(optimizer: str, preset: str) -> Run:
        if (optimizer, preset) not in made:
            folder = tmp_path_factory.mktemp("compile")
            budget = Budget(calls=BUDGETS[preset])
            outside = World(lambda *_: pytest.fail("a call went to DSPy's default model"))
            with dspy.context(lm=outside.team["small"].lm):
                made[optimizer, preset] = compiled(optimizer, preset, folder, budget=budget)
            assert outside.asked == 0
        return made[optimizer, preset]

    return run

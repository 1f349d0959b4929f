"""Questions of reasoning-gym: generated from a seed, scored by the generator (arXiv 2505.24760)."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

import dspy

from ...errors import CopeError, suggest_names
from .base import Score

_SEEDS = {"test": 0, "train": 1, "validation": 2}
_DEFAULT_SIZE = 100

REFUSED = ("boxnet", "graph_color", "propositional_logic", "rubiks_cube", "rush_hour")
"""Generators whose scorers give the answer that they store 0 points (version 0.1.25)."""


@dataclass(frozen=True)
class ReasoningGymTask:
    """The questions of one generator. A split is a seed, so that splits share no questions.

    Attributes:
        name: the name of the task on the command line.
        generator: the name of a data set of reasoning-gym; None until `with_variant` names it.
    """

    name: str = "reasoning-gym"
    generator: str | None = None
    domain: str = "short-answer"
    test_visibility: str = ""
    answer_kind: str = "text"

    def with_variant(self, variant: str) -> Self:
        """Return the task of one generator.

        Raises:
            CopeError: if the package is missing, or has no such generator.
        """
        names = [name for name in _package().factory.DATASETS if name not in REFUSED]
        if variant in REFUSED:
            raise CopeError(
                f"the generator {variant!r} does not score its own answers: use another one"
            )
        if variant not in names:
            raise CopeError(
                f"reasoning-gym has no generator {variant!r}: {suggest_names(variant, names)}"
            )
        return replace(self, name=f"reasoning-gym-{variant}", generator=variant)

    def load(
        self, split: str, limit: int | None = None, data: str | None = None
    ) -> list[dspy.Example]:
        """Generate the questions of a split.

        Args:
            split: `train`, `validation` or `test`, each a seed of its own.
            limit: number of questions; 100 if None.
            data: must be None, because the questions are generated.
        """
        if self.generator is None:
            raise CopeError("name a generator, as in reasoning-gym:basic_arithmetic")
        if data is not None:
            raise CopeError("reasoning-gym generates its questions: leave out --data")
        if split not in _SEEDS:
            raise CopeError(f"reasoning-gym has no split {split!r}: {suggest_names(split, _SEEDS)}")
        examples = []
        for number, entry in enumerate(_generate(self.generator, split, limit or _DEFAULT_SIZE)):
            example = dspy.Example(
                id=f"{self.name}-{split}-{number}",
                question=str(entry["question"]),
                answer=str(entry["answer"]),
                entry=entry,
            )
            examples.append(example.with_inputs("question"))
        return examples

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        """Return the points that the generator gives, from 0 to 1."""
        if answer is None:
            return Score(0.0, f"No answer could be read. The right answer is {example.answer}.")
        assert self.generator is not None
        dataset = _generate(self.generator, "test", 1)
        value = float(dataset.score_answer(answer=answer, entry=example.entry))
        if value >= 1.0:
            return Score(1.0, f"{answer} is right.")
        value = max(0.0, value)
        return Score(value, f"{answer} has {value:g} of 1. The right answer is {example.answer}.")


@cache
def _generate(generator: str, split: str, size: int) -> Any:
    """Return the data set; the package has no types."""
    return _package().create_dataset(generator, seed=_SEEDS[split], size=size)


def _package() -> Any:
    try:
        import reasoning_gym
    except ImportError:
        raise CopeError(
            "reasoning-gym is not installed: pip install 'cope-dspy[reasoning-gym]'"
        ) from None
    return reasoning_gym


REASONING_GYM = ReasoningGymTask()

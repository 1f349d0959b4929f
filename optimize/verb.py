"""Compile from Python, in one call."""

from collections.abc import Sequence
from typing import Any

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ..programs import Cascade
from .budget import Budget
from .compiled import Compiled
from .compiling import Compilation
from .metric import Scorer
from .splits import split


def compile(
    program: Cascade,
    trainset: Sequence[dspy.Example],
    valset: Sequence[dspy.Example] | None = None,
    *,
    score: Scorer,
    optimizer: str | Teleprompter = "bootstrap-random-search",
    budget: Budget | None = None,
    **more: Any,
) -> Compiled:
    """Compile a cascade: better prompts for its rounds, chosen on questions that the optimizer did not learn from.

    Args:
        program: the cascade; it is not changed.
        trainset: questions to learn from, each with `question`, `answer` and the program's other inputs.
        valset: questions to choose by; None takes a third of the training questions.
        score: a task's `score`, or a function `(example, answer) -> number` with 1 for right.
        optimizer: a name (see `OPTIMIZERS`), or an optimizer object of DSPy's own.
        budget: bounds on the total of calls, tokens, USD, seconds.
        more: as for `Compilation`.

    Returns:
        The better of before and after, with both scores.

    Raises:
        CopeError: when it cannot work.
        dspy.LMError: when a model cannot be reached.

    >>> from cope import Cascade, Team
    >>> from cope.eval import task_by_name
    >>> from cope.optimize import Budget, compile
    >>> task = task_by_name("gsm8k")
    >>> rows = task.load("train", 100)  # doctest: +SKIP
    >>> made = compile(Cascade("small"), rows, score=task.score, budget=Budget(calls=500))  # doctest: +SKIP
    >>> made.save("mine.json")  # doctest: +SKIP
    """
    splits = split(trainset, valset, seed=more.get("seed", 0))
    compilation = Compilation(program, splits, score, optimizer, budget=budget, **more)
    try:
        return compilation.run()
    finally:
        compilation.close()

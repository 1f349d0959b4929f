"""Compile from Python, in one call."""

from collections.abc import Callable, Sequence
from pathlib import Path

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ...models import Budget, Price
from ...models.engines.base import LocalEngine
from ...programs import Cascade
from .compilation import Compilation
from .metric import Objective, Scorer
from .result import CompileResult
from .session import CompileCallback, CompileSession
from .settings import CompileSettings, parse_count, parse_program
from .splits import split


def compile(
    program: Cascade,
    trainset: Sequence[dspy.Example],
    valset: Sequence[dspy.Example] | None = None,
    *,
    score: Scorer | None = None,
    optimizer: str | Teleprompter = "bootstrap-random-search",
    budget: Budget | int | None = None,
    only: str | Sequence[str] = (),
    objective: Objective = "accuracy",
    proposer: str | dspy.LM | LocalEngine | None = None,
    demos: int = 4,
    seed: int = 0,
    chain: str | Sequence[str] = (),
    surrogate: bool = False,
    folder: str | Path | None = None,
    watch: Callable[[CompileSession], None] | None = None,
    callbacks: Sequence[CompileCallback] = (),
    proposer_price: Price | None = None,
) -> CompileResult:
    """Compile a cascade: better prompts for its rounds, chosen on questions that the optimizer did not learn from.

    Args:
        program: the cascade; it is not changed.
        trainset: questions to learn from, each with `question`, `answer` and the program's other inputs.
        valset: questions to choose by; None takes a third of the training questions.
        score: a task's `score`, or a function `(example, answer) -> number` between 0 and 1, with 1 for right; the answer
            is None where none could be read. None compares short answers, and runs the hidden tests of programs.
        optimizer: a name (see `OPTIMIZERS`), or an optimizer object of DSPy's own. Models that this one holds count too.
        budget: bounds on the total of calls, tokens, USD, seconds; a number bounds the calls; None is no bound.
        only: what is compiled: a tier's name, `planner`, `reasoner` or `round:N`; several must all hold; empty is all.
        objective: `accuracy`; `cost`, which prefers right answers that need few tokens of the large tier; or `pareto`.
        proposer: the model that writes instructions, as for `Team`; None is the large tier's.
        demos: the most demonstrations of a predictor.
        seed: of the optimizer and of the split.
        chain: the optimizers of `chain` or `better-together`, in order; empty is their usual one.
        surrogate: run only the rounds that what is compiled can change.
        folder: where the state is kept; the same folder goes on from there. None is a temporary one.
        watch: called after every score with the session.
        callbacks: called after every score, and when a model call begins or ends.
        proposer_price: what the proposer costs, where its model is no priced tier's; a budget in USD needs it.

    Returns:
        The better of before and after, with both scores.

    Raises:
        CopeError: when it cannot work, or `score` raises something.
        dspy.LMError: when a model cannot be reached.

    >>> import dspy
    >>> from cope import Cascade, Team
    >>> from cope.models import ScriptedEngine
    >>> from cope.optimize import compile
    >>> def small(messages, request):  # it doubles when it is shown how
    ...     number = int(messages[-1]["content"].split()[2])
    ...     return f"Answer: {2 * number if len(messages) > 2 or number % 3 == 0 else number}"
    >>> rows = [dspy.Example(question=f"Double of {n} ?", answer=str(2 * n)).with_inputs("question") for n in range(1, 16)]
    >>> program = Cascade("small", Team(ScriptedEngine(small), cache=False))
    >>> made = compile(program, rows, optimizer="labeled-few-shot", budget=50)
    >>> made.before.accuracy < made.after.accuracy == 1.0
    True
    """
    program, seed = parse_program(program), parse_count("seed", seed, minimum=None)
    settings = CompileSettings(
        optimizer=optimizer,
        budget=budget,
        only=only,
        objective=objective,
        proposer=proposer,
        demos=demos,
        seed=seed,
        chain=chain,
        surrogate=surrogate,
        folder=folder,
        watch=watch,
        callbacks=callbacks,
        proposer_price=proposer_price,
    )
    compilation = Compilation(program, split(trainset, valset, seed=seed), score, settings)
    try:
        return compilation.run()
    finally:
        compilation.close()

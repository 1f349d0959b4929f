"""Compile from Python, in one call."""

from collections.abc import Callable, Sequence
from pathlib import Path

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ...answers.inference import infer_answer_kind
from ...models import Budget, Price
from ...models.engines.base import LocalEngine
from ...programs import Cascade
from ...programs.domains.registry import domain_by_name
from .compilation import Compilation
from .metric import Objective, Scorer
from .result import CompileResult
from .session import CompileCallback, CompileSession
from .settings import CompileSettings, parse_count, parse_program
from .splits import Splits, split


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
    """Compile a cascade: find better prompts, chosen on questions that no optimizer learned from.

    Args:
        program: the cascade; it is not changed.
        trainset: training questions, each with `question`, `answer` and the program's other inputs;
            or with the inputs and the first output of the program's own signature.
        valset: validation questions; None takes a third of the training questions.
        score: a task's `score`, or a function `(example, answer) -> number` between 0 and 1, with 1
            for right; the answer is None when none could be parsed. None compares short answers,
            and runs the hidden tests of programs.
        optimizer: a name (see `OPTIMIZERS`), or an object of one of DSPy's optimizers. Calls of the
            models inside an object count too.
        budget: bounds on the total of calls, tokens, USD and seconds; a number bounds the calls;
            None sets no bound.
        only: which predictors are compiled: a tier's name, `planner`, `reasoner` or `round:N`; all
            conditions must hold; empty compiles all.
        objective: `accuracy`; `cost`, which prefers right answers with few tokens of the last tier;
            or `pareto`.
        proposer: the model that writes instructions, as for `Team`; None takes the last tier's.
        demos: the maximum number of demonstrations of a predictor.
        seed: the seed of the optimizer and of the split.
        chain: the optimizers of `chain` or `better-together`, in order; empty for their default.
        surrogate: run only the rounds that the compiled predictors can change.
        folder: the folder of the state; a later compile with the same folder resumes. None takes a
            temporary one.
        watch: called with the session after every score.
        callbacks: called after every score, and at the start and end of a model call.
        proposer_price: the proposer's price, if its model is no priced tier's; a budget in USD
            needs it.

    Returns:
        The better program of before and after, with both scores.

    Raises:
        CopeError: when the compile cannot work, or `score` raises an error.
        dspy.LMError: when a model cannot be reached.

    >>> import dspy
    >>> from cope import Cascade, Team
    >>> from cope.models import ScriptedEngine
    >>> from cope.optimize import compile
    >>> def small(messages, request):  # it doubles if it has demonstrations
    ...     number = int(messages[-1]["content"].split()[2])
    ...     return f"Answer: {2 * number if len(messages) > 2 or number % 3 == 0 else number}"
    >>> rows = []
    >>> for n in range(1, 16):
    ...     row = dspy.Example(question=f"Double of {n} ?", answer=str(2 * n))
    ...     rows.append(row.with_inputs("question"))
    >>> program = Cascade("small", Team(ScriptedEngine(small), cache=False))
    >>> result = compile(program, rows, optimizer="labeled-few-shot", budget=50)
    >>> result.before.accuracy < result.after.accuracy == 1.0
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
    task = program.task_signature
    if task is not None:
        trainset = [task.example(row) for row in trainset]
        valset = None if valset is None else [task.example(row) for row in valset]
    splits = split(trainset, valset, seed=seed)
    compilation = Compilation(_with_kind(program, splits), splits, score, settings)
    try:
        return compilation.run()
    finally:
        compilation.close()


def _with_kind(program: Cascade, splits: Splits) -> Cascade:
    """Return the program for the kind of the right answers, unless it names its own."""
    if program.named_kind or not domain_by_name(program.domain).unnamed_kind:
        return program
    if program.task_signature is not None:
        return program
    golds = [row.get("answer") for row in (*splits.train, *splits.val)]
    kind = infer_answer_kind([str(gold) for gold in golds if gold is not None])
    return program.with_answer_kind(kind, program.saved_kind)

"""Programs of thought: the model writes a program, and its result in the sandbox is the answer."""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from ..answers.code.as_function import as_function
from ..answers.kinds.base import AnswerKind
from ..sandbox import Sandbox, TestSuite
from ..signatures.thought_program import ENTRY_POINT

_SUITE = TestSuite((f"{ENTRY_POINT}()",), "", ENTRY_POINT)


@dataclass(frozen=True)
class ThoughtResult:
    """What a program of thought says.

    Attributes:
        program: the source; None when the reply contains no program.
        answer: its result, as the kind of answers reads it; None without one.
    """

    program: str | None
    answer: str | None


async def run_thought(
    reply: str, answers: AnswerKind, sandbox: Callable[[], Sandbox]
) -> ThoughtResult:
    """Run the program in a reply (Chen et al. 2022, arXiv 2211.12588), and read its result.

    Args:
        reply: what the model wrote.
        answers: the kind of answers, which reads the result.
        sandbox: opens the sandbox that the program runs in.

    Raises:
        CopeError: when there is no sandbox.
    """
    program = as_function(reply, ENTRY_POINT)
    if program is None:
        return ThoughtResult(None, None)
    report = await sandbox().run(program, _SUITE)
    value = report.outcomes[0].value if report.outcomes else None
    return ThoughtResult(program, answer_of_value(value, answers))


def answer_of_value(value: str | None, answers: AnswerKind) -> str | None:
    """Return the answer in the `repr` of a program's result; None when there is none.

    >>> from cope.answers.kinds.math import MATH
    >>> answer_of_value("18.0", MATH), answer_of_value("'18'", MATH), answer_of_value("None", MATH)
    ('18', '18', None)
    """
    if value is None:
        return None
    try:
        plain = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        plain = value  # such as Fraction(1, 2)
    if plain is None:
        return None
    if isinstance(plain, float):
        plain = f"{plain:.12g}"  # 0.1 + 0.2 is 0.30000000000000004
    return answers.parse(str(plain))

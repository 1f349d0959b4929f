"""Programs of thought: the model writes a program, and its result in the sandbox is the answer."""

import ast
import asyncio
from collections.abc import Callable
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from ...answers.code.reply import extract_program
from ...answers.kinds.base import AnswerKind
from ...models import Team, call_labels
from ...sandbox import Sandbox, TestSuite
from ...signatures.thought_program import ENTRY_POINT, ComputeAnswer
from ..confidence.base import Sample
from ..sampling import derive_seed
from .stage_scope import stage_number

_SUITE = TestSuite((f"{ENTRY_POINT}()",), "", ENTRY_POINT)


class ThoughtPrograms:
    """Draws programs of thought (Chen et al. 2022, arXiv 2211.12588) from one tier.

    Args:
        tier: the tier that writes them.
        team: has the tier.
        sandbox: opens the sandbox that they run in.
        seed: the draws depend on it.
        temperature: of the draws.
    """

    def __init__(
        self,
        tier: str,
        team: Team,
        sandbox: Callable[[], Sandbox],
        seed: int,
        temperature: float,
    ) -> None:
        self.tier, self.team, self.seed, self.temperature = tier, team, seed, temperature
        self._sandbox = sandbox
        self.predict = dspy.Predict(ComputeAnswer)

    async def draw_all(
        self, question: str, count: int, answers: AnswerKind, first: int
    ) -> list[Sample]:
        """Return `count` samples, drawn together and numbered from `first` in their round."""
        draws = [self.draw(question, n, answers, first + n) for n in range(count)]
        return list(await asyncio.gather(*draws))

    async def draw(self, question: str, index: int, answers: AnswerKind, label: int) -> Sample:
        """Return one sample: the program is its reasoning, the result its answer.

        Args:
            question: the question.
            index: the number of the draw, on which its seed depends.
            answers: the kind of answers, which reads the result.
            label: the sample's number in the round.
        """
        sample = Sample(label)
        tier = self.team[self.tier]
        rollout = derive_seed(self.seed, "program", index)
        config: dict[str, Any] = {"temperature": self.temperature, "rollout_id": rollout}
        if tier.seeded:
            config["seed"] = rollout
        labels = call_labels(round=stage_number(1), role="reason", sample=label)
        with tier.context(), labels:
            try:
                written = await self.predict.acall(
                    question=question, config=config, lm=dspy.settings.lm
                )
            except AdapterParseError as error:
                sample.unparsed_reply = error.lm_response
                return sample
        program = extract_program(str(written.program), question, ENTRY_POINT)
        if program is None:
            sample.reasoning = str(written.program)
            return sample
        sample.reasoning = program
        sample.report = await self._sandbox().run(program, _SUITE)
        value = sample.report.outcomes[0].value if sample.report.outcomes else None
        sample.answer = answer_of_value(value, answers)
        return sample


def answer_of_value(value: str | None, answers: AnswerKind) -> str | None:
    """Return the answer in the `repr` of a program's result; None when there is none.

    >>> from cope.answers.kinds.math import MATH
    >>> answer_of_value("18.0", MATH), answer_of_value("'18'", MATH), answer_of_value("None", MATH)
    ('18.0', '18', None)
    """
    if value is None:
        return None
    try:
        plain = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        plain = value  # such as Fraction(1, 2)
    if plain is None:
        return None
    return answers.parse(str(plain))

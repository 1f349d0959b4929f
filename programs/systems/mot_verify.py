"""MoT by verification: chains and programs of thought must have the same majority."""

from dataclasses import replace

from ..confidence.base import Verdict
from .mixture_of_thought import MixtureOfThought, Thoughts
from .pooled_votes import pool_votes


class MotVerify(MixtureOfThought):
    """Accept when the majorities of both prompts are the same answer (arXiv 2310.03094).

        a = majority of n chains of thought, b = majority of n programs of thought
        accept a when a equals b, else the large tier answers

    See `MixtureOfThought`. It has no threshold: its confidence is 1 or 0.
    """

    name = "mot-verify"

    async def confidence(self, thoughts: Thoughts, pooled: Verdict) -> float:
        """Return 1.0 when both majorities are the same answer, else 0.0."""
        chain = await pool_votes(thoughts.chains, self._answers)
        renumbered = [replace(one, index=n) for n, one in enumerate(thoughts.programs)]
        program = await pool_votes(renumbered, self._answers)
        if chain.answer is None or program.answer is None:
            return 0.0
        same = self._answers.equal_by_normal_form(chain.answer, program.answer)
        if same is None:
            same = await self._answers.equal_async(chain.answer, program.answer)
        return float(same)

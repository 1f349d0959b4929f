"""A question of a request, with the request's settings."""

from dataclasses import dataclass, replace

from ..models.spending import SpendingGate
from ..programs.json_form import JsonForm

SERVED = "cope"
"""The name under which clients ask the program that is served."""


@dataclass(frozen=True)
class Question:
    """A question and the settings of its request.

    Attributes:
        text: the question.
        model: the name of a served model.
        seed: all randomness depends on it; None for the program's own.
        temperature: of the answer, where a single call answers; None for the program's own.
        max_tokens: the maximum of tokens of a solution; None for the program's own.
        gate: lets its calls through within a budget; None for no budget.
        choice: the number of the answer, where a request asks for several.
        json_form: the form of an answer that is JSON; None for text.
        alternatives: how many alternatives to each token are reported; None for no
            log-probabilities.
    """

    text: str
    model: str = SERVED
    seed: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    gate: SpendingGate | None = None
    choice: int = 0
    json_form: JsonForm | None = None
    alternatives: int | None = None

    def with_choice(self, index: int, seed: int) -> "Question":
        """Return the question for one of several answers, which have seeds of their own."""
        return self if index == 0 else replace(self, seed=seed + index, choice=index)

"""Models of runs over tables."""

from collections.abc import Callable
from typing import Any

from dspy.lm15 import ContextLengthError

from cope import Cascade, Team
from cope.models import Price, ScriptedEngine

PRICE = Price(1, 2)


class Answering:
    """A cascade whose answer to `What is N?` is N; it fails on the numbers in `failing`.

    Attributes:
        asked: the questions in order.
    """

    def __init__(self, preset: str = "small", price: Price | None = PRICE, **options: Any) -> None:
        self.asked: list[str] = []
        self.failing: set[str] = set()
        self.reply: Callable[[str], str] = lambda question: question.split()[2].rstrip("?")
        engine = ScriptedEngine(self._answer)
        prices = {"large": Price(10, 20)}
        if price:
            prices["small"] = price
        team = Team(engine, engine, cache=False, prices=prices)
        self.cascade = Cascade(preset, team, answer_kind="text", **options)

    def _answer(self, messages: list[dict[str, str]], request: Any) -> str:
        question = messages[-1]["content"].splitlines()[0].removeprefix("Question:").strip()
        self.asked.append(question)
        if any(f"What is {number}?" in question for number in self.failing):
            raise ContextLengthError("the prompt does not fit")
        return f"so\nAnswer: {self.reply(question)}"

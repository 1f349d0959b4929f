"""Conversations: a turn is asked when the turns before it are answered."""

import asyncio
from collections.abc import Iterable, Mapping

import dspy

from ...signatures import question_in_conversation
from .store import QuestionResult

_NO_ANSWER = "(no answer)"


class Conversations:
    """The answers of earlier turns, for the turns after them.

    An example with `earlier`, the ids of the turns before it, is asked with their requests and the
    answers that the same system gave.

    Args:
        examples: the examples of a run by key.
        results: the results of an earlier run by key.
    """

    def __init__(
        self, examples: Mapping[str, dspy.Example], results: Mapping[str, QuestionResult]
    ) -> None:
        self._requests: dict[str, str] = {}
        self._answers: dict[str, asyncio.Future[QuestionResult | None]] = {}
        for key, example in examples.items():
            self._requests[example.id] = example.question
            self._answers[example.id] = asyncio.get_running_loop().create_future()
            if key in results:
                self._answers[example.id].set_result(results[key])

    async def next_turn(self, example: dspy.Example) -> dspy.Example | None:
        """Wait for the turns before an example, and return it with the conversation.

        Returns:
            The example itself when there are none; None when one of them was not answered.
        """
        earlier: Iterable[str] = example.get("earlier") or ()
        spoken: list[tuple[str, str]] = []
        for turn in earlier:
            result = await self._answers[turn]
            if result is None:
                return None
            spoken.append((self._requests[turn], result.answer or _NO_ANSWER))
        if not spoken:
            return example
        return example.copy(question=question_in_conversation(example.question, spoken))

    def finish(self, example: dspy.Example, result: QuestionResult | None) -> None:
        """Let the next turn begin; None when the turn was not asked or a model failed on it."""
        waiting = self._answers[example.id]
        if not waiting.done():
            waiting.set_result(result)

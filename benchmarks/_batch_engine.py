"""A model for batches that workers in other processes can make again: it computes, and counts."""

import asyncio
import json
import os
import random
import re

from dspy.lm15 import Request, Response

from cope.models.engines.base import LocalEngine, chat_messages, response
from cope.util.json_types import JsonObject


class CountingEngine(LocalEngine):
    """Answers `What is N?` with N. The small one is not sure about every fourth question.

    Args:
        small: whether it is the small model.
        calls: a file in which every call is a line; empty counts none.
        seconds: how long a call takes.
    """

    def __init__(self, small: bool, calls: str = "", seconds: float = 0.0) -> None:
        self.small, self.calls, self.seconds = small, calls, seconds
        self._log: int | None = None

    def dump_state(self) -> JsonObject:
        return {"small": self.small, "calls": self.calls, "seconds": self.seconds}

    @property
    def name(self) -> str:
        return f"counting/{'small' if self.small else 'large'}"

    async def agenerate(self, request: Request) -> Response:
        messages = chat_messages(request)
        text = messages[-1]["content"]
        number = int(re.findall(r"What is (\d+)", text)[0])
        seed = request.config.seed or 0
        self._note([self.name, number, seed, len(text), os.getpid()])
        if self.seconds:
            await asyncio.sleep(self.seconds)
        answer = number
        if self.small and number % 4 == 0:
            answer = seed % 1000
        words = sum(len(message["content"].split()) for message in messages)
        reply = f"The number is clear.\nAnswer: {answer}"
        return response(request, reply, finish="stop", prompt=words, completion=6)

    def _note(self, call: list[str | int]) -> None:
        """Append a line for a call."""
        if self.calls:
            if self._log is None:
                self._log = os.open(self.calls, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
            os.write(self._log, json.dumps(call).encode() + b"\n")


class GuessingEngine(LocalEngine):
    """Answers easy questions with one answer, and hard ones with several.

    Args:
        seconds: how long a call takes at least, and half of the longest.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def dump_state(self) -> JsonObject:
        return {"seconds": self.seconds}

    @property
    def name(self) -> str:
        return "guessing"

    async def agenerate(self, request: Request) -> Response:
        messages = chat_messages(request)
        text = messages[-1]["content"]
        easy, draw = random.Random(text).random(), random.Random(f"{text} {request.config.seed}")
        answer = 0 if draw.random() < easy**0.5 else draw.randrange(9)
        await asyncio.sleep(self.seconds * (1 + draw.random()))
        return response(request, f"So.\nAnswer: {answer}", finish="stop", prompt=9, completion=6)

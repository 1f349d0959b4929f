"""The requests of the OpenAI API: who may ask, where they wait, and how they are answered."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from ..models.spending import SpendingGate
from ..util.json_types import JsonObject
from .access import Access
from .accounts import Account
from .admission import Admission
from .answered import Answered, answered_question
from .chat import Completion
from .in_flight import make_in_flight
from .options import ServeOptions
from .places import Places
from .requests import ChatRequest
from .responses import Response as ModelResponse
from .responses_request import ResponsesRequest
from .service import Finished, Question, Service
from .tools import ToolCompletion
from .transport import EventStream, until_hang_up
from .usage import LastTierCost


@dataclass
class Api:
    """Answers the requests of one server.

    Attributes:
        service: answers the questions.
        options: limits of the server.
        access: keys and budget.
        places: how many requests are answered at once.
        last_tier: what the last tier's own answers cost so far.
        answered: the latest answers, which the tool `explain` explains.
    """

    service: Service
    options: ServeOptions
    access: Access
    places: Places
    last_tier: LastTierCost = field(default_factory=LastTierCost)
    answered: Answered = field(default_factory=Answered)

    def __post_init__(self) -> None:
        if self.options.workers > 1:
            self.answered = Answered(most=0)
        in_flight = make_in_flight(self.access.accounts, self.options.workers)
        self.admission = Admission(self.access, self.places, in_flight)

    async def chat(self, body: ChatRequest, request: Request) -> Response:
        """Answer a request for chat completions."""
        account = self.access.account(request.headers)
        gate = self.access.gate(account)
        await _check_format(body)
        completion: Completion | ToolCompletion
        if body.tools:
            completion = ToolCompletion.of(self.service, body, self.options, gate)
        else:
            completion = self._completion(body, account, gate)
        stream = completion.stream if body.stream else None
        return await self._answer(request, account, completion.reply, stream)

    async def responses(self, body: ResponsesRequest, request: Request) -> Response:
        """Answer a request for a response."""
        account = self.access.account(request.headers)
        chat = body.chat_request()
        await _check_format(chat)
        completion = self._completion(chat, account, self.access.gate(account))
        response = ModelResponse(body, completion)
        stream = response.stream if body.stream else None
        return await self._answer(request, account, response.reply, stream)

    def _completion(
        self, body: ChatRequest, account: Account | None, gate: SpendingGate | None
    ) -> Completion:
        def keep(id_: str, question: Question, finished: Finished) -> None:
            self.answered.add(account, id_, answered_question(question, finished))

        return Completion.of(self.service, body, self.last_tier, self.options, gate, keep)

    async def _answer(
        self,
        request: Request,
        account: Account | None,
        reply: Callable[[], Coroutine[Any, Any, JsonObject]],
        stream: Callable[[], AsyncGenerator[str]] | None,
    ) -> Response:
        """Wait for a place, and answer whole or as a stream."""
        enter = self.admission.enter(account)
        # Nobody hangs up between two lines, and to watch for it takes two tasks.
        leave = await (enter if self.places.is_free else until_hang_up(request, enter))
        if stream is not None:
            return EventStream(stream(), leave)
        try:
            return JSONResponse(await until_hang_up(request, reply()))
        finally:
            leave()


async def _check_format(body: ChatRequest) -> None:
    """Check the schema of a request in another thread, because a large one takes a second.

    Raises:
        ApiError: 400 for a wrong one.
    """
    if body.response_format is not None:
        _ = await asyncio.to_thread(body.response_format.json_form)
